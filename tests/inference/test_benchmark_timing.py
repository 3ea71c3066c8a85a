"""Turns, warm-up and threads of timed rows, and where a table says that it was made."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest
import torch

from sinopia.inference.benchmark import machine, timing
from sinopia.inference.benchmark.timing import Row, Step, medians, num_threads, time_in_turns

CPU = torch.device("cpu")


def test_rows_take_turns_and_only_runs_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    log: list[str] = []
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now)

    def row(name: str, seconds: float) -> Row:
        def steps(round_: int) -> Sequence[Step]:
            def run() -> None:
                nonlocal now
                now += seconds + round_
                log.append(f"{name}{round_}")

            def prepare() -> None:
                nonlocal now
                now += 1000

            return [Step(run, prepare)] * (2 if name == "b" else 1)

        return steps

    told: list[str] = []
    seconds = time_in_turns(
        {"a": row("a", 5), "b": row("b", 7)}, rounds=2, device=CPU, on_step=told.append
    )
    assert log == ["a-1", "b-1", "b-1", "a0", "b0", "b0", "a1", "b1", "b1"]
    assert told == ["a", "b"] * 3
    assert seconds == {"a": [5, 6], "b": [7, 7, 8, 8]}
    assert medians(seconds) == {"a": 5.5, "b": 7.5}


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with num_threads(before + 1) as now:
        assert now == torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with num_threads(None) as now:
        assert now == before
    with pytest.raises(RuntimeError), num_threads(3):
        raise RuntimeError
    assert torch.get_num_threads() == before


def test_this_machine() -> None:
    described = machine.describe_machine(CPU)
    assert described.device == "cpu"
    assert described.threads == torch.get_num_threads()
    assert described.to_text().startswith(f"{described.date}, {described.processor}, threads: ")
    assert f"torch {torch.__version__}, sinopia " in described.to_text()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_revision_is_the_commit_of_a_checkout_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(machine, "version", lambda _: "1.2.3")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    assert machine._revision(package) == "1.2.3"
    git("init", "--quiet")
    (tmp_path / "other").write_text("")
    git("add", "other")
    git("commit", "--quiet", "-m", "another project's")
    assert machine._revision(package) == "1.2.3"
    git("add", "package")
    git("commit", "--quiet", "-m", "ours")
    commit = git("rev-parse", "--short", "HEAD")
    assert machine._revision(package) == f"commit {commit}"
    (package / "__init__.py").write_text("changed")
    assert machine._revision(package) == f"commit {commit} with changes"


def test_a_package_that_is_neither_installed_nor_checked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_found(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(machine, "version", not_found)
    monkeypatch.setattr(machine, "_git", lambda *_: None)
    assert machine._revision(tmp_path) == "of unknown version"


def test_git_need_not_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine._git(tmp_path, "status") is None
