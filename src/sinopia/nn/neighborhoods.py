"""The distinct neighbourhoods of a label map, numbered exactly: all that SPADE's layers see.

Two stacked 3x3 convolutions over a map of ids see, at each pixel, the 5x5 block of ids around it
and nothing else. A map of a photo has few distinct blocks compared with its pixels, so the
convolutions need only be computed once per block. This module numbers the distinct blocks by
integer packing, never by a lossy hash: first the distinct 3x3 blocks of ids, then the distinct 3x3
blocks of these numbers. Pixels outside the image are a value of their own on both levels, because a
convolution pads each of its inputs with zeros.

Shapes: B maps, H W pixels, k kernel size, V values, U distinct blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "Grouping",
    "Neighborhoods",
    "find_neighborhoods",
    "group_by",
    "nearest_resize",
    "number_windows",
]

_MAX_CODE = 2**62
_TABLE_SLOTS_PER_CODE = 8


@dataclass(frozen=True, eq=False)
class Neighborhoods:
    """The distinct neighbourhoods of a batch of maps as two stacked kxk convolutions see them."""

    inner_blocks: Tensor
    """(U_inner, k*k) int64: the values of each distinct kxk block; V = outside the image."""
    outer_blocks: Tensor
    """(U_outer, k*k) int64: the inner block at each place of a kxk block; U_inner = outside."""
    numbers: Tensor
    """(B, H, W) int64: the outer block around each pixel."""

    @property
    def share(self) -> float:
        """Distinct outer blocks over pixels, in (0, 1]: the dense work that is left."""
        return self.outer_blocks.shape[0] / self.numbers.numel()

    @cached_property
    def pixels_by_block(self) -> Grouping:
        """The pixels of each outer block."""
        return group_by(self.numbers, num_groups=self.outer_blocks.shape[0])

    @cached_property
    def places_by_inner_block(self) -> Grouping:
        """The places of the outer blocks that hold each inner block, "outside" last."""
        return group_by(self.outer_blocks, num_groups=self.inner_blocks.shape[0] + 1)


@dataclass(frozen=True, eq=False)
class Grouping:
    """Positions sorted by the group that they belong to."""

    order: Tensor
    """(N,) int64: positions in the flattened numbers, group by group, rising within each."""
    starts: Tensor
    """(G,) int64: where each group begins in `order`."""


def group_by(numbers: Tensor, *, num_groups: int) -> Grouping:
    """Sort the positions of int64 numbers in [0, num_groups), of any shape, by their number."""
    flat = numbers.reshape(-1)
    counts = torch.bincount(flat, minlength=num_groups)
    return Grouping(torch.argsort(flat, stable=True), counts.cumsum(0) - counts)


def find_neighborhoods(values: Tensor, *, num_values: int, kernel_size: int = 3) -> Neighborhoods:
    """Number the neighbourhoods of (B, H, W) int64 values in [0, num_values)."""
    inner_blocks, inner_numbers = number_windows(
        values, num_values=num_values, kernel_size=kernel_size
    )
    outer_blocks, numbers = number_windows(
        inner_numbers, num_values=inner_blocks.shape[0], kernel_size=kernel_size
    )
    return Neighborhoods(inner_blocks, outer_blocks, numbers)


def number_windows(values: Tensor, *, num_values: int, kernel_size: int) -> tuple[Tensor, Tensor]:
    """Number the distinct kxk windows of (B, H, W) int64 values in [0, num_values).

    Returns the windows (U, k*k) int64 in row-major order, with `num_values` for places outside the
    image, and the number of the window around each pixel (B, H, W) int64. Equal windows, and only
    these, share a number.
    """
    radius = kernel_size // 2
    padded = F.pad(values, (radius, radius, radius, radius), value=num_values)
    height, width = values.shape[1:]

    # Compact the values first: few are present, so the codes below stay small.
    all_values = torch.arange(num_values + 1, device=values.device)
    present, numbers = _compact(padded, bound=num_values + 1)
    digits = all_values[present].unsqueeze(1)  # (V', 1)

    rows = _Windows(numbers[:, :, :width], digits)
    for offset in range(1, kernel_size):
        rows = rows.append(numbers[:, :, offset : offset + width], digits)
    columns = _Windows(rows.numbers[:, :height], rows.digits)
    for offset in range(1, kernel_size):
        columns = columns.append(rows.numbers[:, offset : offset + height], rows.digits)
    return columns.digits, columns.numbers


@dataclass(frozen=True, eq=False)
class _Windows:
    """Windows under construction: their numbers at each place, and what each number stands for."""

    numbers: Tensor  # (B, h, w)
    digits: Tensor  # (U, n)

    def append(self, others: Tensor, other_digits: Tensor) -> _Windows:
        """Join the window at each place with another one there, and number the distinct pairs."""
        base = other_digits.shape[0]
        bound = self.digits.shape[0] * base
        assert bound < _MAX_CODE, "more distinct windows than 64-bit codes can pair"
        codes, numbers = _compact(self.numbers * base + others, bound=bound)
        first = torch.div(codes, base, rounding_mode="floor")
        digits = torch.cat([self.digits[first], other_digits[codes % base]], dim=1)
        return _Windows(numbers, digits)


def _compact(codes: Tensor, *, bound: int) -> tuple[Tensor, Tensor]:
    """The sorted distinct codes (U,) of some in [0, bound), and each code's position there."""
    if bound > _TABLE_SLOTS_PER_CODE * codes.numel():
        return torch.unique(codes, return_inverse=True)
    # A table of flags is faster than sorting while it is not much larger than the map.
    flags = torch.zeros(bound, dtype=torch.bool, device=codes.device)
    flags[codes.reshape(-1)] = True
    positions = flags.cumsum(0) - 1
    return flags.nonzero().squeeze(1), positions[codes]


def nearest_resize(values: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Resize (B, H, W) integers by torch's "nearest" rule, which published weights expect."""
    if tuple(values.shape[1:]) == tuple(size_hw):
        return values
    rows, columns = (
        _nearest_positions(source, target, values.device)
        for source, target in zip(values.shape[1:], size_hw, strict=True)
    )
    return values[:, rows][:, :, columns]


def _nearest_positions(source: int, target: int, device: torch.device) -> Tensor:
    line = torch.arange(source, dtype=torch.float32, device=device).reshape(1, 1, -1)
    return F.interpolate(line, size=target, mode="nearest").reshape(-1).to(torch.int64)
