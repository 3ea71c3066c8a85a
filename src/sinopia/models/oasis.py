"""OASIS's discriminator: a segmenter that reads each pixel as a class of the map, or as fake.

Sushko, Schoenfeld, Zhang, Gall, Schiele, Khoreva, "You Only Need Adversarial Supervision for
Semantic Image Synthesis", ICLR 2021, arXiv:2012.04781, section 3.1 and appendix A.2: a U-Net of
residual blocks. It sees the picture only; the map is what it has to find.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sinopia.errors import ConfigError

__all__ = ["OasisDiscriminator", "OasisDiscriminatorConfig"]

_LEAK = 0.2


@dataclass(frozen=True)
class OasisDiscriminatorConfig:
    """The U-Net; the defaults are the published ones, 22 million parameters."""

    base_channels: int = 128
    """Channels of the first block; the others have multiples of it."""
    channel_multipliers: tuple[int, ...] = (1, 1, 2, 2, 4, 4)
    """Of the blocks on the way down; each halves the grid."""
    has_spectral_norm: bool = True
    """Spectral norm on all convolutions but the last."""
    initialization_gain: float = 1.0
    """Gain of the starting weights, as TrainConfig.initialization_gain. Spectral norm takes their
    size out of the function, but not out of how far a step turns them: at SPADE's 0.02 the first
    steps turn them faster than one power iteration a step can follow, and through so many layers
    the logits reach a million."""

    def __post_init__(self) -> None:
        if not self.channel_multipliers or min(self.channel_multipliers) < 1:
            raise ConfigError(
                f"discriminator.channel_multipliers: expected positive numbers, got "
                f"{self.channel_multipliers}."
            )
        if self.base_channels < 2:
            raise ConfigError(
                f"discriminator.base_channels: expected 2 or more, got {self.base_channels}."
            )

    @property
    def size_multiple(self) -> int:
        """Both sides of a picture must be multiples of this."""
        return 2 ** len(self.channel_multipliers)


class OasisDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1] to logits (B, K + 1, H, W): the classes, then fake."""

    def __init__(self, config: OasisDiscriminatorConfig, *, num_classes: int) -> None:
        super().__init__()
        self.config = config
        widths = [config.base_channels * each for each in config.channel_multipliers]
        has_norm = config.has_spectral_norm
        self.down = nn.ModuleList(
            _Block(source, target, is_first=index == 0, has_spectral_norm=has_norm)
            for index, (source, target) in enumerate(zip([3, *widths], widths, strict=False))
        )
        # from the coarsest grid up: each block gets what came down at its size beside its own input
        ends = [*reversed(widths[:-1]), max(1, widths[0] // 2)]
        starts = [widths[-1], *(2 * each for each in ends[:-1])]
        self.up = nn.ModuleList(
            _Block(source, target, is_first=False, has_spectral_norm=has_norm)
            for source, target in zip(starts, ends, strict=True)
        )
        self.to_logits = nn.Conv2d(ends[-1], num_classes + 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        x = images
        skips: list[Tensor] = []
        for block in self.down:
            x = F.avg_pool2d(block(x), 2)
            skips.append(x)
        skips.pop()  # the coarsest goes straight on
        for block in self.up:
            x = block(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            if skips:
                x = torch.cat([x, skips.pop()], dim=1)
        return self.to_logits(F.leaky_relu(x, _LEAK))


class _Block(nn.Module):
    """Residual block at one size, (B, C_in, h, w) to (B, C_out, h, w)."""

    def __init__(
        self, in_channels: int, out_channels: int, *, is_first: bool, has_spectral_norm: bool
    ) -> None:
        super().__init__()

        def convolution(source: int, target: int, size: int) -> nn.Module:
            layer = nn.Conv2d(source, target, size, padding=size // 2)
            return spectral_norm(layer) if has_spectral_norm else layer

        self.is_first = is_first
        self.conv_0 = convolution(in_channels, out_channels, 3)
        self.conv_1 = convolution(out_channels, out_channels, 3)
        self.shortcut = (
            convolution(in_channels, out_channels, 1)
            if in_channels != out_channels
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        # a picture is not activated before its first convolution
        residual = self.conv_0(x if self.is_first else F.leaky_relu(x, _LEAK))
        return self.shortcut(x) + self.conv_1(F.leaky_relu(residual, _LEAK))
