"""One process, and two that torchrun starts."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from sinopia.models.spade import SpadeConfig
from sinopia.training.processes import Processes, average_running_statistics, join_processes
from sinopia.zoo.checkpoint import load_model
from tests.training.runs import metrics_of


def test_one_process_is_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_processes("cpu") as processes:
        assert processes == Processes(0, 1, torch.device("cpu"))
        assert processes.is_first
        processes.wait()
        assert processes.any(True) and not processes.any(False)
        networks: dict[str, nn.Module] = {"generator": nn.BatchNorm2d(3)}
        assert processes.wrap(networks) is networks
        average_running_statistics(networks["generator"], processes)


@pytest.mark.parametrize(
    "adversarial", ["hinge", pytest.param("wasserstein", marks=pytest.mark.slow)]
)
def test_two_processes_train_save_and_resume(tmp_path: Path, pairs: Path, adversarial: str) -> None:
    run = tmp_path / "run"
    launcher = "torch.distributed.run --nproc_per_node 2 --standalone -m"
    command = [sys.executable, "-m", *launcher.split(), "tests.training.two_processes"]
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    said = ""
    for images in (8, 24):  # the second call resumes
        ended = subprocess.run(
            [*command, str(run), str(pairs), adversarial, str(images)],
            # torchrun leaves a folder of logs in the temporary one
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ended.returncode == 0, ended.stderr
        assert "Warning" not in ended.stderr
        said += ended.stderr
    assert said.count("resuming") == 1  # one process speaks
    hashes = {(tmp_path / f"rank{rank}.txt").read_text() for rank in (0, 1)}
    assert len(hashes) == 1  # both processes hold the same weights
    lines = metrics_of(run)
    assert [line["images_seen"] for line in lines if "loss/D/real" in line] == [8, 16, 24]
    assert all(math.isfinite(value) for line in lines for value in line.values())
    model = load_model(run / "model")
    assert isinstance(model.config, SpadeConfig) and model.config.size_hw == (32, 32)
    variance = model.networks["encoder"].get_parameter("to_log_variance.weight")
    assert not variance.any()  # one process made the styles standard, and wrote the model
