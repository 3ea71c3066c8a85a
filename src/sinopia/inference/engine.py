"""The exact engine: a SPADE generator rearranged for painting. The same function, done faster.

What depends on the map alone (scale and shift of every pixel) is computed once per distinct
neighbourhood and kept; evaluation-mode batch norm is folded into it; pictures lie channels-last in
memory, so that a pixel's channels are one row. With batch norm folded, a change of the map changes
a picture only within the receptive field, so after a stroke only the region that can have changed
is painted anew, block by block (an exact form of Li et al. 2022).

Shapes: B pictures, H W pixels of a block's grid, C channels; activations are (B, H, W, C).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.errors import RequestError
from sinopia.inference.block_table import BlockTable, FoldedNorm
from sinopia.inference.packed_layers import PackedConvolution
from sinopia.inference.region import Region, changed_region
from sinopia.models.spade import (
    NO_STYLE,
    SpadeBlock,
    SpadeGenerator,
    doubled,
    fixed_noise,
    style_features,
)
from sinopia.nn.precision import Precision
from sinopia.nn.spade import LabelCondition, sum_rows

__all__ = ["SpadeEngine"]

_LEAK = 0.2
_CHUNK_BYTES = 1 << 20
"""Activations that a CPU modulates at a time, so that what is between the steps stays in the
cache."""
_STRIP_BYTES = 24 << 20
"""Of the activations of a block: a CPU paints larger ones in strips. That bounds the memory of
large pictures; and the C library hands out pieces of more than 32 MiB as fresh, untouched memory,
which is slow.
"""
_MIN_STRIP = 16
"""Lines of a strip at least: its margin is painted twice."""
_LOCAL_SHARE = 0.7
"""Of a block's grid: a larger region is painted as a whole."""
_REACH_OF_BLOCK = 2
"""Pixels by which the two 3x3 convolutions of a block widen a change."""
_REACH_OF_LAST = 1
_REACH_OF_BILINEAR = 1
"""Pixels of the finer grid by which bilinear doubling widens a change."""


