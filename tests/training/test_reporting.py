"""metrics.jsonl, TensorBoard, and what the terminal shows."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from sinopia.training.reporting import Reporter, SilentReporter


def test_lines_after_the_checkpoint_are_dropped_and_so_is_half_a_line(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text(
        '{"images_seen": 8, "a": 1}\n{"images_seen": 16, "a": 2}\n{"images_seen": 24, "a": 3}\n'
        '{"images_s'
    )
    reporter = Reporter(tmp_path, images_seen=16, images=40)
    reporter.values({"a": 4.0}, 24)
    reporter.close()
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    assert [(line["images_seen"], line["a"]) for line in lines] == [(8, 1), (16, 2), (24, 4.0)]
    assert lines[-1]["seconds"] >= 0


def test_losses_come_with_the_speed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 104.0, 104.0])
    monkeypatch.setattr("sinopia.training.reporting.time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sinopia.training.reporting._open_tensorboard", lambda *_: None)
    reporter = Reporter(tmp_path, images_seen=20, images=100)
    reporter.advance(60)
    reporter.losses({"loss/G/kl": 0.25}, 60)
    reporter.close()
    (line,) = [json.loads(each) for each in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert line == {
        "images_seen": 60,
        "seconds": 4.0,
        "loss/G/kl": 0.25,
        "images_per_second": 10.0,
    }
    assert "60 images  10.00 images/s  G/kl 0.25" in capsys.readouterr().err


def test_tensorboard_shows_losses_and_grids(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    reporter = Reporter(tmp_path, images_seen=0, images=8)
    reporter.losses({"loss/D/real": 0.5}, 4)
    reporter.grid(np.zeros((4, 6, 3), np.uint8), 4)
    reporter.close()
    (events,) = (tmp_path / "tensorboard").iterdir()
    content = events.read_bytes()
    assert b"loss/D/real" in content and b"samples" in content


def test_a_run_without_tensorboard_writes_its_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    reporter = Reporter(tmp_path, images_seen=0, images=8)
    reporter.values({"a": 1.0}, 4)
    reporter.grid(np.zeros((4, 6, 3), np.uint8), 4)
    reporter.close()
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]


def test_other_processes_say_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reporter = SilentReporter()
    reporter.advance(4)
    reporter.losses({"a": 1.0}, 4)
    reporter.values({"a": 1.0}, 4)
    reporter.grid(np.zeros((4, 6, 3), np.uint8), 4)
    reporter.say("hello")
    reporter.close()
    captured = capsys.readouterr()
    assert captured.out == captured.err == "" and not list(tmp_path.iterdir())
