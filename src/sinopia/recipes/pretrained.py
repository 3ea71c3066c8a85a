"""Which pretrained networks a run can use: the files at hand decide, and the run says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sinopia.errors import ConfigError
from sinopia.training.objectives.guidance import PerceptualConfig

__all__ = ["NOTHING", "Pretrained", "find_pretrained"]

_VGG19 = "vgg19-dcbb9e9d.pth"
_SQUEEZENET_1_0 = "squeezenet1_0/model.safetensors"
_SQUEEZENET_1_1 = "squeezenet1_1/features.safetensors"
_LPIPS = "lpips/squeeze_linear.safetensors"


@dataclass(frozen=True)
class Pretrained:
    """Weights of other people's networks that lie at hand."""

    perceptual: PerceptualConfig | None = None
    """The best network for a perceptual loss: VGG19, as published; then SqueezeNet 1.1 with LPIPS
    weighting; then SqueezeNet 1.1 alone."""
    squeezenet_1_0: str | None = None
    """File that a judging segmenter begins with."""
    squeezenet_1_1: str | None = None
    """File that a teaching segmenter begins with."""

    def require(self, name: str, *, recipe: str) -> str:
        """The file of "squeezenet_1_0" or "squeezenet_1_1".

        Raises:
            ConfigError: when it is not at hand.
        """
        path: str | None = getattr(self, name)
        if path is None:
            expected = _SQUEEZENET_1_0 if name == "squeezenet_1_0" else _SQUEEZENET_1_1
            raise ConfigError(
                f"recipe {recipe!r} begins with SqueezeNet's weights: give --weights DIR with "
                f"{expected} in it."
            )
        return path


NOTHING = Pretrained()
"""No pretrained network at all."""


def find_pretrained(folder: str | Path) -> Pretrained:
    """What lies in a folder of weights."""
    folder = Path(folder)

    def find(name: str) -> str | None:
        return str(folder / name) if (folder / name).is_file() else None

    vgg19, squeezenet, linear = find(_VGG19), find(_SQUEEZENET_1_1), find(_LPIPS)
    perceptual = None
    if vgg19 is not None:
        perceptual = PerceptualConfig("vgg19", vgg19)
    elif squeezenet is not None and linear is not None:
        perceptual = PerceptualConfig("squeezenet_lpips", squeezenet, linear)
    elif squeezenet is not None:
        perceptual = PerceptualConfig("squeezenet", squeezenet)
    return Pretrained(perceptual, find(_SQUEEZENET_1_0), squeezenet)