class SpadeEngine:
    """Paints maps with one generator, reusing all that did not change since the picture before.

    Args:
        generator: in evaluation mode; its weights are copied, in the engine's precision.
        precision: "fp32" or "bf16".
        is_live: whether to keep the neighbourhoods of earlier maps and the activations of the
            latest picture, so that a stroke is painted quickly. A picture then equals that of a
            fresh engine to rounding, without it to the last bit.
        max_table_bytes: bound of the kept neighbourhoods; those of the map at hand always are.
        takes_weights: whether the generator may be emptied, block by block, while it is copied, so
            that its weights never lie in memory twice. It cannot be used afterwards.
    """

    def __init__(
        self,
        generator: SpadeGenerator,
        *,
        precision: Precision,
        is_live: bool = False,
        max_table_bytes: int = 256 << 20,
        takes_weights: bool = False,
    ) -> None:
        self._config = generator.config
        self._doubles_before = self._config.doubles_before
        self._dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._start = _Start(generator, dtype=self._dtype)
        self._is_live = is_live
        # Blocks at one resolution see the same map, so their layers share a table.
        self._level_of_block: list[int] = []
        self._blocks: list[_Block] = []
        height, width = generator.config.start_grid(generator.config.size_hw)
        level = 0
        for doubles, block in zip(self._doubles_before, _spade_blocks(generator), strict=True):
            level += int(doubles)
            self._level_of_block.append(level)
            size_hw = (height << level, width << level)
            self._blocks.append(_Block(block, dtype=self._dtype, size_hw=size_hw))
            if takes_weights:
                block.to("meta")
        self._to_image = PackedConvolution(
            generator.to_image, dtype=self._dtype, size_hw=generator.config.size_hw
        )
        # Folded, all that a block does to a pixel depends on the pixels around it.
        is_local = all(norm.normalize is None for each in self._blocks for norm in each.norms)
        self._can_repaint = is_live and is_local
        self._can_split = is_local and generator.to_image.weight.device.type == "cpu"
        self._tables: list[BlockTable] = []
        self._first_norm: list[int] = []
        for current in range(level + 1):
            norms: list[FoldedNorm] = []
            for block, of_block in zip(self._blocks, self._level_of_block, strict=True):
                if of_block == current:
                    self._first_norm.append(len(norms))
                    norms += block.norms
            self._tables.append(BlockTable(norms, max_bytes=max_table_bytes // (level + 1)))
        self._noise: dict[tuple[int, int], list[Tensor]] = {}
        self._map: _Map | None = None
        self._picture: _Picture | None = None

    def forget(self) -> None:
        """Drop all that was kept; pictures to come are those of a fresh engine, to the last bit."""
        self._map = self._picture = None
        for table in self._tables:
            table.forget()

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
        self._config.check_size(condition.size_hw)
        before, self._map = self._map, None
        if before is not None and not before.is_like(condition):
            before = None
        if not self._is_live:
            before = None
            for table in self._tables:
                table.forget()
        rows, changed = [], []
        for level in range(len(self._tables)):
            of_level, changed_there = self._take_level(level, condition, before)
            rows.append(of_level)
            changed.append(changed_there)
        self._map = _Map(condition, rows, changed)
        if condition.size_hw not in self._noise:
            # of one size at a time: all pictures of a size have the same
            self._noise = {condition.size_hw: self._fixed_noise(condition)}

    def _fixed_noise(self, condition: LabelCondition) -> list[Tensor]:
        """The noise of each block, (1, h, w, 1)."""
        device = condition.values_at(condition.size_hw).device
        noise = fixed_noise(self._config, condition.size_hw, device=device)
        return [each.permute(0, 2, 3, 1).to(self._dtype) for each in noise]

    def _take_level(
        self, level: int, condition: LabelCondition, before: _Map | None
    ) -> tuple[Tensor, Region | None]:
        """The rows of a level's pixels, and where they differ from those that the latest picture
        was made with. Only what changed since the map before is numbered.
        """
        height, width = (side << level for side in self._config.start_grid(condition.size_hw))
        kernel_size = self._config.kernel_size
        table = self._tables[level]
        if before is not None:
            pending = before.changed[level]  # of a map that was set and never painted
            values = condition.values_at((height, width))
            edited = changed_region(before.condition.values_at((height, width)), values)
            if edited is None:
                return before.rows[level], pending
            if not table.holds_pixels:
                region = edited.grown(2 * (kernel_size // 2), (height, width))
                blocks = condition.neighborhoods_inside(
                    (height, width),
                    kernel_size,
                    rows=(region.top, region.bottom),
                    columns=(region.left, region.right),
                )
                inside, is_kept = table.rows_of(condition, blocks)
                if is_kept:
                    rows = before.rows[level]  # the map before is no longer needed
                    region.of(rows).copy_(inside)
                    return rows, region.joined(pending)
        blocks = condition.neighborhoods_at((height, width), kernel_size)
        return table.rows_of_map(condition, blocks), Region.whole((height, width))

    @torch.inference_mode()
    def paint(self, style: Tensor | None = None) -> Tensor:
        """Pictures (B, 3, H, W) float32 in [-1, 1] of the maps; `style` is (B, style_dim).

        One map serves many styles, and one style many maps.

        Raises:
            RequestError: for a missing or needless style.
        """
        assert self._map is not None, "set_map() comes before paint()"
        start = self._start(self._map.condition, style)
        # Until it is complete there is none: it is changed in place.
        before, self._picture = self._picture, None
        if before is not None and before.start.shape != start.shape:
            before = None
        if before is None:
            changed: Region | None = Region.whole((start.shape[1], start.shape[2]))
        else:
            changed = changed_region(before.start, start)

        x = start
        activations: list[Tensor] = []
        for index in range(len(self._blocks)):
            kept = None if before is None else before.activations[index]
            x, changed = self._run_block(index, x, kept, changed)
            if self._can_repaint:
                activations.append(x)
        image, _ = self._repaint(
            lambda region: self._last(region.of(x)),
            (x.shape[1], x.shape[2]),
            None if before is None else before.image,
            changed,
            reach=_REACH_OF_LAST,
            line_bytes=x[:, 0].numel() * x.element_size(),
        )
        if self._can_repaint:
            self._picture = _Picture(start, activations, image)
            self._map.changed = [None] * len(self._tables)
            image = image.clone()
        return image.permute(0, 3, 1, 2)

    def _run_block(
        self, index: int, x: Tensor, kept: Tensor | None, changed: Region | None
    ) -> tuple[Tensor, Region | None]:
        """A block's output, and where it may differ from the kept one; `changed` is the input."""
        assert self._map is not None
        block, level = self._blocks[index], self._level_of_block[index]
        rows, doubles = self._map.rows[level], self._doubles_before[index]
        size_hw = (rows.shape[1], rows.shape[2])
        is_blended = doubles and self._config.interpolation == "bilinear"
        first = self._first_norm[index]
        noise = self._noise[self._map.condition.size_hw]
        tables = [
            self._tables[level].scale_and_shift(first + each) for each in range(len(block.norms))
        ]
        if kept is not None:
            if changed is not None and doubles:
                changed = changed.doubled()
                if is_blended:
                    changed = changed.grown(_REACH_OF_BILINEAR, size_hw)
            map_changed = self._map.changed[level]
            changed = map_changed if changed is None else changed.joined(map_changed)

        def run(region: Region) -> Tensor:
            if is_blended:
                source = _blended(x, region)
            else:
                source = (region.halved() if doubles else region).of(x)
            return block(
                source,
                region.of(rows),
                tables,
                doubles=doubles and not is_blended,
                noise=region.of(noise[index]) if noise else None,
            )

        line_bytes = x.shape[0] * size_hw[1] * x.shape[3] * x.element_size()
        return self._repaint(
            run, size_hw, kept, changed, reach=_REACH_OF_BLOCK, line_bytes=line_bytes
        )

    def _repaint(
        self,
        run: Callable[[Region], Tensor],
        size_hw: tuple[int, int],
        kept: Tensor | None,
        changed: Region | None,
        *,
        reach: int,
        line_bytes: int,
    ) -> tuple[Tensor, Region | None]:
        """What convolutions give, (B, H, W, C), and where it may differ from what was kept of it.

        Args:
            run: gives the pixels of a region; those within `reach` of its edges are wrong, except
                where the grid ends.
            size_hw: of the grid.
            kept: what they gave for the picture before, if that was kept. It is changed in place.
            changed: where their input differs from that of the picture before.
            reach: pixels by which the convolutions widen a change.
            line_bytes: memory of a line of activations.
        """
        whole = Region.whole(size_hw)
        if kept is not None:
            if changed is None:
                return kept, None
            region = changed.grown(reach, size_hw)
            if region.grown(reach, size_hw).area > _LOCAL_SHARE * whole.area:
                region = whole
        else:
            region = whole
        height = max(_MIN_STRIP, _STRIP_BYTES // line_bytes) if self._can_split else size_hw[0]
        strips = region.strips(height)
        if strips == [whole]:
            return run(whole), whole
        output = kept
        for strip in strips:
            needed = strip.grown(reach, size_hw).evened(size_hw)
            part = run(needed)
            if output is None:
                output = part.new_empty(part.shape[0], *size_hw, part.shape[3])
            strip.of(output).copy_(strip.within(needed).of(part))
        assert output is not None, "a region has strips"
        return output, region

    def _last(self, x: Tensor) -> Tensor:
        return torch.tanh(self._to_image(F.leaky_relu(x, _LEAK)).float())


@dataclass
class _Map:
    """The maps at hand: rows by level, and where these changed since the latest picture."""

    condition: LabelCondition
    rows: list[Tensor]
    changed: list[Region | None]

    def is_like(self, other: LabelCondition) -> bool:
        """Whether other maps have the same number and size."""
        ours = self.condition
        return len(ours) == len(other) and ours.size_hw == other.size_hw


@dataclass(frozen=True, eq=False)
class _Picture:
    """The latest pictures and all that they went through."""

    start: Tensor
    activations: list[Tensor]
    image: Tensor


class _Start:
    """The first features of a picture; from a map, a sum of nine rows of a table for each pixel."""

    def __init__(self, generator: SpadeGenerator, *, dtype: torch.dtype) -> None:
        self._config = generator.config
        self._layer = generator.start
        self._dtype = dtype
        self._rows: Tensor | None = None

    def __call__(self, condition: LabelCondition, style: Tensor | None) -> Tensor:
        """(B, h, w, C), B the larger of the numbers of maps and of styles.

        Raises:
            RequestError: for a missing or needless style.
        """
        layer, size_hw = self._layer, condition.size_hw
        if isinstance(layer, nn.Linear):
            features = style_features(layer, style, config=self._config, size_hw=size_hw)
            features = features.permute(0, 2, 3, 1).to(self._dtype).contiguous()
            return features if len(features) > 1 else features.expand(len(condition), -1, -1, -1)
        if style is not None:
            raise RequestError(NO_STYLE)
        assert isinstance(layer, nn.Conv2d), "a picture begins with a style code or with its map"
        if self._rows is None:
            self._rows = condition.rows_of(layer.weight.detach())
        height, width = self._config.start_grid(size_hw)
        values = F.pad(
            condition.values_at((height, width)), (1, 1, 1, 1), value=condition.num_values
        )
        windows = values.unfold(1, 3, 1).unfold(2, 3, 1).reshape(-1, 9)
        features = sum_rows(self._rows, windows).view(len(condition), height, width, -1)
        assert layer.bias is not None, "the first convolution has a bias"
        return features.add_(layer.bias).to(self._dtype)


class _Block:
    """A SPADE block with its layers folded.

    Args:
        block: its weights are copied, in `dtype`.
        size_hw: of the grid that it will mostly see.
    """

    def __init__(self, block: SpadeBlock, *, dtype: torch.dtype, size_hw: tuple[int, int]) -> None:
        def convolution(layer: nn.Module) -> PackedConvolution:
            return PackedConvolution(layer, dtype=dtype, size_hw=size_hw)

        self.norms = [FoldedNorm(block.norm_0, dtype=dtype), FoldedNorm(block.norm_1, dtype=dtype)]
        self._noise_strength: Tensor | None = None
        if block.noise_strength is not None:
            self._noise_strength = block.noise_strength.detach().to(dtype)
        self._conv_0 = convolution(block.conv_0)
        self._conv_1 = convolution(block.conv_1)
        self._shortcut: PackedConvolution | None = None
        if block.has_learned_shortcut:
            self.norms.append(FoldedNorm(block.norm_shortcut, dtype=dtype))
            self._shortcut = convolution(block.conv_shortcut)

    def __call__(
        self,
        x: Tensor,
        rows: Tensor,
        tables: Sequence[Tensor],
        *,
        doubles: bool,
        noise: Tensor | None,
    ) -> Tensor:
        """(B, h, w, C_in) to (B, H, W, C_out); rows (B, H, W), a table (R, 2C) for each norm, noise
        (1, H, W, 1).

        With `doubles`, the block sees x doubled by nearest neighbour; x itself is not copied.
        """
        y = self._conv_0(self._modulate(0, x, rows, tables[0], doubles=doubles, slope=_LEAK))
        if self._noise_strength is not None and noise is not None:
            y.addcmul_(noise, self._noise_strength)
        y = self._conv_1(self._modulate(1, y, rows, tables[1], doubles=False, slope=_LEAK))
        if self._shortcut is not None:
            x = self._shortcut(self._modulate(2, x, rows, tables[2], doubles=doubles, slope=1.0))
            doubles = False
        if doubles:
            _in_fours(y).add_(x[:, :, None, :, None])
            return y
        return y.add_(x)

    def _modulate(
        self, index: int, x: Tensor, rows: Tensor, table: Tensor, *, doubles: bool, slope: float
    ) -> Tensor:
        """leaky_relu(x * scale + shift) with the rows' scale and shift; slope 1 = no activation."""
        normalize = self.norms[index].normalize
        if normalize is not None:  # a doubled picture has the same mean and variance
            x = normalize(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        batch, channels = x.shape[0], x.shape[3]
        height, width = rows.shape[1:]
        result = torch.empty(batch * height, width, channels, dtype=x.dtype, device=x.device)
        lines = rows.expand(batch, -1, -1).reshape(batch * height, width)
        source = x.reshape(-1, *x.shape[2:])
        step = len(lines)
        if x.device.type == "cpu":
            line_bytes = width * channels * x.element_size()
            step = max(1, _CHUNK_BYTES // line_bytes // 2) * 2
        for top in range(0, len(lines), step):
            chosen = lines[top : top + step]
            both = table.index_select(0, chosen.reshape(-1)).view(*chosen.shape, -1)
            scale, shift = both.chunk(2, dim=2)
            part = result[top : top + step]
            if doubles:
                torch.addcmul(
                    _in_fours(shift[None])[0],
                    source[top // 2 : (top + step) // 2, None, :, None],
                    _in_fours(scale[None])[0],
                    out=_in_fours(part[None])[0],
                )
            else:
                torch.addcmul(shift, source[top : top + step], scale, out=part)
            if slope != 1.0:
                F.leaky_relu_(part, slope)
        return result.view(batch, height, width, channels)


def _blended(x: Tensor, region: Region) -> Tensor:
    """The pixels of a region of (B, h, w, C) doubled bilinearly, which blends neighbours."""
    source = region.halved().grown(1, (x.shape[1], x.shape[2]))
    finer = doubled(source.of(x).permute(0, 3, 1, 2), "bilinear").permute(0, 2, 3, 1)
    return region.within(source.doubled()).of(finer).contiguous()


def _in_fours(x: Tensor) -> Tensor:
    """(B, H, W, C) as (B, H/2, 2, W/2, 2, C): a view of the pixels that doubling makes of one."""
    return x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))


def _spade_blocks(generator: SpadeGenerator) -> list[SpadeBlock]:
    return [each for each in generator.blocks if isinstance(each, SpadeBlock)]
