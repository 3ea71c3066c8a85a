"""N steps equal k steps, a kill, a resume and N - k steps; and whose run a folder is."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from sinopia.errors import SinopiaError, TrainingError
from sinopia.training import loop, state
from sinopia.training.config import ScheduleConfig
from sinopia.training.objectives.adversarial import AdversarialObjective
from sinopia.training.reporting import Reporter
from sinopia.training.run import train
from sinopia.zoo import checkpoint as model_folders
from tests.training.runs import final_weights, metrics_of, tiny_run


def _assert_same_run(run: Path, whole_run: Path) -> None:
    assert final_weights(run) == final_weights(whole_run)
    assert metrics_of(run) == metrics_of(whole_run)
    weights = "model/weights.safetensors"
    assert (run / weights).read_bytes() == (whole_run / weights).read_bytes()


def _checkpoints(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def _train_until_killed(run: Path, pairs: Path, place: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.training.stopped_run"]
    root = str(Path(__file__).parents[2])
    ended = subprocess.run(
        [*command, str(run), str(pairs), place],
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([root, *sys.path]),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_kill_and_resume_end_with_the_same_bytes(
    tmp_path: Path, pairs: Path, whole_run: Path
) -> None:
    run = tmp_path / "run"
    _train_until_killed(run, pairs, "between")
    assert _checkpoints(run) == ["0000000016.safetensors"]
    assert metrics_of(run)[-1]["images_seen"] == 24  # to be dropped, and written again

    _train_until_killed(run, pairs, "while_saving")
    left = _checkpoints(run)
    assert len(left) == 2 and left[0].endswith(".tmp.safetensors")  # half a file, under no name
    assert left[1] == "0000000016.safetensors"

    assert train(tiny_run(pairs), run, device="cpu").is_complete
    _assert_same_run(run, whole_run)
    assert _checkpoints(run) == ["0000000032.safetensors", "0000000040.safetensors"]


@pytest.mark.slow
def test_kill_right_after_a_checkpoint_and_resume(
    tmp_path: Path, pairs: Path, whole_run: Path
) -> None:
    for _ in range(3):  # at 16, 32 and 40
        _train_until_killed(tmp_path, pairs, "after_saving")
    assert train(tiny_run(pairs), tmp_path, device="cpu").is_complete
    _assert_same_run(tmp_path, whole_run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_stops_and_the_same_call_goes_on(
    tmp_path: Path,
    pairs: Path,
    whole_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    advance = Reporter.advance

    def advance_and_signal(self: Reporter, images_seen: int) -> None:
        advance(self, images_seen)
        if images_seen == 24:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "advance", advance_and_signal)
        result = train(tiny_run(pairs), tmp_path, device="cpu")
    assert signal.getsignal(number) is before
    assert (result.is_complete, result.images_seen) == (False, 24)
    assert _checkpoints(tmp_path) == ["0000000016.safetensors", "0000000024.safetensors"]
    said = capsys.readouterr().err
    assert "stopped at 24 of 40 images; the same command resumes the run." in said

    assert train(tiny_run(pairs), tmp_path, device="cpu").is_complete
    assert f"resuming {tmp_path} at 24 images" in capsys.readouterr().err.replace("\n", "")
    _assert_same_run(tmp_path, whole_run)


def test_a_second_interrupt_does_not_wait() -> None:
    with pytest.raises(KeyboardInterrupt), loop._stop_on_signals() as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
        stopping.wait(10)


def test_images_schedule_workers_and_card_may_change(tmp_path: Path, pairs: Path) -> None:
    config = tiny_run(pairs, images=8)
    train(config, tmp_path, device="cpu")
    longer = replace(
        config,
        images=16,
        schedule=ScheduleConfig(num_previews=1, num_measured=1, keep_checkpoints=1),
        card="Another text.",
        num_workers=1,
    )
    assert train(longer, tmp_path, device="cpu").images_seen == 16
    assert _checkpoints(tmp_path) == ["0000000016.safetensors"]
    assert "Another text." in (tmp_path / "model" / "README.md").read_text()
    assert train(longer, tmp_path, device="cpu").images_seen == 16  # nothing is left to do


def test_another_run_is_refused_by_the_name_of_its_field(whole_run: Path, pairs: Path) -> None:
    config = tiny_run(pairs)
    optimizer = replace(config.optimizer, generator_lr=0.5)
    for changed, expected in (
        (replace(config, seed=1), r"another seed \(0; asked for: 1\)\. Give .* another --out"),
        (replace(config, optimizer=optimizer), r"another optimizer\.generator_lr \(0\.0001; asked"),
        (replace(config, dataset=replace(config.dataset, split="val")), "one part only"),
        (replace(config, name="other"), r"another name \('tiny'; asked for: 'other'\)"),
    ):
        with pytest.raises(SinopiaError, match=expected):
            train(changed, whole_run, device="cpu")


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path, pairs: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError, match=r"holds files but no config\.json.*--out"):
        train(tiny_run(pairs), tmp_path, device="cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("text", ["{", "[]", '{"model_type": "bert"}', '{"config": {}}'])
def test_a_config_of_something_else_is_refused(tmp_path: Path, pairs: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(TrainingError, match=r"config\.json is not the config\.json of a run"):
        train(tiny_run(pairs), tmp_path, device="cpu")
    assert (tmp_path / "config.json").read_text() == text


@pytest.mark.parametrize("num_bytes", [0, 100, 20_000])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, pairs: Path, num_bytes: int) -> None:
    train(tiny_run(pairs, images=4), tmp_path, device="cpu")
    path = tmp_path / "checkpoints" / "0000000004.safetensors"
    os.truncate(path, num_bytes)
    with pytest.raises(TrainingError, match=r"0000000004\.safetensors is damaged .*Delete it"):
        train(tiny_run(pairs, images=8), tmp_path, device="cpu")


def test_a_loss_that_is_not_a_number_stops_the_run_and_spares_the_checkpoint(
    tmp_path: Path, pairs: Path, whole_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator_losses = AdversarialObjective.generator_losses
    calls = 0

    def poisoned(self: AdversarialObjective, *arguments: Any) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        losses = generator_losses(self, *arguments)
        if calls == 6:
            losses["loss/G/feature_matching"] = losses["loss/G/feature_matching"] * torch.nan
        return losses

    with monkeypatch.context() as patch:
        patch.setattr(AdversarialObjective, "generator_losses", poisoned)
        with pytest.raises(
            TrainingError, match=r"^loss/G/feature_matching is nan after 20 images \(fp32\)"
        ):
            train(tiny_run(pairs), tmp_path, device="cpu")
    assert _checkpoints(tmp_path) == ["0000000016.safetensors"]
    train(tiny_run(pairs), tmp_path, device="cpu")
    _assert_same_run(tmp_path, whole_run)


def test_weights_that_are_not_numbers_are_never_saved(
    tmp_path: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator_losses = AdversarialObjective.generator_losses

    def steep(self: AdversarialObjective, *arguments: Any) -> dict[str, torch.Tensor]:
        losses = generator_losses(self, *arguments)
        bias = self.generators["generator"].to_image.bias
        losses["loss/G/steep"] = (bias * 0).abs().sqrt().sum()  # 0, with a gradient of inf * 0
        return losses

    monkeypatch.setattr(AdversarialObjective, "generator_losses", steep)
    config = tiny_run(pairs)
    for schedule, name in (
        (
            replace(config.schedule, report_every=4, save_every=4),
            r"weight generator\.to_image\.bias",
        ),
        (replace(config.schedule, report_every=4, measure_every=4), "validation/l1"),
    ):
        run = tmp_path / name[:6]
        with pytest.raises(TrainingError, match=f"^{name} is nan after 4 images"):
            train(replace(config, schedule=schedule), run, device="cpu")
        assert not (run / "checkpoints").exists()
        assert "NaN" not in (run / "metrics.jsonl").read_text()


# At image 16 one state, but two models: the best and the latest.
@pytest.mark.parametrize(("module", "last"), [(state, 2), (model_folders, 3)])
def test_a_full_disk_spares_the_older_checkpoint(
    tmp_path: Path,
    pairs: Path,
    whole_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    last: int,
) -> None:
    save_file = module.save_file
    calls = 0

    def save_until_full(tensors: Any, path: Path, **options: Any) -> None:
        nonlocal calls
        calls += 1
        save_file(tensors, path, **options)
        if calls == last:
            os.truncate(path, 1000)
            raise SafetensorError("Error while serializing: IoError(No space left on device)")

    with monkeypatch.context() as patch:
        patch.setattr(module, "save_file", save_until_full)
        with pytest.raises(OSError, match="No space left on device"):
            train(tiny_run(pairs), tmp_path, device="cpu")
    assert _checkpoints(tmp_path) == ["0000000016.safetensors"]
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]
    train(tiny_run(pairs), tmp_path, device="cpu")
    _assert_same_run(tmp_path, whole_run)


def test_a_disk_that_fills_while_it_is_flushed(
    tmp_path: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tiny_run(pairs, images=4), tmp_path, device="cpu")
    before = final_weights(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(state, "prune_checkpoints", None)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        train(tiny_run(pairs, images=8), tmp_path, device="cpu")
    assert final_weights(tmp_path) == before
    assert _checkpoints(tmp_path) == ["0000000004.safetensors"]
