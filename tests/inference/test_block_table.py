"""Tables of scale and shift: exact keys, both ways of computing them, and their bound."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sinopia.inference import block_table
from sinopia.inference.block_table import BlockTable, FoldedNorm
from sinopia.nn.neighborhoods import Neighborhoods
from sinopia.nn.spade import LabelCondition, SpadeNorm
from tests.inference.engine_cases import NUM_CLASSES, painted_ids, random_ids, seeded

RELAXED = settings(deadline=None, derandomize=True, database=None, max_examples=30)
CHANNELS = 6


def make_norm(*, channels: int = CHANNELS, kernel_size: int = 3, seed: int = 0) -> SpadeNorm:
    """With random weights, biases and running statistics, in evaluation mode."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        norm = SpadeNorm(
            channels,
            condition_channels=NUM_CLASSES + 2,
            hidden_channels=5,
            kernel_size=kernel_size,
        )
        assert isinstance(norm.normalize, nn.BatchNorm2d)
        norm.normalize.get_buffer("running_mean").normal_()
        norm.normalize.get_buffer("running_var").uniform_(0.3, 3.0)
    return norm.eval().requires_grad_(False)


def make_condition(ids: Tensor, *, seed: int = 0) -> LabelCondition:
    edges = torch.randint(2, (ids.shape[0], 1, *ids.shape[1:]), generator=seeded(seed)).float()
    return LabelCondition(ids, num_classes=NUM_CLASSES, has_unlabeled=True, instance_edges=edges)


def blocks_of(condition: LabelCondition, kernel_size: int = 3) -> Neighborhoods:
    return condition.neighborhoods_at(condition.size_hw, kernel_size)


def expected_rows(norm: SpadeNorm, condition: LabelCondition, blocks: Neighborhoods) -> Tensor:
    """x * scale + shift is (1 + gamma) * (x - mean) / deviation + beta, by hand."""
    one_plus_gamma, beta = norm.block_tables(condition, blocks)
    assert isinstance(norm.normalize, nn.BatchNorm2d)
    mean = norm.normalize.get_buffer("running_mean")
    deviation = (norm.normalize.get_buffer("running_var") + norm.normalize.eps).sqrt()
    scale = one_plus_gamma / deviation
    return torch.cat([scale, beta - mean * scale], dim=1)


@RELAXED
@given(kernel_size=st.sampled_from([1, 3, 5]), seed=st.integers(0, 99), is_random=st.booleans())
def test_both_ways_fold_the_norm(kernel_size: int, seed: int, is_random: bool) -> None:
    norm = make_norm(kernel_size=kernel_size, seed=seed)
    folded = FoldedNorm(norm, dtype=torch.float32)
    ids = random_ids((9, 12), seed=seed) if is_random else painted_ids((24, 20), seed=seed)
    condition = make_condition(ids, seed=seed)
    blocks = blocks_of(condition, kernel_size)
    expected = expected_rows(norm, condition, blocks)
    hidden = folded.hidden(condition, blocks.inner_blocks)
    assert hidden.shape == (len(blocks.inner_blocks) + 1, 5)
    assert float(hidden[-1].abs().sum()) == 0.0  # outside the image
    for limit in (0, 1 << 25):  # blocks multiply their own rows; they share products if they can
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(block_table, "_MAX_PRODUCTS", limit)
            rows = folded.scale_and_shift(hidden, blocks.outer_blocks)
        torch.testing.assert_close(rows, expected, atol=1e-5, rtol=1e-5)


