"""SPADE: spatially-adaptive normalisation, and the two kinds of map that can condition it.

Park, Liu, Wang, Zhu, "Semantic Image Synthesis with Spatially-Adaptive Normalization", CVPR 2019,
section 3:

    out = (1 + gamma(m)) * normalize(x) + beta(m),    gamma, beta = conv(relu(conv(m)))
    (1)

with m the label map at the size of x. For a map of ids, gamma and beta are computed once per
distinct neighbourhood and gathered to the pixels; for a map of real numbers, by convolution. It is
the same function.

Shapes: B maps, K classes, S condition channels, H W pixels, C channels, D hidden channels, k kernel
    size, U distinct blocks.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.errors import LabelError
from sinopia.nn.neighborhoods import (
    Grouping,
    Neighborhoods,
    find_neighborhoods,
    nearest_resize,
)
from sinopia.scene.vocabulary import UNLABELED

__all__ = [
    "MAX_BLOCK_SHARE",
    "Condition",
    "DenseCondition",
    "LabelCondition",
    "Normalization",
    "SpadeNorm",
    "sum_rows",
]

Normalization = Literal["batch", "instance"]

MAX_BLOCK_SHARE = 0.25
"""Distinct blocks over pixels of a label map: with more of them, as on coarse grids, convolving
every pixel takes less time than computing the blocks and gathering them. Measured on a CPU, forward
and backward: it lies between 0.25 and 0.45."""


class LabelCondition:
    """Label maps as integers, with optional instance edges; the neighbourhoods of each size are
    found once.

    The map has S = K [+ 1 if `has_unlabeled`] [+ 1 with edges] channels, in this order. Unlabeled
    pixels are one-hot in their own channel, or all zero when there is none.

    Args:
        label_ids: (B, H, W) int64 in [0, num_classes), or 255 = unlabeled.
        num_classes: K.
        has_unlabeled: whether unlabeled pixels have a channel.
        instance_edges: (B, 1, H, W), 0 or 1, or None.

    Raises:
        LabelError: for an id that is neither a class nor unlabeled.
    """

    def __init__(
        self,
        label_ids: Tensor,
        *,
        num_classes: int,
        has_unlabeled: bool,
        instance_edges: Tensor | None = None,
    ) -> None:
        is_unlabeled = label_ids == UNLABELED
        outside = ((label_ids >= num_classes) & ~is_unlabeled) | (label_ids < 0)
        if bool(outside.any()):
            first = int(label_ids[outside][0])
            raise LabelError(
                f"a label map holds id {first}, but the model knows {num_classes} classes, 0 to "
                f"{num_classes - 1} (255 = unlabeled). Convert the map to the model's vocabulary."
            )
        self.num_classes = num_classes
        self.has_unlabeled = has_unlabeled
        self.has_edges = instance_edges is not None
        values = torch.where(is_unlabeled, num_classes, label_ids)
        if instance_edges is not None:
            values = values * 2 + instance_edges.squeeze(1).to(torch.int64)
        self._values = values  # (B, H, W): the id, with K for unlabeled; with edges, 2 * id + edge
        self._sizes: dict[tuple[int, int], Tensor] = {}
        self._dense: dict[tuple[int, int], Tensor] = {}
        self._neighborhoods: dict[tuple[tuple[int, int], int], Neighborhoods] = {}

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of the maps."""
        return (self._values.shape[1], self._values.shape[2])

    @property
    def num_values(self) -> int:
        """How many values a pixel can take: K + 1, twice that with edges."""
        return (self.num_classes + 1) * (2 if self.has_edges else 1)

    def __len__(self) -> int:
        return self._values.shape[0]

    def values_at(self, size_hw: tuple[int, int]) -> Tensor:
        """The maps at a size by nearest neighbour, (B, h, w) int64 in [0, num_values)."""
        if size_hw not in self._sizes:
            self._sizes[size_hw] = nearest_resize(self._values, size_hw)
        return self._sizes[size_hw]

    def neighborhoods_at(self, size_hw: tuple[int, int], kernel_size: int) -> Neighborhoods:
        """The distinct neighbourhoods at a size, found on first use."""
        key = (size_hw, kernel_size)
        if key not in self._neighborhoods:
            self._neighborhoods[key] = find_neighborhoods(
                self.values_at(size_hw), num_values=self.num_values, kernel_size=kernel_size
            )
        return self._neighborhoods[key]

    def neighborhoods_inside(
        self,
        size_hw: tuple[int, int],
        kernel_size: int,
        *,
        rows: tuple[int, int],
        columns: tuple[int, int],
    ) -> Neighborhoods:
        """Those of the pixels in some rows and columns of a size, each a first and an end."""
        return find_neighborhoods(
            self.values_at(size_hw),
            num_values=self.num_values,
            kernel_size=kernel_size,
            rows=rows,
            columns=columns,
        )

    def dense_at(self, size_hw: tuple[int, int]) -> Tensor:
        """The maps at a size as (B, S, h, w) float32: one-hot classes, unlabeled, edges."""
        if size_hw not in self._dense:
            self._dense[size_hw] = self._channels(self.values_at(size_hw))
        return self._dense[size_hw]

    def _channels(self, values: Tensor) -> Tensor:
        ids = values // 2 if self.has_edges else values
        one_hot = F.one_hot(ids, self.num_classes + 1)
        parts = [one_hot if self.has_unlabeled else one_hot[..., : self.num_classes]]
        if self.has_edges:
            parts.append((values % 2).unsqueeze(-1))
        return torch.cat(parts, dim=-1).to(torch.float32).movedim(-1, 1)

    def rows_of(self, weight: Tensor) -> Tensor:
        """What each value adds at each place of a convolution's window.

        Takes a weight (D, S, k, k); returns (k*k, num_values + 1, D), the last row, "outside",
        zero.
        """
        by_channel = weight.permute(2, 3, 1, 0).flatten(0, 1)  # (k*k, S, D)
        rows = by_channel[:, : self.num_classes + int(self.has_unlabeled)]
        if not self.has_unlabeled:
            rows = F.pad(rows, (0, 0, 0, 1))
        if self.has_edges:
            rows = torch.stack([rows, rows + by_channel[:, -1:]], dim=2).flatten(1, 2)
        return F.pad(rows, (0, 0, 0, 1))


