"""Segmenters: photo in, a class for every pixel out.

`CompactSegmenter` is ours: an encoder of residual separable blocks (Howard et al. 2017,
arXiv:1704.04861; Sandler et al. 2018, arXiv:1801.04381), the mean of the whole picture as context
(Liu et al. 2015, arXiv:1506.04579), and a feature pyramid (Lin et al. 2017, arXiv:1612.03144).
It is made for a few hundred pairs and for training on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.errors import ConfigError

__all__ = ["CompactSegmenter", "FeaturePyramid", "Segmenter", "SegmenterConfig", "resized"]


class Segmenter(Protocol):
    """Photos (B, 3, H, W) in [-1, 1] to logits (B, K, H, W), the largest being the class."""

    def __call__(self, images: Tensor, /) -> Tensor: ...


@dataclass(frozen=True)
class SegmenterConfig:
    """Everything a compact segmenter is built from; the defaults make 3.5 million parameters."""

    num_classes: int
    """Classes of the vocabulary, without unlabeled."""
    channels: tuple[int, ...] = (32, 64, 128, 192, 256)
    """Output channels of the stages; each halves the grid."""
    num_blocks: tuple[int, ...] = (1, 2, 3, 4, 3)
    """Residual blocks of each stage."""
    expansion: int = 3
    """Channels inside a block, in multiples of those outside."""
    kernel_size: int = 5
    """Kernel of the depthwise convolutions; odd."""
    pyramid_channels: int = 96
    """Channels of the way back up."""
    dropout: float = 0.1
    """Share of channels before the logits that training leaves out."""

    def __post_init__(self) -> None:
        if len(self.channels) != len(self.num_blocks) or len(self.channels) < 2:
            raise ConfigError(
                f"channels and num_blocks: expected two stages or more in both, got "
                f"{self.channels} and {self.num_blocks}."
            )
        counts = (*self.channels, *self.num_blocks, self.expansion, self.pyramid_channels)
        if min(counts) < 1 or not 1 <= self.num_classes <= 255:
            raise ConfigError(
                f"expected 1 to 255 classes and at least one channel, block and expansion, got "
                f"{self.num_classes} classes and {counts}."
            )
        if self.kernel_size % 2 == 0 or self.kernel_size < 1:
            raise ConfigError(f"kernel_size: expected an odd number, got {self.kernel_size}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout: expected a share in [0, 1), got {self.dropout}.")


class CompactSegmenter(nn.Module):
    """A compact encoder-decoder; see `Segmenter`. Any height and width."""

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList()
        for source, target, count in zip(
            (3, *config.channels), config.channels, config.num_blocks, strict=False
        ):
            self.stages.append(
                nn.Sequential(
                    _conv_norm(source, target, kernel_size=3, stride=2),
                    nn.SiLU(inplace=True),
                    *(
                        ResidualBlock(
                            target, expansion=config.expansion, kernel_size=config.kernel_size
                        )
                        for _ in range(count)
                    ),
                )
            )
        # from a quarter of the size down: the half-size grid would cost as much as all others
        self.pyramid = FeaturePyramid(
            config.channels[1:],
            num_classes=config.num_classes,
            width=config.pyramid_channels,
            kernel_size=config.kernel_size,
            dropout=config.dropout,
        )

    def forward(self, images: Tensor) -> Tensor:
        features = []
        x = images
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return resized(self.pyramid(features[1:]), images.shape[2:])


class ResidualBlock(nn.Module):
    """x + project(depthwise(expand(x))), (B, C, h, w) to the same shape; batch norm after each.

    The projection's norm begins at zero, so that a new network begins shallow.
    """

    def __init__(self, channels: int, *, expansion: int, kernel_size: int) -> None:
        super().__init__()
        middle = channels * expansion
        self.expand = _conv_norm(channels, middle, kernel_size=1)
        self.depthwise = _conv_norm(middle, middle, kernel_size=kernel_size, groups=middle)
        self.project = _conv_norm(middle, channels, kernel_size=1)
        norm = self.project[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        inner = F.silu(self.expand(x), inplace=True)
        inner = F.silu(self.depthwise(inner), inplace=True)
        return x + self.project(inner)


class FeaturePyramid(nn.Module):
    """Logits (B, K, h, w) at the size of the finest of several feature maps, finest first.

    The coarsest map's mean is what is known at first; each finer map is added to what is already
    known on the coarser grid.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        num_classes: int,
        width: int,
        kernel_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.context = nn.Linear(channels[-1], width)
        self.laterals = nn.ModuleList(_conv_norm(each, width, kernel_size=1) for each in channels)
        self.refinements = nn.ModuleList(
            ResidualBlock(width, expansion=1, kernel_size=kernel_size) for _ in channels
        )
        self.dropout = nn.Dropout2d(dropout)
        self.to_logits = nn.Conv2d(width, num_classes, 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        x = self.context(features[-1].mean(dim=(2, 3)))[:, :, None, None]
        ways = zip(features, self.laterals, self.refinements, strict=True)
        for feature, lateral, refinement in reversed(list(ways)):
            x = refinement(lateral(feature) + resized(x, feature.shape[2:]))
        return self.to_logits(self.dropout(x))


def _conv_norm(
    source: int, target: int, *, kernel_size: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(
        source,
        target,
        kernel_size,
        stride,
        padding=kernel_size // 2,
        groups=groups,
        bias=False,
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(target))


def resized(x: Tensor, size_hw: torch.Size) -> Tensor:
    return F.interpolate(x, size=tuple(size_hw), mode="bilinear", align_corners=False)
