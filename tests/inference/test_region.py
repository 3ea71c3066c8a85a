from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sinopia.inference.region import Region, changed_region

RELAXED = settings(deadline=None, derandomize=True, database=None, max_examples=60)
SIZE = (9, 14)


def mask_of(region: Region | None, size_hw: tuple[int, int] = SIZE) -> Tensor:
    mask = torch.zeros(1, *size_hw, dtype=torch.bool)
    if region is not None:
        region.of(mask)[:] = True
    return mask


@st.composite
def regions(draw: st.DrawFn) -> Region:
    top, left = draw(st.integers(0, SIZE[0] - 1)), draw(st.integers(0, SIZE[1] - 1))
    bottom, right = draw(st.integers(top + 1, SIZE[0])), draw(st.integers(left + 1, SIZE[1]))
    return Region(top, left, bottom, right)


@RELAXED
@given(region=regions(), other=regions(), by=st.integers(0, 4))
def test_regions_agree_with_masks(region: Region, other: Region, by: int) -> None:
    mask = mask_of(region)
    assert region.area == int(mask.sum())
    assert region.joined(None) == region
    both = region.joined(other)
    assert not bool(((mask | mask_of(other)) & ~mask_of(both)).any())
    assert both == changed_region(torch.zeros(1, *SIZE), (mask | mask_of(other)).float())

    widened = torch.nn.functional.max_pool2d(mask.float(), 2 * by + 1, stride=1, padding=by)
    assert torch.equal(mask_of(region.grown(by, SIZE)), widened.bool())

    doubled = mask.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    assert torch.equal(mask_of(region.doubled(), (2 * SIZE[0], 2 * SIZE[1])), doubled)
    assert region.doubled().halved() == region

    grown = region.grown(by, SIZE)
    assert torch.equal(region.within(grown).of(grown.of(mask)), region.of(mask))
    assert bool(region.within(grown).of(grown.of(mask)).all())


@RELAXED
@given(region=regions())
def test_even_edges_hold_the_region_within_the_grid(region: Region) -> None:
    even = region.evened(SIZE)
    assert even.joined(region) == even
    assert even.top % 2 == even.left % 2 == 0
    assert even.bottom % 2 == 0 or even.bottom == SIZE[0] == region.bottom
    assert even.right % 2 == 0  # the grid has an even number of columns
    assert even.area <= (region.bottom - region.top + 2) * (region.right - region.left + 2)
    assert region.halved().doubled().grown(0, SIZE) == even


@RELAXED
@given(region=regions(), height=st.integers(1, 12))
def test_strips_cover_a_region_once(region: Region, height: int) -> None:
    strips = region.strips(height)
    count = torch.zeros(1, *SIZE, dtype=torch.int64)
    for strip in strips:
        assert 1 <= strip.bottom - strip.top <= height
        strip.of(count).add_(1)
    assert torch.equal(count, mask_of(region).long())


def test_whole_and_changed_by_hand() -> None:
    assert Region.whole((3, 5)) == Region(0, 0, 3, 5)
    before = torch.zeros(2, 6, 7, dtype=torch.int64)
    assert changed_region(before, before.clone()) is None
    after = before.clone()
    after[0, 2, 5] = 1
    assert changed_region(before, after) == Region(2, 5, 3, 6)
    after[1, 4, 1] = 3  # in another map of the batch
    assert changed_region(before, after) == Region(2, 1, 5, 6)


@RELAXED
@given(places=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 30))))
def test_changed_channels_count_for_their_pixels(places: list[tuple[int, int, int]]) -> None:
    before = torch.zeros(1, 6, 8, 31)
    after = before.clone()
    for row, column, channel in places:
        after[0, row, column, channel] = 1
    assert changed_region(before, after) == changed_region(before[..., 0], after.sum(dim=3))


def test_a_region_is_a_view() -> None:
    pixels = torch.zeros(2, 4, 4, 3)
    Region(1, 2, 3, 4).of(pixels).fill_(1.0)
    assert float(pixels.sum()) == 2 * 2 * 2 * 3
    with pytest.raises(AttributeError):
        Region(0, 0, 1, 1).top = 2  # type: ignore[misc]