class DenseCondition:
    """A map of real numbers, (B, S, H, W): fused, soft, or the plain twin of a label map."""

    def __init__(self, channels: Tensor) -> None:
        self._channels = channels
        self._sizes: dict[tuple[int, int], Tensor] = {}

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of the map."""
        return (self._channels.shape[2], self._channels.shape[3])

    def __len__(self) -> int:
        return self._channels.shape[0]

    def dense_at(self, size_hw: tuple[int, int]) -> Tensor:
        """The map at a size by nearest neighbour, (B, S, h, w)."""
        if size_hw == self.size_hw:
            return self._channels
        if size_hw not in self._sizes:
            self._sizes[size_hw] = F.interpolate(self._channels, size=size_hw, mode="nearest")
        return self._sizes[size_hw]


Condition = LabelCondition | DenseCondition


class SpadeNorm(nn.Module):
    """Normalise without parameters, then scale by 1 + gamma, shift by beta (equation 1)."""

    def __init__(
        self,
        channels: int,
        *,
        condition_channels: int,
        hidden_channels: int = 128,
        kernel_size: int = 3,
        normalization: Normalization = "batch",
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.normalize: nn.Module
        if normalization == "batch":
            self.normalize = nn.BatchNorm2d(channels, affine=False)
        else:
            self.normalize = nn.InstanceNorm2d(channels, affine=False)
        padding = kernel_size // 2
        self.shared = nn.Conv2d(condition_channels, hidden_channels, kernel_size, padding=padding)
        self.gamma = nn.Conv2d(hidden_channels, channels, kernel_size, padding=padding)
        self.beta = nn.Conv2d(hidden_channels, channels, kernel_size, padding=padding)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        """Modulate (B, C, h, w) by a condition of any size; returns that shape."""
        x, size_hw = self.normalize(x), (x.shape[2], x.shape[3])
        if isinstance(condition, LabelCondition):
            blocks = condition.neighborhoods_at(size_hw, self.kernel_size)
            if blocks.share <= MAX_BLOCK_SHARE:
                scale_table, shift_table = self.block_tables(condition, blocks)
                return modulate_blocks(x.to(scale_table.dtype), scale_table, shift_table, blocks)
        scale, shift = self.modulation(condition, size_hw)
        return torch.addcmul(shift, x.to(scale.dtype), scale)

    def modulation(self, condition: Condition, size_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """1 + gamma and beta at a size, each (B, C, h, w), by convolution."""
        dense = condition.dense_at(size_hw).to(self.shared.weight.dtype)
        hidden = F.relu(self.shared(dense))
        return 1.0 + self.gamma(hidden), self.beta(hidden)

    def block_tables(
        self, condition: LabelCondition, blocks: Neighborhoods
    ) -> tuple[Tensor, Tensor]:
        """1 + gamma and beta of every distinct block, each (U_outer, C)."""
        rows = condition.rows_of(self.shared.weight)  # (k*k, V + 1, D)
        bias = cast(Tensor, self.shared.bias)
        hidden = F.relu(sum_rows(rows, blocks.inner_blocks) + bias)  # (U_inner, D)
        hidden = F.pad(hidden, (0, 0, 0, 1))  # outside the image the second convolution sees zero
        windows = gather_rows(hidden, blocks.outer_blocks, blocks.places_by_inner_block).flatten(1)

        def convolve(convolution: nn.Conv2d, constant: float) -> Tensor:
            weight = convolution.weight.permute(0, 2, 3, 1).flatten(1)  # (C, k*k*D)
            return F.linear(windows, weight, cast(Tensor, convolution.bias) + constant)

        return convolve(self.gamma, 1.0), convolve(self.beta, 0.0)


def sum_rows(rows: Tensor, blocks: Tensor) -> Tensor:
    """Add one row per place: rows (P, V, D) at positions (U, P) in [0, V); returns (U, D)."""
    places, values, width = rows.shape
    offsets = torch.arange(places, device=blocks.device) * values
    return F.embedding_bag(blocks + offsets, rows.reshape(places * values, width), mode="sum")


def gather_rows(table: Tensor, numbers: Tensor, grouping: Grouping) -> Tensor:
    """Rows of a table (V, D) by number, (..., D); `grouping` is that of the numbers."""
    return cast(Tensor, _GatherRows.apply(table, numbers, grouping))


class _GatherRows(torch.autograd.Function):
    """Embedding whose backward adds up each row in a fixed order: fast, and the same every time."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, numbers: Tensor, grouping: Grouping) -> Tensor:
        ctx.grouping = grouping
        return F.embedding(numbers, table)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        gradient = gradients[0].reshape(-1, gradients[0].shape[-1])
        return _add_groups(gradient, ctx.grouping), None, None


