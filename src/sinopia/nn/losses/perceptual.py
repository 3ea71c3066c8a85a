"""Perceptual losses: the distance of two pictures in the features of a frozen network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from sinopia.errors import ModelError
from sinopia.nn.features.squeezenet import SqueezeNetFeatures
from sinopia.nn.features.vgg import Vgg19Features
from sinopia.nn.features.weights import freeze, load_weights, read_weights

__all__ = [
    "FeatureNetwork",
    "L1Distance",
    "LpipsDistance",
    "PerceptualLoss",
    "RelativeL1Distance",
    "l1_distance",
    "lpips_distance",
    "relative_l1_distance",
    "squeezenet_lpips",
    "squeezenet_perceptual",
    "vgg19_perceptual",
]

_VGG19_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)  # relu1_1 ... relu5_1, as SPADE published them
_LPIPS_CHANNELS = (64, 128, 256, 384, 384, 512, 512)


class FeatureNetwork(Protocol):
    """A module from images (B, 3, H, W) in [-1, 1] to a list of feature maps (B, C, h, w)."""

    def __call__(self, images: Tensor, /) -> list[Tensor]: ...


def l1_distance(fake: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference, summed up in float32 whatever the precision of the features."""
    return (fake - real).abs().mean(dtype=torch.float32)


def lpips_distance(fake: Tensor, real: Tensor, channel_weights: Tensor) -> Tensor:
    """Zhang et al. 2018, eq. 1, for one layer: weighted squared difference of unit feature vectors.

    Features are (B, C, H, W), weights (C,) and not negative; averaged over pixels and batch, in
    float32.
    """
    difference = _unit_channels(fake) - _unit_channels(real)
    return (difference.square().mean(dim=(0, 2, 3)) * channel_weights).sum()


def _unit_channels(features: Tensor) -> Tensor:
    features = features.float()
    return features / (torch.linalg.vector_norm(features, dim=1, keepdim=True) + 1e-10)


def relative_l1_distance(fake: Tensor, real: Tensor) -> Tensor:
    """`l1_distance` over the mean absolute real feature: the same at any scale of the features."""
    return l1_distance(fake, real) / real.abs().mean(dtype=torch.float32).clamp_min(1e-6)


class L1Distance(nn.Module):
    """`l1_distance` as a module."""

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        return l1_distance(fake, real)


class RelativeL1Distance(nn.Module):
    """`relative_l1_distance` as a module."""

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        return relative_l1_distance(fake, real)


