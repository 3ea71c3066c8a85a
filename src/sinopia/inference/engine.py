"""The exact engine: a SPADE generator rearranged for painting. The same function, only other orders
of additions.

What depends on the map alone (scale and shift of every pixel) is computed once per distinct
neighbourhood and kept; evaluation-mode batch norm is folded into it; pictures lie channels-last in
memory, so that a pixel's channels are one row. With batch norm folded, a change of the map changes
a picture only within the receptive field, so after a stroke only the region that can have changed
is painted anew, block by block (an exact form of Li et al. 2022).

Shapes: B pictures, H W pixels of a block's grid, C channels. Inside the engine, activations are (B,
    H, W, C).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.inference.block_table import BlockTable, FoldedNorm
from sinopia.inference.region import Region, changed_region
from sinopia.models.spade import SpadeBlock, SpadeGenerator
from sinopia.nn.precision import Precision
from sinopia.nn.spade import LabelCondition

__all__ = ["SpadeEngine"]

_LEAK = 0.2
_CHUNK_VALUES = 1 << 19
"""Values that are modulated at a time, so that what is between the steps stays in the cache."""
_LOCAL_SHARE = 0.6
"""Of a block's grid: a larger region is painted as a whole."""
_REACH = 2
"""Pixels by which the two 3x3 convolutions of a block widen a change."""