def _add_groups(rows: Tensor, grouping: Grouping) -> Tensor:
    """Add the rows of each group: (N, D) to (G, D)."""
    return F.embedding_bag(grouping.order, rows, grouping.starts, mode="sum")


def _gather_pixels(table: Tensor, blocks: Neighborhoods) -> Tensor:
    """Give every pixel its block's row: (U, C) to (B, C, h, w), channels last in memory."""
    return F.embedding(blocks.numbers, table).movedim(3, 1)


def modulate_blocks(
    x: Tensor, scale_table: Tensor, shift_table: Tensor, blocks: Neighborhoods
) -> Tensor:
    """x * scale + shift with each pixel's rows of two tables (U, C); x is (B, C, h, w)."""
    return cast(Tensor, _ModulateBlocks.apply(x, scale_table, shift_table, blocks))


class _ModulateBlocks(torch.autograd.Function):
    """Its backward adds the pixels of each block in a fixed order: fast, always the same."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale_table: Tensor, shift_table: Tensor, blocks: Neighborhoods
    ) -> Tensor:
        ctx.save_for_backward(x, scale_table)
        ctx.blocks = blocks
        scale = _gather_pixels(scale_table, blocks)
        return torch.addcmul(_gather_pixels(shift_table, blocks), x, scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, scale_table = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)

        def add_pixels(values: Tensor) -> Tensor:
            # A single map may serve many pictures: their gradients add up.
            values = values.sum_to_size(ctx.blocks.numbers.shape[0], *values.shape[1:])
            pixels = values.movedim(1, 3).reshape(-1, values.shape[1])
            return _add_groups(pixels, ctx.blocks.pixels_by_block)

        return (
            gradient * _gather_pixels(scale_table, ctx.blocks),
            add_pixels(gradient * x),
            add_pixels(gradient),
            None,
        )
