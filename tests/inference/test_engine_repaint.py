"""Live mode: after any edits, the picture of a full pass; and untouched pixels stay untouched."""

from __future__ import annotations

import dataclasses
import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sinopia.inference import block_table, engine
from sinopia.inference.block_table import BlockTable, FoldedNorm
from sinopia.inference.engine import SpadeEngine
from sinopia.inference.packed_layers import PackedConvolution
from sinopia.inference.region import Region, changed_region
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.nn.neighborhoods import Neighborhoods
from sinopia.nn.precision import Precision
from sinopia.nn.spade import LabelCondition
from tests.inference.engine_cases import (
    CLOSE,
    NUM_CLASSES,
    PLAIN,
    condition_of,
    configs,
    engine_picture,
    fresh_picture,
    make_generator,
    paint_stroke,
    painted_ids,
    random_ids,
    random_style,
    seeded,
)

FEW = settings(deadline=None, derandomize=True, database=None, max_examples=25)
cached_generator = functools.cache(make_generator)
EDITS = ("dab", "dab", "dab", "unpainted dab", "stroke", "nothing", "style", "size", "map", "count")


def live_engine(generator: SpadeGenerator, **options: int) -> SpadeEngine:
    return SpadeEngine(generator, precision="fp32", is_live=True, **options)


def paint_dab(ids: Tensor, random: torch.Generator) -> None:
    """Change a few pixels, which the coarse levels mostly do not sample."""
    row, column = (int(torch.randint(side - 3, (), generator=random)) for side in ids.shape[1:])
    value = int(torch.randint(NUM_CLASSES, (), generator=random))
    ids[:, row : row + 3, column : column + 2] = value


