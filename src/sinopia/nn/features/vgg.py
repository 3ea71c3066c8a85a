"""VGG19 up to relu5_1 (Simonyan & Zisserman 2015), with torchvision's weights.

Johnson et al. 2016 made its features a training loss; pix2pixHD and SPADE take relu1_1 ... relu5_1.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from sinopia.nn.features.weights import freeze, load_weights, read_weights

__all__ = ["Vgg19Features"]

# Output channels of each 3x3 convolution, None for a 2x2 max pooling, up to conv5_1.
_PLAN = (64, 64, None, 128, 128, None, *(256,) * 4, None, *(512,) * 4, None, 512)
_TAPS = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 in torchvision's numbering
_UNUSED = ("classifier.", "features.30.", "features.32.", "features.34.")

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


class Vgg19Features(nn.Module):
    """Feature maps relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 of VGG19; frozen.

    images: (B, 3, H, W) in [-1, 1], RGB, at least 16 pixels high and wide.
    returns: five maps of 64, 128, 256, 512, 512 channels at 1, 1/2, 1/4, 1/8, 1/16 of the size.

    SPADE fed images in [-1, 1] as they are; with `imagenet_normalized` they get the mean and
    deviation of training.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, *, imagenet_normalized: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        in_channels = 3
        for out_channels in _PLAN:
            if out_channels is None:
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [
                    nn.Conv2d(in_channels, out_channels, 3, padding=1),
                    nn.ReLU(inplace=True),
                ]
                in_channels = out_channels
        self.features = nn.Sequential(*layers)
        # (x + 1) / 2, minus mean, over deviation, as one scale and one shift
        scale = [0.5 / deviation for deviation in _IMAGENET_STD]
        shift = [
            (0.5 - mean) / std for mean, std in zip(_IMAGENET_MEAN, _IMAGENET_STD, strict=True)
        ]
        self.register_buffer("scale", torch.tensor(scale).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(shift).view(1, 3, 1, 1), persistent=False)
        self.imagenet_normalized = imagenet_normalized
        freeze(self)

    @classmethod
    def from_file(cls, path: str | Path, *, imagenet_normalized: bool = False) -> Vgg19Features:
        """Read torchvision's vgg19-dcbb9e9d.pth, or a .safetensors file with the same names.

        Raises:
            ModelError: when the file is missing or damaged, or its names or shapes are not VGG19's.
        """
        network = cls(imagenet_normalized=imagenet_normalized)
        load_weights(network, read_weights(path), path=path, network="VGG19", unused=_UNUSED)
        return network

    def forward(self, images: Tensor) -> list[Tensor]:
        x = images * self.scale + self.shift if self.imagenet_normalized else images
        taps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in _TAPS:
                taps.append(x)
        return taps
