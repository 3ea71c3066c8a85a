"""The measurements behind `sinopia bench`, on tiny generators; nothing here depends on times."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sinopia.data.procedural import ProceduralScenes
from sinopia.errors import ModelError, RequestError
from sinopia.inference.benchmark import memory, report
from sinopia.inference.benchmark.macs import count_macs, dense_macs
from sinopia.inference.benchmark.measure import BenchmarkResult, count_steps, run_benchmark
from sinopia.inference.benchmark.report import markdown_table, to_json, to_markdown, write_report
from sinopia.inference.benchmark.rows import BASELINE, BenchmarkPlan, PainterPair, build_rows
from sinopia.inference.benchmark.strokes import (
    PaintedMap,
    block_share,
    brush_stroke,
    procedural_maps,
)
from sinopia.inference.benchmark.subject import Subject, random_generator, scale_pictures
from sinopia.inference.engine import SpadeEngine
from sinopia.inference.packed_layers import PackedConvolution, PackedLinear
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.nn.precision import Precision
from sinopia.nn.spade import DenseCondition
from sinopia.recipes.gaugan import gaugan_ade20k, gaugan_cityscapes, gaugan_coco
from sinopia.recipes.pretrained import NOTHING
from sinopia.scene import UNLABELED

CPU = torch.device("cpu")
SIZE = (32, 32)


@pytest.fixture(scope="session")
def plain_config(tiny_config: SpadeConfig) -> SpadeConfig:
    """One picture per map, instance edges."""
    return dataclasses.replace(tiny_config, style_dim=None, encoder=None, has_instance_edges=True)


def plan_of(subject: Subject, rounds: int = 2, **changes: Any) -> BenchmarkPlan:
    maps = procedural_maps(rounds, size_hw=SIZE, num_classes=5)
    return BenchmarkPlan(
        subject=subject,
        maps=tuple(maps),
        maps_text=f"{rounds} scenes",
        rounds=rounds,
        threads=1,
        measures_memory=False,
        **changes,
    )


@pytest.fixture(scope="module")
def plan(plain_config: SpadeConfig) -> BenchmarkPlan:
    return plan_of(Subject("tiny size", plain_config))


@pytest.fixture(scope="module")
def result(plan: BenchmarkPlan) -> BenchmarkResult:
    steps: list[str] = []
    result = run_benchmark(plan, on_step=steps.append)
    assert len(steps) == count_steps(plan)
    return result


@pytest.mark.parametrize(
    ("recipe", "changes", "total", "modulation"),
    [
        (gaugan_coco, {}, 191.1, 148.9),
        (gaugan_ade20k, {}, 181.2, 138.9),
        (gaugan_cityscapes, {}, 281.3, 206.1),
        (gaugan_coco, {"style_dim": 256}, 191.0, 148.9),
        (gaugan_coco, {"size_hw": (1024, 1024), "upsampling": "most"}, 1826, None),
    ],
)
def test_dense_work_is_the_published_one(
    recipe: Any, changes: dict[str, Any], total: float, modulation: float | None
) -> None:
    """GMACs as GAN Compression (Li et al. 2020) reports them; larger sizes by hand."""
    config = dataclasses.replace(recipe("", NOTHING).model, has_spectral_norm=False, **changes)
    with torch.device("meta"):
        macs = dense_macs(SpadeGenerator(config), config.size_hw)
    assert macs.total / 1e9 == pytest.approx(total, abs=0.05 if modulation else 0.5)
    if modulation is not None:
        assert macs.modulation / 1e9 == pytest.approx(modulation, abs=0.05)


@pytest.mark.parametrize(
    ("has_style", "upsampling", "size_hw"),
    [(True, "normal", (32, 64)), (False, "normal", SIZE), (False, "most", (256, 128))],
)
def test_formula_and_count_agree_on_the_plain_generator(
    plain_config: SpadeConfig, has_style: bool, upsampling: Any, size_hw: tuple[int, int]
) -> None:
    config = dataclasses.replace(
        plain_config,
        style_dim=8 if has_style else None,
        upsampling=upsampling,
        size_hw=(128, 128),
        kernel_size=5 if has_style else 3,
        has_spectral_norm=False,
    )
    generator = SpadeGenerator(config).eval()
    dense = DenseCondition(torch.zeros(1, config.condition_channels, *size_hw))
    style = torch.zeros(1, 8) if has_style else None
    with torch.inference_mode():
        picture, macs = count_macs(lambda: generator(dense, style))
    assert picture.shape == (1, 3, *size_hw)
    assert macs == dense_macs(generator, size_hw).total


def test_what_is_counted() -> None:
    x = torch.zeros(2, 3, 8, 6)
    assert count_macs(lambda: F.relu(x) + x)[1] == 0
    weight = torch.zeros(5, 3, 3, 3)
    assert count_macs(lambda: F.conv2d(x, weight, padding=1))[1] == 2 * 8 * 6 * 3 * 5 * 9
    assert count_macs(lambda: torch.zeros(7, 4) @ torch.zeros(4, 9))[1] == 7 * 4 * 9
    for dtype in (torch.float32, torch.bfloat16):
        convolution = torch.nn.Conv2d(3, 5, 3, padding=1)
        layer = PackedConvolution(convolution, dtype=dtype, size_hw=(8, 6))
        pixels = torch.zeros(2, 8, 6, 3, dtype=dtype)
        with torch.inference_mode():
            output, macs = count_macs(lambda layer=layer, pixels=pixels: layer(pixels))
        assert output.shape == (2, 8, 6, 5)
        assert macs == 2 * 8 * 6 * 3 * 5 * 9
        linear = PackedLinear(torch.zeros(9, 4, dtype=dtype), None, num_rows=7)
        rows = torch.zeros(7, 4, dtype=dtype)
        with torch.inference_mode():
            macs = count_macs(lambda linear=linear, rows=rows: linear(rows))[1]
        assert macs == 7 * 4 * 9


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_new_style_costs_the_layers_alone(tiny_config: SpadeConfig, precision: Precision) -> None:
    """And a map of one class adds the products of at least 9 and at most 25 blocks a level."""
    generator = random_generator(tiny_config)
    engine = SpadeEngine(generator, precision=precision)
    condition = generator.condition(torch.zeros(1, *SIZE, dtype=torch.int64))
    _, macs_of_map = count_macs(lambda: engine.set_map(condition))
    style = torch.zeros(1, 8)
    engine.paint(style)
    _, macs = count_macs(lambda: engine.paint(style + 1))
    dense = dense_macs(generator, SIZE)
    assert macs == dense.layers
    assert 0 < macs_of_map < 0.2 * dense.modulation


@pytest.mark.parametrize("brush", ["round", "square"])
@pytest.mark.parametrize("share", [0.015, 0.15])
@pytest.mark.parametrize("size_hw", [(64, 64), (40, 200)])
def test_a_stroke_changes_its_share_of_the_area(
    brush: Any, share: float, size_hw: tuple[int, int]
) -> None:
    ids = ProceduralScenes(size_hw)[3].label_map.ids
    for number in range(4):
        edited = brush_stroke(ids, share=share, brush=brush, num_classes=17, number=number)
        changed = edited != ids
        assert changed.sum() == round(share * ids.size)
        rows, columns = np.nonzero(changed)
        box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        expected = {"round": np.pi / 4, "square": 1.0}[brush]
        if size_hw[0] == size_hw[1]:
            assert changed.sum() / box == pytest.approx(expected, abs=0.15)
        assert len(np.unique(edited[changed])) == 1
        again = brush_stroke(ids, share=share, brush=brush, num_classes=17, number=number)
        np.testing.assert_array_equal(edited, again)
    other = brush_stroke(ids, share=share, brush=brush, num_classes=17, number=9)
    assert (other != edited).any()


def test_a_stroke_paints_a_class_that_is_not_under_it() -> None:
    halves = np.zeros((32, 32), np.uint8)
    halves[:, 16:] = 7
    for number in range(8):
        edited = brush_stroke(halves, share=0.01, brush="round", num_classes=9, number=number)
        under = set(halves[edited != halves].tolist())
        new = set(edited[edited != halves].tolist())
        assert new == {0, 7} - under or len(under) == 2
    one = np.full((32, 32), 3, np.uint8)
    assert set(np.unique(brush_stroke(one, share=0.1, brush="square", num_classes=4, number=0))) < {
        0, 1, 2, 3,
    }  # fmt: skip
    only = brush_stroke(one * 0, share=0.1, brush="square", num_classes=1, number=0)
    assert set(np.unique(only)) == {0, UNLABELED}


def blocks_of(ids: np.ndarray) -> set[bytes]:
    """All 5x5 blocks by brute force."""
    padded = np.pad(ids.astype(np.int16), 2, constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return {window.tobytes() for window in windows.reshape(-1, 25)}


def test_shares_of_distinct_and_of_new_blocks(tiny_config: SpadeConfig) -> None:
    config = dataclasses.replace(tiny_config, num_classes=17)
    before = procedural_maps(1, size_hw=(64, 32), num_classes=17)[0]
    after = brush_stroke(before, share=0.05, brush="round", num_classes=17, number=0)
    known, new = (PaintedMap.of(ids, config, CPU).condition(config) for ids in (before, after))
    assert block_share(known, 3) == len(blocks_of(before)) / before.size
    assert block_share(new, 3, known=known) == pytest.approx(
        len(blocks_of(after) - blocks_of(before)) / before.size
    )
    assert block_share(known, 3, known=known) == 0
    flat = PaintedMap.of(before * 0, config, CPU).condition(config)
    assert block_share(flat, 3) == 25 / before.size


def test_edges_are_drawn_between_classes(plain_config: SpadeConfig) -> None:
    ids = np.zeros(SIZE, np.uint8)
    ids[:, 20:] = 2
    edges = PaintedMap.of(ids, plain_config, CPU).instance_edges
    assert edges is not None
    assert edges.shape == (1, 1, *SIZE)
    assert torch.nonzero(edges[0, 0].any(dim=0)).flatten().tolist() == [19, 20]


@pytest.mark.parametrize("has_style", [True, False])
def test_random_generators_are_the_same_every_time(
    plain_config: SpadeConfig, has_style: bool
) -> None:
    config = dataclasses.replace(plain_config, style_dim=8 if has_style else None)
    state = torch.random.get_rng_state()
    first, second = (Subject("random", config).build(CPU) for _ in range(2))
    scale_pictures(first)
    scale_pictures(second)
    assert torch.equal(torch.random.get_rng_state(), state)
    for one, two in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, two)
    ids = torch.as_tensor(procedural_maps(1, size_hw=SIZE, num_classes=5)[0].astype(int))[None]
    condition = first.condition(ids, torch.zeros(1, 1, *SIZE))
    with torch.inference_mode():
        picture = first(condition, torch.ones(1, 8) if has_style else None)
    assert 0.05 < float(picture.std()) < 0.5


def test_subjects(
    plain_config: SpadeConfig, tiny_model_folder: Path, tiny_config: SpadeConfig
) -> None:
    model = Subject.of_model(tiny_model_folder)
    assert model.name == "tiny"
    assert model.config.style_dim == 8
    assert model.with_style() is model
    styled = Subject("plain", plain_config).with_style()
    assert styled is not None
    assert styled.config.style_dim == 256
    trained = dataclasses.replace(model, config=plain_config)
    assert trained.with_style() is None
    with pytest.raises(RequestError, match="multiples of 32; asked for 30x64"):
        model.check_size((30, 64))
    with pytest.raises(ModelError, match=r"model\.json"):
        Subject.of_model(tiny_model_folder.parent)
    parameters = list(model.build(CPU).parameters())
    assert not any(each.requires_grad for each in parameters)


def test_the_table(result: BenchmarkResult) -> None:
    rows = {row.name: row for row in result.rows}
    dense, half = rows[BASELINE], rows["dense bf16, channels last"]
    engine, style = rows["engine fp32"], rows["new style, bf16"]
    small, large = rows["small stroke (1.5 %), bf16"], rows["large stroke (15 %), bf16"]
    assert next(iter(rows)) == BASELINE
    assert len(rows) == 7
    assert result.missing_rows == ()
    assert dense.ratio == 1.0
    assert half.gmacs == dense.gmacs
    assert (dense.block_share, style.block_share) == (1.0, 0.0)
    assert (dense.max_error, dense.mean_error) == (0.0, 0.0)
    assert 0 < engine.max_error < 1e-5
    for row in (half, rows["engine bf16"], style, small, large):
        assert 1e-5 < row.mean_error < row.max_error < 0.1
    assert result.map_block_share[0] <= engine.block_share <= result.map_block_share[1]
    assert 0 < small.block_share < large.block_share < engine.block_share
    assert 0 < small.gmacs <= large.gmacs < engine.gmacs < dense.gmacs
    assert style.gmacs < engine.gmacs
    assert all(row.milliseconds > 0 and row.ratio > 0 for row in rows.values())
    assert all(row.peak_memory_bytes is None for row in rows.values())
    assert result.machine.threads == 1


def test_a_model_without_style_has_no_row_of_it(
    plain_config: SpadeConfig, tiny_model_folder: Path
) -> None:
    subject = Subject("trained", plain_config, tiny_model_folder)
    plan = plan_of(subject, precision="fp32")
    rows = build_rows(plan, PainterPair.of(plan))
    assert [name for name, row in rows.items() if row is None] == ["new style, fp32"]
    with_style = plan_of(Subject.of_model(tiny_model_folder))
    pair = PainterPair.of(with_style)
    assert pair.plain is pair.styled


def test_strokes_are_other_ones_in_every_round(plan: BenchmarkPlan) -> None:
    pair = PainterPair.of(plan)
    row = build_rows(plan, pair)["small stroke (1.5 %), bf16"]
    assert row is not None
    shots: list[Any] = [shot for round_ in (-1, 0, 1) for shot in row(round_)]
    assert len(shots) == 12
    changes = [
        (shot.painted.label_ids != shot.before.label_ids).numpy().tobytes() for shot in shots
    ]
    assert len(set(changes)) == 12


def test_the_report(result: BenchmarkResult, tmp_path: Path) -> None:
    missing = dataclasses.replace(result, rows=result.rows[:-1], missing_rows=("new style, fp32",))
    text = to_markdown(missing)
    lines = text.splitlines()
    assert lines[0] == "# tiny size, 32x32, one picture"
    assert "threads: 1, torch " in lines[2]
    assert "Maps: 2 scenes; distinct blocks" in lines[4]
    table = [line for line in lines if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    cells = [cell.strip() for cell in table[2].split("|")[1:-1]]
    assert cells[0] == BASELINE
    assert cells[2:] == ["1.0x", "0.01044", "100.0%", *["0.0e+00"] * 2, "n/a"]
    assert table[-1].count("n/a") == 7
    assert "peak memory: not measured" in text
    with_memory = dataclasses.replace(result, base_memory_bytes=500_000_000)
    assert "(VmHWM), 500 MB of it Python and torch." in to_markdown(with_memory)
    on_device = dataclasses.replace(result.machine, device="a GPU")
    with_memory = dataclasses.replace(with_memory, machine=on_device)
    assert "what torch allocates on the device." in to_markdown(with_memory)
    data = json.loads(to_json(result))
    assert [row["name"] for row in data["rows"]] == [row.name for row in result.rows]
    assert data["machine"]["threads"] == 1
    path = write_report(tmp_path / "new", result)
    assert path.name == f"{result.machine.date}-tiny-size-32x32-cpu.md"
    assert path.read_text() == to_markdown(result)


def test_a_markdown_table_is_aligned() -> None:
    text = markdown_table(("a", "bb"), [("long", "1"), ("c", "200")])
    assert text.splitlines() == [
        "| a    |  bb |",
        "|------|----:|",
        "| long |   1 |",
        "| c    | 200 |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(11370, "11370"), (191.12, "191.1"), (1.26, "1.260"), (0.004056, "0.004056"), (0, "0")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert report._rounded(value, digits=4) == text


def test_peak_memory_is_that_of_another_process(plan: BenchmarkPlan) -> None:
    own = np.ones(100_000_000)  # 800 MB that the other process does not have
    measured = memory.peak_memory(plan, "engine fp32")
    if not Path("/proc/self/status").is_file():
        assert measured == memory.PeakMemory(None, None)
        return
    assert measured.base_bytes is not None
    assert measured.peak_bytes is not None
    assert 100e6 < measured.base_bytes < measured.peak_bytes < own.nbytes + 100e6


def test_a_process_that_the_system_ended(
    plan: BenchmarkPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> Ended:
            return self

        def __exit__(self, *_: object) -> None: ...
        def submit(self, *_: object) -> Ended:
            return self

        def result(self) -> None:
            raise BrokenProcessPool

    monkeypatch.setattr(memory, "ProcessPoolExecutor", Ended)
    with pytest.raises(RequestError, match=r"'engine fp32' was ended .* --no-memory"):
        memory.peak_memory(plan, "engine fp32")