class LpipsDistance(nn.Module):
    """`lpips_distance` with its channel weights (C,), which are a buffer and never trained."""

    channel_weights: Tensor

    def __init__(self, channel_weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("channel_weights", channel_weights)

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        return lpips_distance(fake, real, self.channel_weights)


class PerceptualLoss(nn.Module):
    """Weighted sum over layers of the distance between features of fake and real images.

    Images are (B, 3, H, W) in [-1, 1]; the loss is a float32 scalar. A distance is a module that
    takes the fake and the real feature map of its layer. The network is frozen here; real images
    pass without a graph, and gradients flow to the fake images only. Autocast and channels-last
    images are welcome.
    """

    def __init__(
        self,
        network: FeatureNetwork,
        *,
        layer_weights: Sequence[float],
        distances: Sequence[nn.Module],
    ) -> None:
        super().__init__()
        if len(layer_weights) != len(distances):
            raise ValueError(
                f"expected {len(layer_weights)} distances, one a weight, got {len(distances)}."
            )
        self.network = network
        self.distances = nn.ModuleList(distances)
        self.layer_weights = tuple(layer_weights)
        freeze(self)

    def forward(self, fake_images: Tensor, real_images: Tensor) -> Tensor:
        with torch.no_grad():
            real_features = self.network(real_images)
        fake_features = self.network(fake_images)
        terms = [
            weight * distance(fake, real)
            for weight, distance, fake, real in zip(
                self.layer_weights, self.distances, fake_features, real_features, strict=True
            )
        ]
        return torch.stack(terms).sum()


def vgg19_perceptual(path: str | Path, *, imagenet_normalized: bool = False) -> PerceptualLoss:
    """The perceptual loss of SPADE: L1 on five layers of VGG19, weighted 1/32, 1/16, 1/8, 1/4, 1.

    `path` is torchvision's vgg19-dcbb9e9d.pth or a .safetensors file with the same names. As
    published, images in [-1, 1] enter the network without ImageNet's normalisation, which
    `imagenet_normalized` adds.

    Raises:
        ModelError: when the file is missing or damaged, or is not VGG19's.
    """
    network = Vgg19Features.from_file(path, imagenet_normalized=imagenet_normalized)
    distances = [L1Distance() for _ in _VGG19_WEIGHTS]
    return PerceptualLoss(network, layer_weights=_VGG19_WEIGHTS, distances=distances)


def squeezenet_perceptual(path_features: str | Path) -> PerceptualLoss:
    """Mean over the seven taps of SqueezeNet of L1 relative to the real images' features.

    Relative, because features of weights trained on 0..255 have magnitudes of 1 to 30 that vary
    from tap to tap. Two unrelated landscapes are 1.4 apart, and about 1 is what the published loss
    over VGG19 gives while training, so that its weight of 10 suits here too. Either version and
    either layout of weights will do.

    Raises:
        ModelError: when the file is missing or damaged, or is not SqueezeNet's.
    """
    network = SqueezeNetFeatures.from_file(path_features)
    num_taps = len(_LPIPS_CHANNELS)
    return PerceptualLoss(
        network,
        layer_weights=(1 / num_taps,) * num_taps,
        distances=[RelativeL1Distance() for _ in range(num_taps)],
    )


class _LpipsWeights(nn.Module):
    """Only the names and shapes of LPIPS's linear layers, to check a file against."""

    def __init__(self) -> None:
        super().__init__()
        for index, channels in enumerate(_LPIPS_CHANNELS):
            layer = nn.Sequential(nn.Dropout(), nn.Conv2d(channels, 1, 1, bias=False))
            self.add_module(f"lin{index}", nn.ModuleDict({"model": layer}))


def squeezenet_lpips(path_features: str | Path, path_linear: str | Path) -> PerceptualLoss:
    """LPIPS v0.1 over SqueezeNet 1.1 (Zhang et al. 2018): a sum over the seven taps.

    The linear layers were fitted to torchvision's weights; with those this is the published metric.
    The authors' weights are other weights, and the linear layers do not know their channels.
    Measured with these on 16 landscapes at 256x256, in their own input convention:

    equal pictures 0; noise of deviation 0.05, 0.1, 0.2, 0.4 (in [-1, 1]) 0.14, 0.29, 0.47, 0.63;
    blur of deviation 1, 2, 4, 8 pixels 0.09, 0.19, 0.32, 0.45; overlapping crops of one scene 0.40,
    of two scenes 0.65; two scenes 0.68; and one weight for all channels of a tap does as well.

    So it orders pictures sensibly and can teach, but its values are not those of published LPIPS.

    Raises:
        ModelError: when a file is missing or damaged, or is not SqueezeNet 1.1's or LPIPS's.
    """
    network = SqueezeNetFeatures.from_file(path_features)
    if network.version != "1.1":
        raise ModelError(
            f"{path_features} holds SqueezeNet {network.version}; LPIPS weighs the features of "
            "SqueezeNet 1.1. Give its file, or use the perceptual loss without LPIPS."
        )
    linear = _LpipsWeights()
    load_weights(
        linear, read_weights(path_linear), path=path_linear, network="LPIPS for SqueezeNet 1.1"
    )
    distances = [LpipsDistance(weight.flatten()) for weight in linear.state_dict().values()]
    return PerceptualLoss(network, layer_weights=(1.0,) * len(distances), distances=distances)
