"""Which perceptual network a run can use: the files at hand decide, and the run says so."""

from __future__ import annotations

from pathlib import Path

from sinopia.training.objectives.gaugan import PerceptualConfig

__all__ = ["find_perceptual"]

_VGG19 = "vgg19-dcbb9e9d.pth"
_SQUEEZENET = "squeezenet1_1/features.safetensors"
_LPIPS = "lpips/squeeze_linear.safetensors"


def find_perceptual(folder: str | Path) -> PerceptualConfig | None:
    """The best perceptual network whose files lie in a folder of weights; None when there are none.

    VGG19, as published, comes first; then SqueezeNet 1.1 with LPIPS weighting, then SqueezeNet
    alone.
    """
    folder = Path(folder)
    if (folder / _VGG19).is_file():
        return PerceptualConfig("vgg19", str(folder / _VGG19))
    if (folder / _SQUEEZENET).is_file():
        if (folder / _LPIPS).is_file():
            return PerceptualConfig(
                "squeezenet_lpips", str(folder / _SQUEEZENET), str(folder / _LPIPS)
            )
        return PerceptualConfig("squeezenet", str(folder / _SQUEEZENET))
    return None
