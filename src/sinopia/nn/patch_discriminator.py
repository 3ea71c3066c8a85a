"""PatchGAN discriminators: one judgement per patch, at several scales.

Isola et al., CVPR 2017 (patches); Wang et al., CVPR 2018 (scales, feature matching); Park et al.,
CVPR 2019 (spectral and instance norm, last two strides of 1).
"""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["MultiscaleDiscriminator", "PatchDiscriminator"]

_KERNEL_SIZE = 4
_MAX_CHANNELS_FACTOR = 8


class PatchDiscriminator(nn.Module):
    """Strided convolutions that end in one logit per patch.

    Layer 0 has no norm, the middle layers double the channels up to eight times the base, the last
    of them keeps the size, and the final layer gives logits.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        base_channels: int = 64,
        num_layers: int = 4,
        normalization: Literal["instance", "none"] = "instance",
        has_spectral_norm: bool = True,
    ) -> None:
        super().__init__()
        channels = base_channels
        self.layers = nn.ModuleList([_Layer(_convolution(in_channels, channels, stride=2))])
        for index in range(1, num_layers):
            previous = channels
            channels = min(previous * 2, base_channels * _MAX_CHANNELS_FACTOR)
            is_last = index == num_layers - 1
            has_bias = normalization == "none"  # instance norm would take a bias away again
            convolution = _convolution(
                previous, channels, stride=1 if is_last else 2, has_bias=has_bias
            )
            norm = nn.InstanceNorm2d(channels) if normalization == "instance" else nn.Identity()
            self.layers.append(
                _Layer(spectral_norm(convolution) if has_spectral_norm else convolution, norm)
            )
        self.logits = _convolution(channels, 1, stride=1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of every layer of (B, C, H, W), the logits (B, 1, h, w) last."""
        features = []
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return [*features, self.logits(x)]


class _Layer(nn.Module):
    def __init__(self, convolution: nn.Module, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = norm or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.norm(self.convolution(x)), 0.2)


def _convolution(
    in_channels: int, out_channels: int, *, stride: int, has_bias: bool = True
) -> nn.Conv2d:
    padding = (_KERNEL_SIZE + 1) // 2
    return nn.Conv2d(
        in_channels, out_channels, _KERNEL_SIZE, stride=stride, padding=padding, bias=has_bias
    )


class MultiscaleDiscriminator(nn.Module):
    """Discriminators of one architecture on an input at full, half, quarter ... size."""

    def __init__(
        self,
        in_channels: int,
        *,
        num_scales: int = 2,
        base_channels: int = 64,
        num_layers: int = 4,
        normalization: Literal["instance", "none"] = "instance",
        has_spectral_norm: bool = True,
    ) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            PatchDiscriminator(
                in_channels,
                base_channels=base_channels,
                num_layers=num_layers,
                normalization=normalization,
                has_spectral_norm=has_spectral_norm,
            )
            for _ in range(num_scales)
        )

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        """Features by scale, full size first, then by layer, logits last, of (B, C, H, W)."""
        outputs = []
        for index, discriminator in enumerate(self.scales):
            if index > 0:
                x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
            outputs.append(discriminator(x))
        return outputs
