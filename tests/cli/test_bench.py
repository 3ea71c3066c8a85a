from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sinopia.inference.benchmark import measure
from sinopia.inference.benchmark.machine import Machine
from sinopia.inference.benchmark.measure import BenchmarkResult, RowResult
from sinopia.inference.benchmark.rows import BenchmarkPlan
from sinopia.scene import LabelMap
from tests.cli.command_line import CommandLine

QUICK = ("--rounds", 1, "--threads", 1, "--precision", "bf16", "--no-memory")


def test_a_table_of_a_model(
    command_line: CommandLine, tiny_model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results"
    outcome = command_line.run("bench", "--model", tiny_model_folder, *QUICK, "--write", out)
    assert outcome.code == 0, outcome.err
    (path,) = out.iterdir()
    assert outcome.err == f"wrote {path}\n"
    assert path.read_text() in outcome.out
    assert path.name.endswith("-tiny-32x32-cpu.md")
    assert outcome.out.startswith("# tiny, 32x32, one picture\n")
    assert "1 procedural scenes" in outcome.out
    names = [line.split("|")[1].strip() for line in outcome.out.splitlines() if "x |" in line]
    assert names[:4] == [
        "dense fp32, as published",
        "dense bf16, channels last",
        "engine fp32",
        "engine bf16",
    ]
    assert len(names) == 7


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[BenchmarkPlan]:
    """The plans that would be measured; measuring is replaced by an error message."""
    seen: list[BenchmarkPlan] = []

    def run_benchmark(plan: BenchmarkPlan, **_: Any) -> None:
        seen.append(plan)
        raise OSError("not measured")

    monkeypatch.setattr(measure, "run_benchmark", run_benchmark)
    return seen


@pytest.mark.parametrize(
    ("arguments", "name", "size_hw", "num_classes"),
    [
        ((), "coco-stuff size with random weights", (256, 256), 182),
        (("--size", "ade", "--image-size", 64, 96), "ade20k size", (64, 96), 150),
        (("--size", "cityscapes"), "cityscapes size", (256, 512), 35),
    ],
)
def test_published_sizes(
    command_line: CommandLine,
    plans: list[BenchmarkPlan],
    arguments: tuple[object, ...],
    name: str,
    size_hw: tuple[int, int],
    num_classes: int,
) -> None:
    message = command_line.refuse("bench", "--rounds", 1, "--precision", "fp32", *arguments)
    assert message == "not measured"
    (plan,) = plans
    assert plan.subject.name.startswith(name)
    assert plan.subject.config.num_classes == num_classes
    assert plan.size_hw == size_hw
    assert len(plan.maps) == plan.rounds == 1
    assert plan.threads is None
    assert plan.precision == "fp32"
    assert plan.measures_memory
    assert all(10 <= ids.max() < num_classes for ids in plan.maps)


def test_maps_of_a_folder(
    command_line: CommandLine,
    tiny_model_folder: Path,
    tiny_map: LabelMap,
    tmp_path: Path,
    plans: list[BenchmarkPlan],
) -> None:
    maps = tmp_path / "maps"
    for name in "abc":
        tiny_map.write(maps / f"{name}.png")
    arguments = ("bench", "--model", tiny_model_folder, "--maps", maps, "--image-size", 64, 32)
    command_line.refuse(*arguments, "--rounds", 2)
    command_line.refuse(*arguments, "--rounds", 5)
    few, all_ = plans
    assert [len(plan.maps) for plan in plans] == [2, 3]
    assert few.maps_text == "2 of the 3 in maps"
    np.testing.assert_array_equal(all_.maps[0], tiny_map.resized((64, 32)).ids)
    np.testing.assert_array_equal(all_.map_of(4), all_.maps[1])

    Image.fromarray(np.full((32, 32), 9, np.uint8)).save(maps / "a.png")
    assert "a.png holds id 9" in command_line.refuse(*arguments)


def test_json(
    command_line: CommandLine, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = RowResult("dense", 2.0, 1.0, 0.5, 1.0, 0.0, 0.0, 7)
    machine = Machine("2020-02-20", "processor", "cpu", 1, "torch", "commit")
    result = BenchmarkResult(
        "tiny", (32, 32), "maps", (0.1, 0.2), 1, machine, (row,), ("style",), 3
    )
    monkeypatch.setattr(measure, "run_benchmark", lambda *_, **__: result)
    outcome = command_line.run("bench", "--model", tiny_model_folder, *QUICK, "--json")
    assert outcome.code == 0, outcome.err
    data = json.loads(outcome.out)
    assert data["subject"] == "tiny"
    assert data["machine"]["date"] == "2020-02-20"
    assert data["rows"][0]["peak_memory_bytes"] == 7
    assert data["missing_rows"] == ["style"]


def test_the_worst_maps(
    command_line: CommandLine, tiny_model_folder: Path, plans: list[BenchmarkPlan]
) -> None:
    command_line.refuse("bench", "--model", tiny_model_folder, "--worst", "--rounds", 2)
    [plan] = plans
    first, second = plan.maps
    assert first.shape == (32, 32) and (first != second).any()
    # of five classes every one at a fifth of the pixels, and neighbours as good as never alike
    np.testing.assert_allclose(np.bincount(first.ravel()) / 1024, 0.2, atol=0.06)
    assert (first[1:] == first[:-1]).mean() < 0.3
    assert plan.subject.name == "tiny worst maps"


def test_help_shows_three_examples(command_line: CommandLine) -> None:
    lines = command_line.run("bench", "--help").out.splitlines()
    start = lines.index("  Examples:")
    assert all(line.startswith("    sinopia bench ") for line in lines[start + 1 : start + 4])


def test_what_is_refused(
    command_line: CommandLine, tiny_model_folder: Path, tmp_path: Path, plans: list[BenchmarkPlan]
) -> None:
    model = ("bench", "--model", tiny_model_folder)
    assert "give one of them" in command_line.refuse(*model, "--size", "coco")
    assert "is not a folder" in command_line.refuse(*model, "--maps", tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "holds no label map" in command_line.refuse(*model, "--maps", tmp_path / "empty")
    assert "goes with --maps" in command_line.refuse(*model, "--source-ids")
    message = command_line.refuse(*model, "--worst", "--maps", tmp_path / "empty")
    assert "--worst and --maps both say" in message
    message = command_line.refuse(*model, "--image-size", 30, 70)
    assert message.endswith("The nearest size is 32x64: --image-size 32 64.")
    assert "no model 'nowhere'" in command_line.refuse("bench", "--model", "nowhere")
    assert "torch knows no such device" in command_line.refuse(*model, "--device", "tpu9")
    (tmp_path / "file").write_text("")
    assert "File exists" in command_line.refuse(*model, "--write", tmp_path / "file")
    for option in ("--rounds", "--threads"):
        assert command_line.run(*model, option, 0).code == 2
    assert plans == []