def test_blocks_share_products_when_that_is_less_work(monkeypatch: pytest.MonkeyPatch) -> None:
    folded = FoldedNorm(make_norm(), dtype=torch.float32)
    sums: list[int] = []
    embedding_bag = torch.nn.functional.embedding_bag

    def counted(at: Tensor, table: Tensor, **options: str) -> Tensor:
        sums.append(len(table))
        return embedding_bag(at, table, **options)

    monkeypatch.setattr(block_table.F, "embedding_bag", counted)
    hidden = torch.randn(30, 5, generator=seeded(0))
    few, many = (torch.randint(30, (count, 9), generator=seeded(count)) for count in (20, 400))
    results = folded.scale_and_shift(hidden, few), folded.scale_and_shift(hidden, many)
    assert sums == [30 * 9]
    monkeypatch.setattr(block_table, "_MAX_PRODUCTS", 30 * 9 * 2 * CHANNELS - 1)
    monkeypatch.setattr(block_table, "_CHUNK_BLOCKS", 64)
    torch.testing.assert_close(folded.scale_and_shift(hidden, many), results[1])
    assert len(sums) == 1


def test_instance_norm_is_not_folded() -> None:
    norm = SpadeNorm(
        CHANNELS,
        condition_channels=NUM_CLASSES + 2,
        hidden_channels=5,
        normalization="instance",
    ).requires_grad_(False)
    folded = FoldedNorm(norm, dtype=torch.float32)
    assert folded.normalize is norm.normalize
    condition = make_condition(random_ids((6, 6)))
    blocks = blocks_of(condition)
    rows = folded.scale_and_shift(
        folded.hidden(condition, blocks.inner_blocks), blocks.outer_blocks
    )
    expected = torch.cat(norm.block_tables(condition, blocks), dim=1)
    torch.testing.assert_close(rows, expected, atol=1e-6, rtol=1e-5)
    assert FoldedNorm(make_norm(), dtype=torch.float32).normalize is None


class Case:
    """A table of two layers, and their plain twins."""

    def __init__(self, *, max_bytes: int = 1 << 30) -> None:
        self.norms = [make_norm(channels=3, seed=1), make_norm(channels=5, seed=2)]
        folded = [FoldedNorm(each, dtype=torch.float32) for each in self.norms]
        self.table = BlockTable(folded, max_bytes=max_bytes)

    def check(self, condition: LabelCondition) -> tuple[Tensor, bool]:
        """Look a map up, and compare every pixel of every layer."""
        blocks = blocks_of(condition)
        rows, is_kept = self.table.rows_of(condition, blocks)
        self.check_rows(condition, blocks, rows)
        return rows, is_kept

    def check_rows(self, condition: LabelCondition, blocks: Neighborhoods, rows: Tensor) -> None:
        assert rows.shape == blocks.numbers.shape
        assert rows.dtype == torch.int64
        assert len(self.table) >= len(blocks.outer_blocks)
        for index, norm in enumerate(self.norms):
            expected = expected_rows(norm, condition, blocks)[blocks.numbers]
            got = self.table.scale_and_shift(index)[rows]
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


@RELAXED
@given(
    seeds=st.lists(st.integers(0, 5), min_size=1, max_size=5),
    max_bytes=st.sampled_from([0, 60_000, 1 << 30]),
    first_rows=st.sampled_from([1, 1024]),
)
def test_every_pixel_gets_the_row_of_its_block(
    seeds: list[int], max_bytes: int, first_rows: int
) -> None:
    case = Case(max_bytes=max_bytes)
    earlier: list[tuple[LabelCondition, Neighborhoods, Tensor]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_table, "_FIRST_ROWS", first_rows)
        for seed in seeds:
            ids = random_ids((8, 9), seed=seed) if seed % 2 else painted_ids((20, 16), seed=seed)
            condition = make_condition(ids, seed=seed)
            rows, is_kept = case.check(condition)
            if not is_kept:
                earlier.clear()
            earlier.append((condition, blocks_of(condition), rows))
            for each in earlier:  # rows given before hold while the table says so
                case.check_rows(*each)