@FEW
@given(
    config=configs(),
    edits=st.lists(st.sampled_from(EDITS), min_size=3, max_size=7),
    max_table_bytes=st.sampled_from([1, 60_000, 256 << 20]),
    share=st.sampled_from([0.0, 0.7, 1.0]),
    crowded=st.sampled_from([0, 50, 10**9]),
    seed=st.integers(0, 99),
)
def test_after_any_edits_the_picture_is_that_of_a_full_pass(
    config: SpadeConfig,
    edits: list[str],
    max_table_bytes: int,
    share: float,
    crowded: int,
    seed: int,
) -> None:
    generator, random = cached_generator(config), seeded(seed)
    painter = live_engine(generator, max_table_bytes=max_table_bytes)
    step, batch, style_seed = config.size_multiple, 1, 0
    ids = painted_ids((3 * step, 2 * step), seed=seed)
    engine_picture(painter, condition_of(generator, ids), random_style(generator, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_LOCAL_SHARE", share)  # from never to always a local repaint
        # From rows of pixels on all levels whose blocks are many, to rows of blocks always.
        patch.setattr(block_table, "_CROWDED_BLOCKS", crowded)
        for edit in edits:
            ids = ids.clone()
            if edit == "dab":
                paint_dab(ids, random)
            elif edit == "unpainted dab":
                paint_dab(ids, random)
                painter.set_map(condition_of(generator, ids.clone()))
                paint_dab(ids, random)
            elif edit == "stroke":
                paint_stroke(ids, random)
            elif edit == "style":
                style_seed += 1
            elif edit == "size":
                height, width = ids.shape[1:]
                ids = painted_ids((width, height), batch=batch, seed=seed)
            elif edit == "map":
                ids = random_ids((ids.shape[1], ids.shape[2]), batch=batch, seed=seed)
            elif edit == "count":
                batch = 3 - batch
                ids = ids[:1].expand(batch, -1, -1)
            condition = condition_of(generator, ids)
            style = random_style(generator, batch, seed=style_seed)
            got = engine_picture(painter, condition, style)
            expected = fresh_picture(generator, condition, style)
            torch.testing.assert_close(got, expected, **CLOSE)


@pytest.fixture(scope="module")
def generator() -> SpadeGenerator:
    return make_generator(dataclasses.replace(PLAIN, size_hw=(128, 128)))


@pytest.fixture
def ids() -> Tensor:
    return painted_ids((128, 128), seed=5)


@pytest.fixture
def convolved(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Height and width of what each convolution of an engine was given, in order."""
    seen: list[tuple[int, int]] = []
    call = PackedConvolution.__call__

    def counted(layer: PackedConvolution, x: Tensor) -> Tensor:
        seen.append((x.shape[1], x.shape[2]))
        return call(layer, x)

    monkeypatch.setattr(PackedConvolution, "__call__", counted)
    return seen


def with_dab(ids: Tensor, value: int = 1) -> Tensor:
    """A dab of 3x3 pixels, which only the two finest levels sample: no row or column of it is a
    multiple of 4, and row 42 and column 74 are multiples of 2.
    """
    edited = ids.clone()
    edited[:, 41:44, 73:76] = value
    assert not torch.equal(ids, edited)
    return edited


# Level 4 sees pixel (21, 37): neighbourhoods within 2, two convolutions, doubled, two convolutions,
# and the last convolution.
REACH_OF_DAB = Region(2 * (21 - 4) - 3, 2 * (37 - 4) - 3, 2 * (22 + 4) + 3, 2 * (38 + 4) + 3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_pixels_outside_the_reach_of_a_dab_stay_the_same_bits(
    generator: SpadeGenerator, ids: Tensor, precision: Precision
) -> None:
    painter = SpadeEngine(generator, precision=precision, is_live=True)
    before = engine_picture(painter, condition_of(generator, ids))
    edited = condition_of(generator, with_dab(ids))
    after = engine_picture(painter, edited)
    changed = changed_region(before.movedim(1, 3), after.movedim(1, 3))
    assert changed is not None
    assert changed.joined(REACH_OF_DAB) == REACH_OF_DAB
    assert changed.area > 200  # and it is about all of it
    if precision == "bf16":
        full = engine_picture(SpadeEngine(generator, precision=precision), edited)
        assert float((after - full).abs().mean()) < 1e-3
        assert torch.equal(after[..., 60:, :], full[..., 60:, :])


def test_a_dab_convolves_a_small_region_of_the_levels_that_changed(
    generator: SpadeGenerator, ids: Tensor, convolved: list[tuple[int, int]]
) -> None:
    painter = live_engine(generator)
    engine_picture(painter, condition_of(generator, ids))
    # Seven blocks of two convolutions, two of them with a shortcut, and the last convolution.
    sides = [4, 4, 8, 8, 8, 8, 16, 16, 16, 32, 32, 64, 64, 64, 128, 128, 128]
    assert convolved == [(side, side) for side in sides]

    convolved.clear()
    engine_picture(painter, condition_of(generator, with_dab(ids)))
    # A pixel, around it 2 (neighbourhoods), 2 (the output) and 2 (its context): 13; then 2 * 9
    # and 2 + 2 around them; then 22 and 1 + 1 around them. All widened to even edges.
    assert convolved == [(14, 14)] * 3 + [(26, 26)] * 2 + [(26, 26)]


def test_dabs_of_several_levels_and_maps_add_up(
    generator: SpadeGenerator, ids: Tensor, convolved: list[tuple[int, int]]
) -> None:
    """What is painted anew holds all changes since the picture before, of whatever level."""
    painter = live_engine(generator)
    engine_picture(painter, condition_of(generator, ids))
    edited = with_dab(ids)
    painter.set_map(condition_of(generator, edited))  # never painted
    edited = edited.clone()
    edited[:, 101, 33] = (edited[:, 101, 33] + 1) % NUM_CLASSES  # seen by the finest level alone
    condition = condition_of(generator, edited)
    convolved.clear()
    got = engine_picture(painter, condition)
    assert max(convolved) < (128, 128)
    torch.testing.assert_close(got, fresh_picture(generator, condition), **CLOSE)
    # Both in one map, and taken back.
    torch.testing.assert_close(
        engine_picture(painter, condition_of(generator, ids)),
        fresh_picture(generator, condition_of(generator, ids)),
        **CLOSE,
    )


def test_bilinear_doubling_widens_a_change_by_a_pixel(
    ids: Tensor, convolved: list[tuple[int, int]]
) -> None:
    config = dataclasses.replace(PLAIN, size_hw=(128, 128), interpolation="bilinear")
    generator = make_generator(config)
    painter = live_engine(generator)
    engine_picture(painter, condition_of(generator, ids))
    condition = condition_of(generator, with_dab(ids))
    convolved.clear()
    got = engine_picture(painter, condition)
    assert convolved == [(14, 14)] * 3 + [(30, 30)] * 3  # nearest: 26; a pixel more, then even
    torch.testing.assert_close(got, fresh_picture(generator, condition), **CLOSE)


def test_a_stroke_that_the_coarsest_level_samples_is_a_full_pass(
    generator: SpadeGenerator, ids: Tensor, convolved: list[tuple[int, int]]
) -> None:
    painter = live_engine(generator)
    engine_picture(painter, condition_of(generator, ids))
    full = list(convolved)
    convolved.clear()
    edited = ids.clone()
    edited[:, 60:70, 60:70] = (edited[:, 64, 64] + 1) % 4
    engine_picture(painter, condition_of(generator, edited))
    assert convolved == full


def test_nothing_changed_gives_the_same_picture_for_nothing(
    generator: SpadeGenerator, ids: Tensor, convolved: list[tuple[int, int]]
) -> None:
    painter = live_engine(generator)
    first = engine_picture(painter, condition_of(generator, ids))
    convolved.clear()
    assert torch.equal(engine_picture(painter, condition_of(generator, ids.clone())), first)
    assert torch.equal(painter.paint(), first)
    # A dab that is taken back before it is painted is repainted, not forgotten.
    painter.set_map(condition_of(generator, with_dab(ids)))
    assert convolved == []
    torch.testing.assert_close(
        engine_picture(painter, condition_of(generator, ids)), first, **CLOSE
    )


def test_a_new_style_leaves_the_map_alone(
    generator: SpadeGenerator, ids: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    styled = make_generator(dataclasses.replace(PLAIN, style_dim=3))
    painter = live_engine(styled)
    condition = condition_of(styled, ids)
    engine_picture(painter, condition, random_style(styled, 1, seed=1))
    style = random_style(styled, 1, seed=2)
    expected = fresh_picture(styled, condition, style)
    monkeypatch.setattr(FoldedNorm, "scale_and_shift", None)  # none is computed
    torch.testing.assert_close(painter.paint(style), expected, **CLOSE)
    again = condition_of(styled, ids.clone())
    torch.testing.assert_close(engine_picture(painter, again, style), expected, **CLOSE)


def test_a_picture_that_was_given_does_not_change(generator: SpadeGenerator, ids: Tensor) -> None:
    """The engine repaints in place what it keeps, not what it gave away."""
    painter = live_engine(generator)
    first = engine_picture(painter, condition_of(generator, ids))
    copy = first.clone()
    second = engine_picture(painter, condition_of(generator, with_dab(ids)))
    assert torch.equal(first, copy)
    assert not torch.equal(first, second)
    copy = second.clone()
    with torch.inference_mode():
        second.zero_()
    assert torch.equal(painter.paint(), copy)


def test_after_an_interruption_all_is_painted_anew(
    generator: SpadeGenerator, ids: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Activations are changed in place: a pass that ended half-way leaves none to go on from."""
    painter = live_engine(generator)
    first = engine_picture(painter, condition_of(generator, ids))
    painter.set_map(condition_of(generator, with_dab(ids)))
    with monkeypatch.context() as patch:
        patch.setattr(torch, "tanh", None)
        with pytest.raises(TypeError):
            painter.paint()
    assert painter.activation_bytes == 0
    assert torch.equal(engine_picture(painter, condition_of(generator, ids)), first)


def test_after_a_map_that_failed_all_is_numbered_anew(
    generator: SpadeGenerator, ids: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = live_engine(generator, max_table_bytes=1)  # each map drops the rows of the one before
    first = engine_picture(painter, condition_of(generator, ids))
    rows_of, calls = BlockTable.rows_of, []

    def fail_at_the_fifth(
        table: BlockTable, condition: LabelCondition, blocks: Neighborhoods
    ) -> tuple[Tensor, bool]:
        calls.append(table)
        if len(calls) == 5:
            raise MemoryError
        return rows_of(table, condition, blocks)

    with monkeypatch.context() as patch:
        patch.setattr(BlockTable, "rows_of", fail_at_the_fifth)
        with pytest.raises(MemoryError):
            painter.set_map(condition_of(generator, random_ids((128, 128))))
    torch.testing.assert_close(
        engine_picture(painter, condition_of(generator, ids)), first, **CLOSE
    )


def test_memory_is_stated_and_bounded(generator: SpadeGenerator) -> None:
    plain = SpadeEngine(generator, precision="fp32", max_table_bytes=600_000)
    painter = live_engine(generator, max_table_bytes=600_000)
    assert (painter.table_bytes, painter.activation_bytes) == (0, 0)
    for seed in range(6):
        condition = condition_of(generator, random_ids((64, 64), seed=seed))
        engine_picture(painter, condition)
        engine_picture(plain, condition)
        assert plain.activation_bytes == 0
        # 8, 8, 8, 6, 6, 4 and 4 channels on grids from 2x2 to 64x64, and the picture.
        pixels = [4, 16, 16, 64, 256, 1024, 4096, 4096]
        channels = [8, 8, 8, 6, 6, 4, 4, 3]
        values = sum(a * b for a, b in zip(pixels, channels, strict=True))
        assert painter.activation_bytes == 4 * values
        # The map at hand may need more than the bound; the earlier ones may not add to that.
        assert 0 < painter.table_bytes <= plain.table_bytes + 600_000
    unbounded = live_engine(generator)
    for seed in range(6):
        unbounded.set_map(condition_of(generator, random_ids((64, 64), seed=seed)))
    assert unbounded.table_bytes > painter.table_bytes
