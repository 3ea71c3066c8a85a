"""Multiply-accumulates (MACs): of a dense pass by formula, of what is run by counting its products.

A convolution of k x k, C_in to C_out channels, costs k * k * C_in * C_out MACs an output pixel, the
border counted like the inside; a product (N, K) x (K, M) costs N * K * M. Sums, gathers, scaling,
norms and activations are not counted, on either side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sinopia.inference.packed_layers import PACKED_CONVOLUTION, PACKED_LINEAR
from sinopia.models.spade import SpadeBlock, SpadeGenerator
from sinopia.nn.spade import SpadeNorm

__all__ = ["DenseMacs", "count_macs", "dense_macs"]

T = TypeVar("T")


@dataclass(frozen=True)
class DenseMacs:
    """MACs of one picture when every pixel is convolved."""

    layers: int
    """First layer, convolutions of the blocks, last layer."""
    modulation: int
    """The convolutions of SPADE layers over the map."""

    @property
    def total(self) -> int:
        """Of the whole generator."""
        return self.layers + self.modulation


def dense_macs(generator: SpadeGenerator, size_hw: tuple[int, int]) -> DenseMacs:
    """What the generator costs as published, by formula; only the shapes of its layers count."""
    step = generator.config.size_multiple
    pixels = (size_hw[0] // step) * (size_hw[1] // step)
    layers = _macs_of(generator.start, pixels)
    modulation = 0
    for doubles, block in zip(generator.config.doubles_before, generator.blocks, strict=True):
        assert isinstance(block, SpadeBlock), "the blocks of a SPADE generator"
        pixels *= 4 if doubles else 1
        convolutions, norms = [block.conv_0, block.conv_1], [block.norm_0, block.norm_1]
        if block.has_learned_shortcut:
            convolutions.append(block.conv_shortcut)
            norms.append(block.norm_shortcut)
        layers += sum(_macs_of(each, pixels) for each in convolutions)
        modulation += sum(_modulation_macs(each, pixels) for each in norms)
    return DenseMacs(layers + _macs_of(generator.to_image, pixels), modulation)


def _modulation_macs(norm: SpadeNorm, pixels: int) -> int:
    return sum(_macs_of(each, pixels) for each in (norm.shared, norm.gamma, norm.beta))


def _macs_of(layer: nn.Module, pixels: int) -> int:
    if isinstance(layer, nn.Linear):
        return layer.in_features * layer.out_features  # of a style code: once a picture
    assert isinstance(layer, nn.Conv2d), "a generator is made of convolutions and linear layers"
    height, width = layer.kernel_size
    return pixels * height * width * layer.in_channels * layer.out_channels


def count_macs(run: Callable[[], T]) -> tuple[T, int]:
    """What a call gives, and the MACs of all convolutions and matrix products that it runs."""
    packed = {
        PACKED_CONVOLUTION: _packed_convolution_flops,
        PACKED_LINEAR: _packed_linear_flops,
    }
    with FlopCounterMode(display=False, custom_mapping=packed) as counter:
        result = run()
    return result, counter.get_total_flops() // 2  # which counts the additions as well


def _packed_convolution_flops(
    _x: Sequence[int], weight: Sequence[int], *_: Any, out_shape: Sequence[int], **_named: Any
) -> int:
    """Of shapes (B, C_in, H, W), (C_out, C_in, k, k) and (B, C_out, H, W)."""
    return 2 * math.prod(out_shape) * math.prod(weight[1:])


def _packed_linear_flops(
    _x: Sequence[int], weight: Sequence[int], *_: Any, out_shape: Sequence[int], **_named: Any
) -> int:
    """Of shapes (..., D_in), (D_out, D_in) and (..., D_out)."""
    return 2 * math.prod(out_shape) * weight[1]
