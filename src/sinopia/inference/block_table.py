"""Scale and shift of every neighbourhood that an engine has met, kept from map to map within a
bound.

Shapes: U blocks, R rows kept, C channels, D hidden channels, k kernel size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.nn.neighborhoods import Neighborhoods
from sinopia.nn.spade import LabelCondition, SpadeNorm, sum_rows

__all__ = ["BlockTable", "FoldedNorm"]

_CHUNK_BLOCKS = 4096
"""Blocks whose windows are unfolded at a time; bounds the memory of maps with many blocks."""

_FIRST_ROWS = 1024


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
        self._shared = norm.shared
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
        self.weight = torch.cat([scale_weight, shift_weight], dim=1).to(dtype)  # (k*k, 2C, D)
        self.bias = torch.cat([scale_bias, shift_bias]).to(dtype)

    def hidden(self, condition: LabelCondition, inner_blocks: Tensor) -> Tensor:
        """The hidden channels of blocks (U, k*k) and, as a last row, of the outside: (U + 1, D)."""
        if self._rows is None:
            self._rows = condition.rows_of(self._shared.weight.detach())
        hidden = F.relu(sum_rows(self._rows, inner_blocks) + _bias(self._shared))
        return F.pad(hidden, (0, 0, 0, 1)).to(self.weight.dtype)

    def scale_and_shift(self, hidden: Tensor, outer_blocks: Tensor) -> Tensor:
        """Scale and shift of blocks (U, k*k) of hidden rows (V, D), side by side: (U, 2C).

        Each hidden row is multiplied once per place of the window and the blocks add up the
        products, or each block multiplies its own rows, whichever is less work.
        """
        places = self.weight.shape[0]
        if len(hidden) < len(outer_blocks):
            products = F.linear(hidden, self.weight.flatten(0, 1))  # (V, k*k*2C)
            products = products.view(len(hidden) * places, -1)
            at = outer_blocks * places + torch.arange(places, device=outer_blocks.device)
            return F.embedding_bag(at, products, mode="sum") + self.bias
        result = self.bias.expand(len(outer_blocks), -1)
        for place in range(places):
            result = torch.addmm(result, hidden[outer_blocks[:, place]], self.weight[place].T)
        return result


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
        row_bytes = sum(2 * norm.channels * norm.weight.element_size() for norm in norms)
        self._max_rows = max_bytes // row_bytes
        self._inner: dict[bytes, int] = {}
        self._outer: dict[bytes, int] = {}
        self._tables: list[tuple[Tensor, Tensor]] = []

    def __len__(self) -> int:
        return len(self._outer)

    @property
    def num_bytes(self) -> int:
        """Memory that the kept rows take."""
        return sum(each.numel() * each.element_size() for pair in self._tables for each in pair)

    def scale_and_shift(self, index: int) -> tuple[Tensor, Tensor]:
        """The tables (R, C) of the index-th layer; rows are what `rows_of` gives."""
        return self._tables[index]

    def forget(self) -> None:
        """Drop all rows."""
        self._inner.clear()
        self._outer.clear()

    def rows_of(self, condition: LabelCondition, blocks: Neighborhoods) -> tuple[Tensor, bool]:
        """The row of each pixel, (B, H, W) int64, and whether rows given before still hold.

        Blocks that were not met before are computed.
        """
        rows, new = self._find(blocks)
        is_kept = len(self._outer) <= self._max_rows
        if not is_kept:
            self.forget()
            rows, new = self._find(blocks)
        if len(new) > 0:
            self._make_room(len(self._outer), like=blocks.numbers)
            for start in range(0, len(new), _CHUNK_BLOCKS):
                chosen = new[start : start + _CHUNK_BLOCKS]
                self._compute(condition, blocks, chosen, rows[chosen])
        device = blocks.numbers.device
        return torch.as_tensor(rows, device=device)[blocks.numbers], is_kept

    def _find(self, blocks: Neighborhoods) -> tuple[np.ndarray, np.ndarray]:
        """Rows (U,) of the blocks, numbering unknown ones; and the positions of these."""
        inner = _number(self._inner, blocks.inner_blocks.cpu().numpy().astype(np.int16))
        inner = np.append(inner, -1).astype(np.int32)  # the last one is "outside the image"
        known = len(self._outer)
        rows = _number(self._outer, inner[blocks.outer_blocks.cpu().numpy()])
        return rows, np.flatnonzero(rows >= known)

    def _compute(
        self,
        condition: LabelCondition,
        blocks: Neighborhoods,
        positions: np.ndarray,
        rows: np.ndarray,
    ) -> None:
        device = blocks.numbers.device
        outer = blocks.outer_blocks[torch.as_tensor(positions, device=device)]
        # Only the inner blocks that these need; the outside keeps its place as the last row.
        outside = torch.tensor([blocks.inner_blocks.shape[0]], device=device)
        needed, local = torch.unique(torch.cat([outer.flatten(), outside]), return_inverse=True)
        outer = local[:-1].reshape(outer.shape)
        inner = blocks.inner_blocks[needed[:-1]]
        target = torch.as_tensor(rows, device=device)
        for norm, (scale, shift) in zip(self._norms, self._tables, strict=True):
            values = norm.scale_and_shift(norm.hidden(condition, inner), outer)
            scale[target], shift[target] = values[:, : norm.channels], values[:, norm.channels :]

    def _make_room(self, count: int, *, like: Tensor) -> None:
        have = self._tables[0][0].shape[0] if self._tables else 0
        if count <= have:
            return
        doubled = 1 << (count - 1).bit_length()
        wanted = max(_FIRST_ROWS, min(doubled, max(count, self._max_rows)))
        tables = []
        for index, norm in enumerate(self._norms):
            pair = []
            for half in range(2):
                grown = torch.empty(
                    wanted, norm.channels, dtype=norm.weight.dtype, device=like.device
                )
                if self._tables:
                    old = self._tables[index][half][:wanted]
                    grown[: len(old)] = old
                pair.append(grown)
            tables.append((pair[0], pair[1]))
        self._tables = tables


def _number(numbers: dict[bytes, int], keys: np.ndarray) -> np.ndarray:
    """Number each row of integers by its exact content, new ones with the next free numbers."""
    keys = np.ascontiguousarray(keys)
    contents = keys.view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1]))).ravel().tolist()
    return np.array([numbers.setdefault(each, len(numbers)) for each in contents], np.int64)