class SpadeEngine:
    """Paints maps with one generator, reusing all that did not change since the picture before.

    Args:
        generator: in evaluation mode; its weights are copied, in the engine's precision.
        precision: "fp32" or "bf16".
        is_live: whether to keep the neighbourhoods of earlier maps and the activations of the
            latest picture, so that a stroke is painted quickly. A picture then equals that of a fresh
            engine to rounding, without it to the last bit.
        max_table_bytes: bound of the kept neighbourhoods; those of the map at hand always are.
    """

    def __init__(
        self,
        generator: SpadeGenerator,
        *,
        precision: Precision,
        is_live: bool = False,
        max_table_bytes: int = 256 << 20,
    ) -> None:
        self._generator = generator
        self._dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._is_live = is_live
        self._blocks = [_Block(each, dtype=self._dtype) for each in _spade_blocks(generator)]
        self._can_repaint = is_live and all(
            norm.normalize is None for each in self._blocks for norm in each.norms
        )
        self._to_image = _Convolution(generator.to_image, dtype=self._dtype)
        # Blocks at one resolution see the same map, so their layers share a table.
        self._level_of_block: list[int] = []
        level = 0
        for doubles in generator.doubles_before:
            level += int(doubles)
            self._level_of_block.append(level)
        self._tables: list[BlockTable] = []
        self._first_norm: list[int] = []
        for current in range(level + 1):
            norms: list[FoldedNorm] = []
            for block, of_block in zip(self._blocks, self._level_of_block, strict=True):
                if of_block == current:
                    self._first_norm.append(len(norms))
                    norms += block.norms
            self._tables.append(BlockTable(norms, max_bytes=max_table_bytes // (level + 1)))
        self._map: _Map | None = None
        self._picture: _Picture | None = None

    @property
    def table_bytes(self) -> int:
        """Memory of the kept neighbourhoods."""
        return sum(table.num_bytes for table in self._tables)

    @property
    def activation_bytes(self) -> int:
        """Memory of the activations kept for local repainting."""
        if self._picture is None:
            return 0
        kept = [*self._picture.activations, self._picture.image]
        return sum(each.numel() * each.element_size() for each in kept)

    @torch.inference_mode()
    def set_map(self, condition: LabelCondition) -> None:
        """Take the maps of the pictures to come.

        Raises:
            RequestError: for a size that the generator cannot make.
        """
        self._generator.check_size(condition.size_hw)
        step = self._generator.config.size_multiple
        grid = (condition.size_hw[0] // step, condition.size_hw[1] // step)
        rows, changed = [], []
        for level, table in enumerate(self._tables):
            size_hw = (grid[0] << level, grid[1] << level)
            if not self._is_live:
                table.forget()
            blocks = condition.neighborhoods_at(size_hw, self._generator.config.kernel_size)
            numbers, is_kept = table.rows_of(condition, blocks)
            rows.append(numbers)
            changed.append(self._changed_since_picture(level, numbers, is_kept))
        self._map = _Map(condition, rows, changed)

    def _changed_since_picture(self, level: int, rows: Tensor, is_kept: bool) -> Region | None:
        """Where new rows (B, H, W) differ from those that the latest picture was made with."""
        if self._map is None or not is_kept or self._map.rows[level].shape != rows.shape:
            return Region.whole((rows.shape[1], rows.shape[2]))
        region = changed_region(self._map.rows[level], rows)
        pending = self._map.changed[level]  # of a map that was set and never painted
        return pending if region is None else region.joined(pending)

    @torch.inference_mode()
    def paint(self, style: Tensor | None = None) -> Tensor:
        """Pictures (B, 3, H, W) float32 in [-1, 1] of the maps; `style` is (B, style_dim).

        Raises:
            RequestError: for a missing or needless style.
        """
        assert self._map is not None, "set_map() comes before paint()"
        start = self._generator.start_features(self._map.condition, style)
        start = start.permute(0, 2, 3, 1).to(self._dtype).contiguous()
        before = self._picture
        if before is not None and before.start.shape != start.shape:
            before = None
        changed = changed_region(before.start, start) if before is not None else None
        if before is None:
            changed = Region.whole((start.shape[1], start.shape[2]))

        x = start
        activations: list[Tensor] = []
        for index, block in enumerate(self._blocks):
            if self._generator.doubles_before[index]:
                x = _double(x)
                changed = None if changed is None else changed.doubled()
            kept = None if before is None else before.activations[index]
            x, changed = self._run_block(index, block, x, kept, changed)
            activations.append(x)
        image = self._run_to_image(x, None if before is None else before.image, changed)
        if self._can_repaint:
            self._picture = _Picture(start, activations, image)
            self._map.changed = [None] * len(self._tables)
        return image.permute(0, 3, 1, 2)

    def _run_block(
        self, index: int, block: _Block, x: Tensor, kept: Tensor | None, changed: Region | None
    ) -> tuple[Tensor, Region | None]:
        """A block's output, and where it may differ from the kept one."""
        assert self._map is not None
        level = self._level_of_block[index]
        table, rows = self._tables[level], self._map.rows[level]
        size_hw = (x.shape[1], x.shape[2])
        first = self._first_norm[index]
        tables = [table.scale_and_shift(first + each) for each in range(len(block.norms))]
        if kept is None:
            return block(x, rows, tables), Region.whole(size_hw)
        map_changed = self._map.changed[level]
        if changed is None:
            changed = map_changed
        else:
            changed = changed.joined(map_changed)
        if changed is None:
            return kept, None
        output = changed.grown(_REACH, size_hw)
        needed = output.grown(_REACH, size_hw)
        if needed.area > _LOCAL_SHARE * size_hw[0] * size_hw[1]:
            return block(x, rows, tables), Region.whole(size_hw)
        part = block(needed.of(x).contiguous(), needed.of(rows), tables)
        kept = kept.clone()
        output.of(kept).copy_(output.within(needed).of(part))
        return kept, output

    def _run_to_image(self, x: Tensor, kept: Tensor | None, changed: Region | None) -> Tensor:
        size_hw = (x.shape[1], x.shape[2])
        if kept is not None:
            if changed is None:
                return kept
            output = changed.grown(1, size_hw)
            needed = output.grown(1, size_hw)
            if needed.area <= _LOCAL_SHARE * size_hw[0] * size_hw[1]:
                part = self._last(needed.of(x))
                kept = kept.clone()
                output.of(kept).copy_(output.within(needed).of(part))
                return kept
        return self._last(x)

    def _last(self, x: Tensor) -> Tensor:
        return torch.tanh(self._to_image(F.leaky_relu(x, _LEAK)).float())


@dataclass
class _Map:
    """The maps at hand: rows by level, and where these changed since the latest picture."""

    condition: LabelCondition
    rows: list[Tensor]
    changed: list[Region | None]


@dataclass(frozen=True, eq=False)
class _Picture:
    """The latest pictures and all that they went through."""

    start: Tensor
    activations: list[Tensor]
    image: Tensor


class _Convolution:
    """A convolution that keeps the size, of activations (B, H, W, C)."""

    def __init__(self, layer: nn.Module, *, dtype: torch.dtype) -> None:
        assert isinstance(layer, nn.Conv2d)
        weight = layer.weight.detach().to(dtype)
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = None if layer.bias is None else layer.bias.detach().to(dtype)
        self._padding = layer.kernel_size[0] // 2

    def __call__(self, x: Tensor) -> Tensor:
        y = F.conv2d(x.permute(0, 3, 1, 2), self._weight, self._bias, padding=self._padding)
        return y.permute(0, 2, 3, 1)


class _Block:
    """A SPADE block with its layers folded."""

    def __init__(self, block: SpadeBlock, *, dtype: torch.dtype) -> None:
        self.norms = [FoldedNorm(block.norm_0, dtype=dtype), FoldedNorm(block.norm_1, dtype=dtype)]
        self._conv_0 = _Convolution(block.conv_0, dtype=dtype)
        self._conv_1 = _Convolution(block.conv_1, dtype=dtype)
        self._shortcut: _Convolution | None = None
        if block.has_learned_shortcut:
            self.norms.append(FoldedNorm(block.norm_shortcut, dtype=dtype))
            self._shortcut = _Convolution(block.conv_shortcut, dtype=dtype)

    def __call__(self, x: Tensor, rows: Tensor, tables: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """(B, H, W, C_in) to (B, H, W, C_out); rows (B, H, W), tables (R, C) for each norm."""
        y = self._conv_0(self._modulate(0, x, rows, tables, slope=_LEAK))
        y = self._conv_1(self._modulate(1, y, rows, tables, slope=_LEAK))
        if self._shortcut is not None:
            x = self._shortcut(self._modulate(2, x, rows, tables, slope=1.0))
        return y.add_(x)

    def _modulate(
        self,
        index: int,
        x: Tensor,
        rows: Tensor,
        tables: Sequence[tuple[Tensor, Tensor]],
        *,
        slope: float,
    ) -> Tensor:
        """leaky_relu(x * scale + shift) with the rows' scale and shift; slope 1 = no activation."""
        normalize = self.norms[index].normalize
        if normalize is not None:
            x = normalize(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).contiguous()
        channels = x.shape[3]
        pixels, flat_rows = x.reshape(-1, channels), rows.expand(x.shape[:3]).reshape(-1)
        scale_table, shift_table = tables[index]
        result = torch.empty_like(pixels)
        chunk = max(1, _CHUNK_VALUES // channels)
        for start in range(0, len(pixels), chunk):
            at = slice(start, start + chunk)
            scale = scale_table.index_select(0, flat_rows[at])
            shift = shift_table.index_select(0, flat_rows[at])
            part = torch.addcmul(shift, pixels[at], scale, out=result[at])
            if slope != 1.0:
                F.leaky_relu_(part, slope)
        return result.view(x.shape)


def _double(x: Tensor) -> Tensor:
    """Nearest doubling of (B, H, W, C)."""
    batch, height, width, channels = x.shape
    wide = x[:, :, None, :, None].expand(batch, height, 2, width, 2, channels)
    return wide.reshape(batch, 2 * height, 2 * width, channels)


def _spade_blocks(generator: SpadeGenerator) -> list[SpadeBlock]:
    return [each for each in generator.blocks if isinstance(each, SpadeBlock)]
