"""Scale and shift of every neighbourhood that an engine has met, kept from map to map within a
bound.

Shapes: U blocks, R rows kept, C channels, D hidden channels, k kernel size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.inference.packed_layers import PackedLinear
from sinopia.nn.neighborhoods import Neighborhoods
from sinopia.nn.spade import LabelCondition, SpadeNorm, sum_rows

__all__ = ["BlockTable", "FoldedNorm"]

_CHUNK_BLOCKS = 4096
"""Blocks whose windows are gathered at a time; bounds the memory of maps with many blocks."""

_MAX_PRODUCTS = 1 << 25
"""Values of hidden rows times weights that are held at a time, for the same reason."""

_TYPICAL_ROWS = 256
"""Rows for which the weights are laid out."""

_FIRST_ROWS = 1024

_CROWDED_SHARE = 0.5
_CROWDED_BLOCKS = 4096
"""With so many blocks, and so many of them over the pixels, numbering them takes longer than it
saves."""

_BYTES_OF_KEYS = 256
"""About what the numbering of a block takes beside its row."""


class FoldedNorm:
    """A SPADE layer as two matrices: values of a window to hidden channels, hidden windows to scale
    and shift.

    Evaluation-mode batch norm is folded in: with its mean m and deviation s, (1 + gamma) * (x - m)
    / s + beta is x * scale + shift with scale = (1 + gamma) / s and shift = beta - m * scale.
    Instance norm is not: it stays in front, as `normalize`.
    """

    def __init__(self, norm: SpadeNorm, *, dtype: torch.dtype) -> None:
        self.kernel_size = norm.kernel_size
        self.channels = norm.gamma.out_channels
        self._shared_weight = norm.shared.weight.detach()
        self._shared_bias = _bias(norm.shared)
        self._rows: Tensor | None = None
        scale_weight, shift_weight = (
            each.weight.detach().permute(2, 3, 0, 1).flatten(0, 1).double()
            for each in (norm.gamma, norm.beta)
        )  # (k*k, C, D)
        scale_bias = 1.0 + _bias(norm.gamma).double()
        shift_bias = _bias(norm.beta).double()
        self.normalize: nn.Module | None = norm.normalize
        if isinstance(norm.normalize, nn.BatchNorm2d):
            self.normalize = None
            mean = norm.normalize.get_buffer("running_mean").double()
            variance = norm.normalize.get_buffer("running_var").double()
            factor = torch.rsqrt(variance + norm.normalize.eps)
            scale_weight, scale_bias = scale_weight * factor[:, None], scale_bias * factor
            shift_weight = shift_weight - mean[:, None] * scale_weight
            shift_bias = shift_bias - mean * scale_bias
        weight = torch.cat([scale_weight, shift_weight], dim=1).to(dtype)  # (k*k, 2C, D)
        self.dtype = dtype
        self._bias = torch.cat([scale_bias, shift_bias]).to(dtype)
        self._of_hidden = PackedLinear(weight.flatten(0, 1), None, num_rows=_TYPICAL_ROWS)
        self._of_windows = PackedLinear(
            weight.transpose(0, 1).flatten(1), self._bias, num_rows=_TYPICAL_ROWS
        )

    def hidden(self, condition: LabelCondition, inner_blocks: Tensor) -> Tensor:
        """The hidden channels of blocks (U, k*k) and, as a last row, of the outside: (U + 1, D)."""
        if self._rows is None:
            self._rows = condition.rows_of(self._shared_weight)
        width = self._rows.shape[2]
        hidden = self._rows.new_empty(len(inner_blocks) + 1, width, dtype=self.dtype)
        hidden[-1] = 0.0
        # in parts that stay in the cache: a crowded map has a block for every pixel
        for chunk, part in zip(
            inner_blocks.split(_CHUNK_BLOCKS), hidden[:-1].split(_CHUNK_BLOCKS), strict=True
        ):
            part.copy_(sum_rows(self._rows, chunk).add_(self._shared_bias).relu_())
        return hidden

    def scale_and_shift(self, hidden: Tensor, outer_blocks: Tensor) -> Tensor:
        """Scale and shift of blocks (U, k*k) of hidden rows (V, D), side by side: (U, 2C).

        Each hidden row is multiplied once per place of the window and the blocks add up the
        products, or each block multiplies its own rows, whichever is less work.
        """
        places, width = self.kernel_size**2, 2 * self.channels
        is_shared = 4 * len(hidden) < 3 * len(outer_blocks)
        if is_shared and places * len(hidden) * width <= _MAX_PRODUCTS:
            products = self._of_hidden(hidden).view(len(hidden) * places, width)
            at = outer_blocks * places + torch.arange(places, device=outer_blocks.device)
            return F.embedding_bag(at, products, mode="sum") + self._bias
        result = hidden.new_empty(len(outer_blocks), width)
        for chunk, part in zip(
            outer_blocks.split(_CHUNK_BLOCKS), result.split(_CHUNK_BLOCKS), strict=True
        ):
            part.copy_(self._of_windows(F.embedding(chunk, hidden).flatten(1)))
        return result

    def scale_and_shift_of_pixels(self, hidden: Tensor, numbers: Tensor) -> Tensor:
        """Scale and shift of every pixel, (B * H * W, 2C), from the hidden row (V, D) that each has
        by its number (B, H, W).
        """
        size = self.kernel_size
        weight = self._of_windows.plain_weight().unflatten(1, (size, size, -1)).permute(0, 3, 1, 2)
        grid = F.embedding(numbers, hidden).permute(0, 3, 1, 2)  # channels last in memory
        result = F.conv2d(grid, weight, self._bias, padding=size // 2)
        return result.permute(0, 2, 3, 1).flatten(0, 2)


def _bias(convolution: nn.Conv2d) -> Tensor:
    assert convolution.bias is not None, "SPADE's convolutions have biases"
    return convolution.bias.detach()


class BlockTable:
    """The rows of all SPADE layers of one resolution, by the exact content of their blocks.

    Args:
        norms: the layers; all see the same map at the same size.
        max_bytes: when more rows than this are kept, all but those of the map at hand are dropped.
    """

    def __init__(self, norms: Sequence[FoldedNorm], *, max_bytes: int) -> None:
        self._norms = tuple(norms)
        row_bytes = sum(2 * norm.channels * norm.dtype.itemsize for norm in norms)
        self._max_rows = max_bytes // (row_bytes + _BYTES_OF_KEYS)
        self._inner: dict[bytes, int] = {}
        self._outer: dict[bytes, int] = {}
        self._tables: list[Tensor] = []
        self._holds_pixels = False

    def __len__(self) -> int:
        return len(self._outer)

    @property
    def num_bytes(self) -> int:
        """Memory that the tables and the numbering take, the latter about."""
        of_tables = sum(each.numel() * each.element_size() for each in self._tables)
        return of_tables + _BYTES_OF_KEYS * len(self._outer)

    def scale_and_shift(self, index: int) -> Tensor:
        """The table (R, 2C) of the index-th layer, whose rows are what `rows_of` gives: scale and
        shift side by side.
        """
        return self._tables[index]

    @property
    def holds_pixels(self) -> bool:
        """Whether the rows are those of the pixels of one map, of no use for any other."""
        return self._holds_pixels

    def forget(self) -> None:
        """Drop all rows; and the memory of more than the bound allows."""
        self._inner.clear()
        self._outer.clear()
        if self._holds_pixels:
            self._holds_pixels, self._tables = False, []
        if self._tables and len(self._tables[0]) > self._max_rows:
            self._tables = []

    def rows_of_map(self, condition: LabelCondition, blocks: Neighborhoods) -> Tensor:
        """The row of each pixel of whole maps, (B, H, W) int64.

        When most pixels have a block of their own, each gets a row of its own.
        """
        num_blocks = len(blocks.outer_blocks)
        if blocks.share <= _CROWDED_SHARE or num_blocks < _CROWDED_BLOCKS:
            if self._holds_pixels:
                self.forget()
            return self.rows_of(condition, blocks)[0]
        self.forget()
        self._holds_pixels = True
        inner_numbers = blocks.outer_blocks[:, blocks.outer_blocks.shape[1] // 2][blocks.numbers]
        self._tables = [
            norm.scale_and_shift_of_pixels(
                norm.hidden(condition, blocks.inner_blocks), inner_numbers
            )
            for norm in self._norms
        ]
        return torch.arange(inner_numbers.numel(), device=inner_numbers.device).view_as(
            inner_numbers
        )

    def rows_of(self, condition: LabelCondition, blocks: Neighborhoods) -> tuple[Tensor, bool]:
        """The row of each pixel, (B, H, W) int64, and whether rows given before still hold.

        Blocks that were not met before are computed.
        """
        known = len(self._outer)
        rows = self._number(blocks)
        is_kept = known == 0 or len(self._outer) <= self._max_rows
        if not is_kept:
            self.forget()
            known, rows = 0, self._number(blocks)
        device = blocks.numbers.device
        new = torch.as_tensor(np.flatnonzero(rows >= known), device=device)
        if len(new) > 0:
            self._make_room(known, len(self._outer), device)
            self._compute(condition, blocks, new, slice(known, len(self._outer)))
        return torch.as_tensor(rows, device=device)[blocks.numbers], is_kept

    def _number(self, blocks: Neighborhoods) -> np.ndarray:
        """Rows (U,) of the blocks; unknown ones get the next free rows, in their order."""
        inner = _number(self._inner, blocks.inner_blocks.cpu().numpy().astype(np.int16))
        inner = np.append(inner, -1).astype(np.int32)  # the last one is "outside the image"
        return _number(self._outer, inner[blocks.outer_blocks.cpu().numpy()])

    def _compute(
        self, condition: LabelCondition, blocks: Neighborhoods, new: Tensor, rows: slice
    ) -> None:
        """Fill rows with the blocks at the positions `new`."""
        # Only the inner blocks that these need; the outside keeps its place as the last row.
        outside = new.new_tensor([blocks.inner_blocks.shape[0]])
        outer = blocks.outer_blocks[new]
        needed, local = torch.unique(torch.cat([outer.flatten(), outside]), return_inverse=True)
        outer = local[:-1].reshape(outer.shape)
        inner = blocks.inner_blocks[needed[:-1]]
        for norm, table in zip(self._norms, self._tables, strict=True):
            table[rows] = norm.scale_and_shift(norm.hidden(condition, inner), outer)

    def _make_room(self, known: int, count: int, device: torch.device) -> None:
        """Tables for `count` rows, the known ones first."""
        if self._tables and count <= len(self._tables[0]):
            return
        doubled = 1 << (count - 1).bit_length()
        wanted = max(_FIRST_ROWS, min(doubled, max(count, self._max_rows)))
        tables = []
        for index, norm in enumerate(self._norms):
            grown = torch.empty(wanted, 2 * norm.channels, dtype=norm.dtype, device=device)
            if known > 0:
                grown[:known] = self._tables[index][:known]
            tables.append(grown)
        self._tables = tables


def _number(numbers: dict[bytes, int], keys: np.ndarray) -> np.ndarray:
    """Number distinct rows of integers by their exact content, new ones with the next free
    numbers.
    """
    keys = np.ascontiguousarray(keys)
    contents = keys.view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1]))).ravel().tolist()
    result = np.fromiter(map(numbers.get, contents, repeat(-1)), np.int64, len(contents))
    new = np.flatnonzero(result < 0)
    result[new] = np.arange(len(numbers), len(numbers) + len(new))
    numbers.update(zip((contents[each] for each in new), result[new].tolist(), strict=True))
    return result