def test_known_blocks_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case()
    computed: list[int] = []
    scale_and_shift = FoldedNorm.scale_and_shift

    def counted(norm: FoldedNorm, hidden: Tensor, outer_blocks: Tensor) -> Tensor:
        computed.append(len(outer_blocks))
        return scale_and_shift(norm, hidden, outer_blocks)

    monkeypatch.setattr(FoldedNorm, "scale_and_shift", counted)
    ids = painted_ids((20, 16), seed=3)
    first = make_condition(ids)
    rows, is_kept = case.check(first)
    assert is_kept
    count = len(case.table)
    assert computed == [count, count]
    again, is_kept = case.check(make_condition(ids.clone()))
    assert is_kept
    assert torch.equal(again, rows)
    assert len(computed) == 2
    # One pixel more: only the blocks that hold it are new, and they are numbered after the others.
    edited = ids.clone()
    edited[:, 8, 8] = (edited[:, 8, 8] + 1) % NUM_CLASSES
    rows, is_kept = case.check(make_condition(edited))
    assert is_kept
    assert 0 < computed[-1] <= 25
    assert len(case.table) == count + computed[-1]
    assert int(rows.max()) == len(case.table) - 1
    # Another size, in which all is known.
    case.check(make_condition(edited.repeat(2, 1, 1)[:1]))
    assert len(computed) == 4


