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
]

_MAX_CODE = 2**62
_TABLE_SLOTS_PER_CODE = 2


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


def find_neighborhoods(
    values: Tensor,
    *,
    num_values: int,
    kernel_size: int = 3,
    rows: tuple[int, int] | None = None,
    columns: tuple[int, int] | None = None,
) -> Neighborhoods:
    """Number the neighbourhoods of (B, H, W) int64 values in [0, num_values).

    `rows` and `columns`, each a first and an end, choose pixels: only their neighbourhoods, as the
    whole map has them, are numbered.
    """
    radius = kernel_size // 2
    height, width = values.shape[1:]
    (top, bottom), (left, right) = rows or (0, height), columns or (0, width)
    # The inner blocks that the outer ones hold: those around pixels of the image.
    inner_top, inner_bottom = max(0, top - radius), min(height, bottom + radius)
    inner_left, inner_right = max(0, left - radius), min(width, right + radius)
    padded = F.pad(values, (radius, radius, radius, radius), value=num_values)
    seen = padded[:, inner_top : inner_bottom + 2 * radius, inner_left : inner_right + 2 * radius]
    inner_blocks, inner_numbers = _number_inside(
        seen, bound=num_values + 1, kernel_size=kernel_size
    )
    margins = (
        inner_left - (left - radius),
        right + radius - inner_right,
        inner_top - (top - radius),
        bottom + radius - inner_bottom,
    )
    count = inner_blocks.shape[0]
    outer_blocks, numbers = _number_inside(
        F.pad(inner_numbers, margins, value=count), bound=count + 1, kernel_size=kernel_size
    )
    return Neighborhoods(inner_blocks, outer_blocks, numbers)


def _number_inside(values: Tensor, *, bound: int, kernel_size: int) -> tuple[Tensor, Tensor]:
    """Number the distinct kxk windows that lie inside (B, h, w) values in [0, bound)."""
    # Compact the values first: few are present, so the codes below stay small.
    codes, bound = _compact(values, bound=bound)
    for axis in (2, 1):
        codes, bound = _join_windows(codes, bound=bound, axis=axis, length=kernel_size)
    numbers, count = _compact(codes, bound=bound)
    # Any place of a number tells what it stands for.
    places = torch.arange(numbers.numel(), device=numbers.device)
    examples = places.new_empty(count).scatter_(0, numbers.reshape(-1), places)
    windows = values.unfold(1, kernel_size, 1).unfold(2, kernel_size, 1)  # (B, H, W, k, k)
    return windows[torch.unravel_index(examples, numbers.shape)].flatten(1), numbers


def _join_windows(codes: Tensor, *, bound: int, axis: int, length: int) -> tuple[Tensor, int]:
    """Join codes in [0, bound) with those after them along an axis to one code; and its bound.

    Codes of equal windows, and only these, are equal; their order is that of the windows.
    """
    if bound**length >= _MAX_CODE:
        codes, bound = _compact(codes, bound=bound)
    size = codes.shape[axis] - length + 1
    joined, joined_bound = codes.narrow(axis, 0, size), bound
    for offset in range(1, length):
        if joined_bound * bound >= _MAX_CODE:
            joined, joined_bound = _compact(joined, bound=joined_bound)
        assert joined_bound * bound < _MAX_CODE, "more windows than 64-bit codes can tell apart"
        joined = joined * bound + codes.narrow(axis, offset, size)
        joined_bound *= bound
    return joined, joined_bound


def _compact(codes: Tensor, *, bound: int) -> tuple[Tensor, int]:
    """Renumber codes in [0, bound) so that none is missing, in their order; and how many are."""
    if bound > _TABLE_SLOTS_PER_CODE * codes.numel():
        present, numbers = torch.unique(codes, return_inverse=True)
        return numbers, present.shape[0]
    # A table is faster than sorting while it is not much larger than the map.
    flat = codes.reshape(-1)
    flags = torch.zeros(bound, dtype=torch.bool, device=codes.device)
    present = flags.index_fill_(0, flat, True).nonzero().squeeze(1)
    positions = torch.empty(bound, dtype=torch.int64, device=codes.device)
    positions[present] = torch.arange(present.shape[0], device=codes.device)
    return positions.index_select(0, flat).reshape(codes.shape), present.shape[0]


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
