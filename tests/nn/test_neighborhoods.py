"""Numbering of neighbourhoods, against numpy's sliding windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sinopia.nn import neighborhoods
from sinopia.nn.neighborhoods import (
    Grouping,
    Neighborhoods,
    find_neighborhoods,
    group_by,
    nearest_resize,
)

RELAXED = settings(deadline=None, derandomize=True, database=None, max_examples=60)


def random_values(seed: int, shape: tuple[int, ...], num_values: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, num_values, shape, generator=generator)


def windows_by_numpy(values: Tensor, *, outside: int, kernel_size: int) -> np.ndarray:
    """The kxk window around each pixel, (B, H, W, k*k)."""
    radius = kernel_size // 2
    padded = np.pad(
        values.numpy(), ((0, 0), (radius, radius), (radius, radius)), constant_values=outside
    )
    views = np.lib.stride_tricks.sliding_window_view(
        padded, (kernel_size, kernel_size), axis=(1, 2)
    )
    return views.reshape(*values.shape, kernel_size**2)


def number_windows(values: Tensor, *, num_values: int, kernel_size: int) -> tuple[Tensor, Tensor]:
    """The distinct windows of single values, and which of them each pixel has."""
    blocks = find_neighborhoods(values, num_values=num_values, kernel_size=kernel_size)
    return blocks.inner_blocks, blocks.outer_blocks[:, kernel_size**2 // 2][blocks.numbers]


def check_windows(values: Tensor, *, num_values: int, kernel_size: int) -> None:
    expected = windows_by_numpy(values, outside=num_values, kernel_size=kernel_size)
    windows, numbers = number_windows(values, num_values=num_values, kernel_size=kernel_size)

    assert windows.dtype == numbers.dtype == torch.int64
    assert numbers.shape == values.shape
    np.testing.assert_array_equal(windows[numbers].numpy(), expected)  # every pixel decodes

    distinct = np.unique(expected.reshape(-1, kernel_size**2), axis=0)
    assert windows.shape == distinct.shape  # as many as there are, none twice
    assert len(np.unique(windows.numpy(), axis=0)) == len(distinct)
    assert torch.unique(numbers).tolist() == list(range(len(distinct)))  # all in use, no gaps


@RELAXED
@given(
    batch=st.integers(1, 3),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    num_values=st.integers(1, 6),
    kernel_size=st.sampled_from([1, 3, 5]),
    seed=st.integers(0, 10_000),
)
def test_windows_agree_with_sliding_windows(
    batch: int, height: int, width: int, num_values: int, kernel_size: int, seed: int
) -> None:
    values = random_values(seed, (batch, height, width), num_values)
    check_windows(values, num_values=num_values, kernel_size=kernel_size)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("value", [0, 3, 9])
@pytest.mark.parametrize("size_hw", [(1, 1), (2, 7), (9, 9)])
def test_windows_of_a_map_of_one_value(
    kernel_size: int, value: int, size_hw: tuple[int, int]
) -> None:
    check_windows(torch.full((1, *size_hw), value), num_values=10, kernel_size=kernel_size)


def test_one_value_has_nine_windows_by_hand() -> None:
    windows, numbers = number_windows(torch.zeros(1, 5, 5).long(), num_values=1, kernel_size=3)
    assert windows.shape == (9, 9)  # four corners, four sides, the inside
    assert numbers[0, 1:4, 1:4].unique().numel() == 1
    assert windows[numbers[0, 0, 0]].tolist() == [1, 1, 1, 1, 0, 0, 1, 0, 0]
    assert windows[numbers[0, 4, 2]].tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("slots_per_code", [0, 10**9])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_sorting_and_table_number_alike(
    monkeypatch: pytest.MonkeyPatch, slots_per_code: int, kernel_size: int
) -> None:
    values = random_values(3, (2, 11, 7), 5)
    expected = number_windows(values, num_values=5, kernel_size=kernel_size)

    # 0 slots: always sort; very many: always a table. Small codes: renumbered after each place.
    monkeypatch.setattr(neighborhoods, "_TABLE_SLOTS_PER_CODE", slots_per_code)
    monkeypatch.setattr(neighborhoods, "_MAX_CODE", 10**5)
    if slots_per_code:
        monkeypatch.setattr(torch, "unique", None)
    windows, numbers = number_windows(values, num_values=5, kernel_size=kernel_size)
    assert torch.equal(windows, expected[0])
    assert torch.equal(numbers, expected[1])


def test_large_sparse_values_are_sorted_not_tabled(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    unique = torch.unique

    def count(codes: Tensor, *, return_inverse: bool) -> object:
        calls.append(codes.shape)
        return unique(codes, return_inverse=return_inverse)

    monkeypatch.setattr(neighborhoods.torch, "unique", count)
    values = random_values(5, (1, 4, 4), 2) * 1_000_000
    windows, numbers = number_windows(values, num_values=1_000_001, kernel_size=3)
    assert calls[0] == (1, 6, 6)
    expected = windows_by_numpy(values, outside=1_000_001, kernel_size=3)
    np.testing.assert_array_equal(windows[numbers].numpy(), expected)


@RELAXED
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    num_values=st.integers(1, 4),
    kernel_size=st.sampled_from([1, 3, 5]),
    seed=st.integers(0, 10_000),
)
def test_outer_blocks_decode_to_the_map_and_its_surroundings(
    height: int, width: int, num_values: int, kernel_size: int, seed: int
) -> None:
    values = random_values(seed, (2, height, width), num_values)
    blocks = find_neighborhoods(values, num_values=num_values, kernel_size=kernel_size)

    nowhere = torch.full((1, kernel_size**2), num_values)  # an inner block outside the image
    inner = torch.cat([blocks.inner_blocks, nowhere])
    decoded = inner[blocks.outer_blocks[blocks.numbers]]  # (B, H, W, k*k, k*k)
    middle = kernel_size**2 // 2
    assert torch.equal(decoded[..., middle, middle], values)

    first = windows_by_numpy(values, outside=num_values, kernel_size=kernel_size)
    radius = kernel_size // 2
    padded = np.pad(
        first,
        ((0, 0), (radius, radius), (radius, radius), (0, 0)),
        constant_values=num_values,
    )
    for place in range(kernel_size**2):
        dy, dx = divmod(place, kernel_size)
        np.testing.assert_array_equal(
            decoded[..., place, :].numpy(), padded[:, dy : dy + height, dx : dx + width]
        )


@RELAXED
@given(
    rows=st.tuples(st.integers(0, 8), st.integers(1, 9)).map(lambda x: (min(x), max(x))),
    columns=st.tuples(st.integers(0, 10), st.integers(1, 11)).map(lambda x: (min(x), max(x))),
    kernel_size=st.sampled_from([1, 3, 5]),
    seed=st.integers(0, 10_000),
)
def test_those_of_some_pixels_are_as_in_the_whole_map(
    rows: tuple[int, int], columns: tuple[int, int], kernel_size: int, seed: int
) -> None:
    (top, bottom), (left, right) = (rows[0], rows[0] + 1), (columns[0], columns[0] + 1)
    bottom, right = max(bottom, rows[1]), max(right, columns[1])
    values = random_values(seed, (2, 9, 11), 3)

    def decoded(blocks: Neighborhoods) -> Tensor:
        inner = torch.cat([blocks.inner_blocks, torch.full((1, kernel_size**2), 99)])
        return inner[blocks.outer_blocks[blocks.numbers]]

    whole = find_neighborhoods(values, num_values=3, kernel_size=kernel_size)
    part = find_neighborhoods(
        values,
        num_values=3,
        kernel_size=kernel_size,
        rows=(top, bottom),
        columns=(left, right),
    )
    assert torch.equal(decoded(part), decoded(whole)[:, top:bottom, left:right])
    # And only those.
    assert torch.unique(part.numbers).numel() == len(part.outer_blocks)


def test_equal_neighbourhoods_share_a_number_across_the_batch() -> None:
    one = random_values(1, (1, 8, 8), 3)
    blocks = find_neighborhoods(torch.cat([one, one]), num_values=3)
    assert torch.equal(blocks.numbers[0], blocks.numbers[1])
    alone = find_neighborhoods(one, num_values=3)
    assert blocks.outer_blocks.shape == alone.outer_blocks.shape


def test_share_is_blocks_over_pixels() -> None:
    blocks = find_neighborhoods(random_values(7, (2, 9, 6), 2), num_values=2)
    assert blocks.share == len(blocks.outer_blocks) / (2 * 9 * 6)


def check_grouping(grouping: Grouping, numbers: Tensor, *, num_groups: int) -> None:
    flat = numbers.reshape(-1)
    assert sorted(grouping.order.tolist()) == list(range(len(flat)))
    assert len(grouping.starts) == num_groups
    ends = [*grouping.starts.tolist()[1:], len(flat)]
    for number, (start, end) in enumerate(zip(grouping.starts.tolist(), ends, strict=True)):
        # Rising, so that sums are always made in one order.
        assert grouping.order[start:end].tolist() == (flat == number).nonzero()[:, 0].tolist()


def test_pixels_and_places_are_grouped() -> None:
    blocks = find_neighborhoods(random_values(7, (2, 9, 6), 2), num_values=2)
    check_grouping(blocks.pixels_by_block, blocks.numbers, num_groups=len(blocks.outer_blocks))
    check_grouping(
        blocks.places_by_inner_block,
        blocks.outer_blocks,
        num_groups=len(blocks.inner_blocks) + 1,
    )
    assert blocks.pixels_by_block is blocks.pixels_by_block  # found once


def test_group_by_by_hand() -> None:
    grouping = group_by(torch.tensor([[2, 0], [2, 4]]), num_groups=6)
    assert grouping.order.tolist() == [1, 0, 2, 3]
    assert grouping.starts.tolist() == [0, 1, 1, 3, 3, 4]  # groups 1, 3 and 5 are empty


@RELAXED
@given(
    source=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    target=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    seed=st.integers(0, 10_000),
)
def test_nearest_resize_is_the_rule_of_interpolate(
    source: tuple[int, int], target: tuple[int, int], seed: int
) -> None:
    values = random_values(seed, (2, *source), 200)
    resized = nearest_resize(values, target)
    expected = F.interpolate(values[:, None].float(), size=target, mode="nearest")[:, 0]
    assert resized.dtype == torch.int64
    assert torch.equal(resized, expected.long())


def test_nearest_resize_by_hand() -> None:
    values = torch.arange(12).reshape(1, 3, 4)
    assert nearest_resize(values, (3, 4)) is values
    assert nearest_resize(values, (1, 2)).tolist() == [[[0, 2]]]
    assert nearest_resize(values, (2, 4)).tolist() == [[[0, 1, 2, 3], [4, 5, 6, 7]]]