@RELAXED
@given(seed=st.integers(0, 999), kernel_size=st.sampled_from([1, 3]))
def test_keys_are_the_content_of_blocks(seed: int, kernel_size: int) -> None:
    """Pixels of any two maps share a row if and only if their 5x5 blocks are alike."""
    norm = FoldedNorm(make_norm(kernel_size=kernel_size), dtype=torch.float32)
    table = BlockTable([norm], max_bytes=1 << 30)
    reach = 2 * (kernel_size // 2)
    contents: list[tuple[int, ...]] = []
    rows: list[int] = []
    for part in range(2):
        ids = painted_ids((7, 8), seed=seed + part)
        condition = make_condition(ids, seed=1)
        values = condition.values_at((7, 8))
        outside = condition.num_values
        padded = torch.nn.functional.pad(values, (reach,) * 4, value=outside)
        windows = padded.unfold(1, 2 * reach + 1, 1).unfold(2, 2 * reach + 1, 1).flatten(3)
        contents += map(tuple, windows.flatten(0, 2).tolist())
        found, _ = table.rows_of(condition, blocks_of(condition, kernel_size))
        rows += found.flatten().tolist()
    assert len(set(zip(contents, rows, strict=True))) == len(set(contents)) == len(set(rows))
    assert len(table) == len(set(rows))


def test_the_largest_values_are_told_apart() -> None:
    """255 classes and unlabeled, with edges: values up to 511, and 512 for the outside."""
    norm = SpadeNorm(2, condition_channels=257, hidden_channels=3).eval().requires_grad_(False)
    table = BlockTable([FoldedNorm(norm, dtype=torch.float32)], max_bytes=1 << 30)
    rows = []
    for value in (0, 1, 127, 128, 254, 255):
        for edge in (0.0, 1.0):
            condition = LabelCondition(
                torch.full((1, 1, 1), value),
                num_classes=255,
                has_unlabeled=True,
                instance_edges=torch.full((1, 1, 1, 1), edge),
            )
            rows.append(int(table.rows_of(condition, blocks_of(condition))[0]))
    assert rows == list(range(12))


def test_rows_of_a_part_are_those_of_the_whole() -> None:
    case = Case()
    condition = make_condition(painted_ids((24, 30), seed=2))
    rows, _ = case.check(condition)
    count = len(case.table)
    for top, bottom, left, right in ((0, 24, 0, 30), (5, 9, 20, 30), (0, 1, 0, 1), (23, 24, 3, 17)):
        part = condition.neighborhoods_inside(
            (24, 30), 3, rows=(top, bottom), columns=(left, right)
        )
        inside, is_kept = case.table.rows_of(condition, part)
        assert is_kept
        assert torch.equal(inside, rows[:, top:bottom, left:right])
    assert len(case.table) == count


def crowded_table(monkeypatch: pytest.MonkeyPatch) -> tuple[BlockTable, list[SpadeNorm]]:
    monkeypatch.setattr(block_table, "_CROWDED_BLOCKS", 10)
    norms = [make_norm(seed=0), make_norm(channels=3, seed=1)]
    folded = [FoldedNorm(norm, dtype=torch.float32) for norm in norms]
    return BlockTable(folded, max_bytes=1 << 20), norms


@pytest.mark.parametrize("chunk", [1, 40, 4096])
def test_a_crowded_map_has_a_row_for_each_pixel(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(block_table, "_CHUNK_BLOCKS", chunk)
    table, norms = crowded_table(monkeypatch)
    condition = make_condition(random_ids((9, 13)))
    blocks = blocks_of(condition)
    assert blocks.share > 0.5
    rows = table.rows_of_map(condition, blocks)
    assert table.holds_pixels and len(table) == 0
    assert rows.flatten().tolist() == list(range(rows.numel()))
    for index, norm in enumerate(norms):
        expected = expected_rows(norm, condition, blocks)[blocks.numbers]
        got = table.scale_and_shift(index)[rows]
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_after_a_crowded_map_blocks_are_numbered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    table, norms = crowded_table(monkeypatch)
    flat = torch.zeros(1, 16, 20, dtype=torch.int64)
    noise = make_condition(random_ids((16, 20)))
    painted = LabelCondition(
        flat, num_classes=NUM_CLASSES, has_unlabeled=True, instance_edges=flat[:, None].float()
    )
    for condition, is_crowded in ((noise, True), (painted, False), (noise, True)):
        blocks = blocks_of(condition)
        rows = table.rows_of_map(condition, blocks)
        assert table.holds_pixels == is_crowded
        expected = expected_rows(norms[0], condition, blocks)[blocks.numbers]
        torch.testing.assert_close(table.scale_and_shift(0)[rows], expected, atol=1e-5, rtol=1e-5)
    assert table.num_bytes == 16 * 20 * 2 * (CHANNELS + 3) * 4 * len(noise)
    table.forget()
    assert not table.holds_pixels and table.num_bytes == 0


def test_forgetting_and_the_bound() -> None:
    conditions = [make_condition(random_ids((10, 10), seed=seed), seed=seed) for seed in range(4)]
    counts = [len(blocks_of(each).outer_blocks) for each in conditions]
    row_bytes = 4 * 2 * (3 + 5) + block_table._BYTES_OF_KEYS
    case = Case(max_bytes=row_bytes * (counts[0] + counts[1]))
    kept = [case.check(condition)[1] for condition in conditions]
    assert kept == [True, True, False, True]  # the third did not fit, and made room
    assert len(case.table) == counts[2] + counts[3]
    assert case.table.num_bytes >= len(case.table) * row_bytes

    before = case.check(conditions[3])[0]
    case.table.forget()
    assert len(case.table) == 0
    again, is_kept = case.check(conditions[3])
    assert is_kept  # there was nothing to keep
    assert len(case.table) == counts[3]
    assert not torch.equal(before, again)

    # A map that is larger than the bound is kept alone, and its memory is let go with it.
    small = Case(max_bytes=row_bytes * 3)
    assert small.check(conditions[0])[1]
    assert not small.check(conditions[1])[1]
    assert len(small.table) == counts[1]
    small.table.forget()
    assert small.table.num_bytes == 0


def test_memory_grows_by_doubling_up_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_table, "_FIRST_ROWS", 4)
    case = Case()
    sizes = set()
    for seed in range(6):
        case.check(make_condition(random_ids((6, 6), seed=seed), seed=seed))
        sizes.add(len(case.table.scale_and_shift(0)))
    assert sizes <= {64, 128, 256}
    assert len(case.table) <= max(sizes)
