"""Convolutional features of SqueezeNet 1.0 and 1.1 (Iandola et al. 2016), a small stand-in for VGG.

Weight files come in two layouts, and each layout has its own input convention:

authors'      conv1, fireN.squeeze, fireN.e1, fireN.e3
              BGR in 0..255 minus (104, 117, 123), as trained with Caffe
torchvision   features.0, features.N.squeeze, features.N.expand1x1, features.N.expand3x3
              RGB with ImageNet's mean and deviation

The networks have the same shape and different weights. `SqueezeNetFeatures` always takes RGB in
[-1, 1] and converts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sinopia.errors import ConfigError
from sinopia.nn.features.weights import freeze, load_weights, read_weights

__all__ = ["InputConvention", "SqueezeNetFeatures", "SqueezeNetVersion"]

SqueezeNetVersion = Literal["1.0", "1.1"]
InputConvention = Literal["caffe", "imagenet"]

# Channels of the squeeze and of each expansion (1x1 and 3x3) of a fire module; table 1.
_FIRES = {
    "fire2": (16, 64),
    "fire3": (16, 64),
    "fire4": (32, 128),
    "fire5": (32, 128),
    "fire6": (48, 192),
    "fire7": (48, 192),
    "fire8": (64, 256),
    "fire9": (64, 256),
}
_STEM: dict[SqueezeNetVersion, tuple[int, int]] = {"1.0": (96, 7), "1.1": (64, 3)}
_POOL_BEFORE: dict[SqueezeNetVersion, tuple[str, ...]] = {
    "1.0": ("fire2", "fire5", "fire9"),
    "1.1": ("fire2", "fire4", "fire6"),
}
_TAPS = ("fire3", "fire5", "fire6", "fire7", "fire8", "fire9")  # after conv1; the seven of LPIPS
_UNUSED = ("conv10.",)  # the 1000-class head
_MIN_SIZE = 32

_TORCHVISION_INDEX: dict[SqueezeNetVersion, tuple[int, ...]] = {  # of fire2 ... fire9
    "1.0": (3, 4, 5, 7, 8, 9, 10, 12),
    "1.1": (3, 4, 6, 7, 9, 10, 11, 12),
}
_TORCHVISION_PART = {"squeeze": "squeeze", "expand1x1": "e1", "expand3x3": "e3"}

# Scale and shift of an RGB image in [-1, 1], before channels are reversed for BGR.
_CONVENTIONS: dict[InputConvention, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "caffe": ((127.5, 127.5, 127.5), (127.5 - 123, 127.5 - 117, 127.5 - 104)),
    # LPIPS's scaling layer, (x - shift) / scale: ImageNet's mean and deviation, rounded
    "imagenet": ((1 / 0.458, 1 / 0.448, 1 / 0.450), (0.030 / 0.458, 0.088 / 0.448, 0.188 / 0.450)),
}


class _Fire(nn.Module):
    """Fire module (figure 1): 1x1 squeeze, then 1x1 and 3x3 expansions side by side."""

    def __init__(self, in_channels: int, squeeze_channels: int, expand_channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeeze_channels, 1)
        self.e1 = nn.Conv2d(squeeze_channels, expand_channels, 1)
        self.e3 = nn.Conv2d(squeeze_channels, expand_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x), inplace=True)
        return F.relu(torch.cat([self.e1(x), self.e3(x)], dim=1), inplace=True)


class SqueezeNetFeatures(nn.Module):
    """Feature maps of SqueezeNet after conv1, fire3, fire5, fire6, fire7, fire8, fire9; frozen.

    images: (B, 3, H, W) in [-1, 1], RGB, at least 32 pixels high and wide.
    returns: seven maps after their ReLU; version 1.1 has 64, 128, 256, 384, 384, 512, 512 channels,
    version 1.0 has 96 in the first and the same in the others.
    """

    def __init__(
        self, version: SqueezeNetVersion = "1.1", *, convention: InputConvention = "caffe"
    ) -> None:
        super().__init__()
        channels, kernel_size = _STEM[version]
        self.conv1 = nn.Conv2d(3, channels, kernel_size, stride=2)
        for name, (squeeze_channels, expand_channels) in _FIRES.items():
            self.add_module(name, _Fire(channels, squeeze_channels, expand_channels))
            channels = 2 * expand_channels
        self.version: SqueezeNetVersion = version
        self.convention: InputConvention = convention
        freeze(self)

    @classmethod
    def from_file(cls, path: str | Path) -> SqueezeNetFeatures:
        """Read a weight file of either version and layout; both are told from names and shapes.

        Raises:
            ModelError: when the file is missing or damaged, or is not SqueezeNet's.
        """
        tensors = read_weights(path)
        is_torchvision = "features.0.weight" in tensors
        stem = tensors.get("features.0.weight" if is_torchvision else "conv1.weight")
        version: SqueezeNetVersion = (
            "1.0" if stem is not None and stem.shape[:1] == (96,) else "1.1"
        )
        if is_torchvision:
            tensors = _from_torchvision_names(tensors, version=version)
        network = cls(version, convention="imagenet" if is_torchvision else "caffe")
        name = f"SqueezeNet {version}"
        load_weights(network, tensors, path=path, network=name, unused=_UNUSED)
        return network

    def forward(self, images: Tensor) -> list[Tensor]:
        if min(images.shape[-2:]) < _MIN_SIZE:
            height, width = images.shape[-2:]
            raise ConfigError(
                f"SqueezeNet needs images of at least {_MIN_SIZE}x{_MIN_SIZE} pixels, got "
                f"{height}x{width}; take larger images or train without the perceptual loss."
            )
        scale, shift = images.new_tensor(_CONVENTIONS[self.convention]).view(2, 1, 3, 1, 1)
        x = images * scale + shift
        x = F.relu(self.conv1(x.flip(1) if self.convention == "caffe" else x), inplace=True)
        taps = [x]
        for name in _FIRES:
            if name in _POOL_BEFORE[self.version]:
                x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)
            x = self.get_submodule(name)(x)
            if name in _TAPS:
                taps.append(x)
        return taps


def _from_torchvision_names(
    tensors: dict[str, Tensor], *, version: SqueezeNetVersion
) -> dict[str, Tensor]:
    """The same tensors under the authors' names; names of other networks stay as they are."""
    fires = dict(zip(map(str, _TORCHVISION_INDEX[version]), _FIRES, strict=True))
    renamed = {}
    for name, tensor in tensors.items():
        stem = re.fullmatch(r"features\.0\.(weight|bias)", name)
        fire = re.fullmatch(r"features\.(\d+)\.(squeeze|expand1x1|expand3x3)\.(weight|bias)", name)
        head = re.fullmatch(r"classifier\.1\.(weight|bias)", name)
        if stem:
            name = f"conv1.{stem[1]}"
        elif fire and fire[1] in fires:
            name = f"{fires[fire[1]]}.{_TORCHVISION_PART[fire[2]]}.{fire[3]}"
        elif head:
            name = f"conv10.{head[1]}"
        renamed[name] = tensor
    return renamed
