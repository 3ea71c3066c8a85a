"""`sinopia train`: recipes, folders, overrides, and what is said of wrong ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sinopia import config as configs
from sinopia.scene import LabelMap, Vocabulary
from tests.cli.command_line import CommandLine
from tests.training.runs import metrics_of, write_pairs

TINY = (
    "images=8",
    "batch_size=4",
    "num_workers=0",
    "precision=fp32",
    "model.size_hw=32,32",
    "model.base_channels=4",
    "model.hidden_channels=8",
    "model.channel_multipliers=4,4,4,2,2,1,1",
    "model.style_dim=8",
    "model.encoder.base_channels=4",
    "model.encoder.input_size=32",
    "preprocess.size_hw=32,32",
    "preprocess.load_size=36",
    "discriminator.base_channels=4",
    "discriminator.num_layers=3",
    "schedule.num_previews=2",
    "schedule.num_measured=2",
    "schedule.save_every=4",
)


def _tiny_options() -> list[str]:
    return [word for assignment in TINY for word in ("--set", assignment)]


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where nothing was pulled, and not among processes."""
    monkeypatch.setenv("SINOPIA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)


@pytest.fixture
def folder(tmp_path: Path, tiny_vocabulary: Vocabulary) -> Path:
    return write_pairs(tmp_path / "mine", tiny_vocabulary, count=4)


def test_a_folder_becomes_a_model_that_paints(
    folder: Path, tmp_path: Path, command_line: CommandLine, tiny_map: LabelMap
) -> None:
    from PIL import Image

    run = tmp_path / "run"
    ended = command_line.run("train", folder, "--out", run, "--device", "cpu", *_tiny_options())
    assert ended.code == 0, ended.err
    assert "trains without a perceptual loss" in ended.err
    assert f"8 images seen. Model: {run / 'model'}" in ended.out
    assert f"sinopia paint MAP.png --model {run / 'model'}" in ended.out
    assert [line["images_seen"] for line in metrics_of(run) if "loss/G/kl" in line] == [8]

    map_path, pictures = tmp_path / "map.png", tmp_path / "pictures"
    Image.fromarray(tiny_map.ids).save(map_path)
    instances = tmp_path / "instances.png"
    Image.fromarray(tiny_map.ids).save(instances)
    painted = command_line.run(
        "paint", map_path, "--model", run / "model", "--out", pictures, "--instances", instances
    )
    assert painted.code == 0, painted.err
    assert list(pictures.glob("*.png"))

    longer = [*_tiny_options(), "--images", "12"]
    again = command_line.run("train", folder, "--out", run, "--device", "cpu", *longer)
    assert again.code == 0 and "12 images seen" in again.out
    assert "resuming" in again.err

    other = [*longer, "--set", "seed=5"]
    refused = command_line.run("train", folder, "--out", run, "--device", "cpu", *other)
    assert refused.code == 2 and refused.out == ""
    assert "another seed (0; asked for: 5)" in refused.err.splitlines()[-1]


def test_a_signal_ends_with_0_and_says_how_to_go_on(
    folder: Path, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sinopia.training.reporting import Reporter

    monkeypatch.setattr(Reporter, "advance", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    run = tmp_path / "run"
    ended = command_line.run("train", folder, "--out", run, "--device", "cpu", *_tiny_options())
    assert ended.code == 0 and ended.out == ""
    assert "stopped at 4 of 8 images; the same command resumes the run." in ended.err
    assert (run / "checkpoints" / "0000000004.safetensors").is_file()


def test_a_run_that_breaks_ends_with_2_and_one_message(
    folder: Path, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sinopia.training import loop, state

    arguments = ("train", folder, "--out", tmp_path / "run", "--device", "cpu", *_tiny_options())
    train_step = loop._train_step

    def poisoned(*args: Any) -> dict[str, Any]:
        losses = train_step(*args)
        return losses | {"loss/D/real": losses["loss/D/real"] * float("nan")}

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_train_step", poisoned)
        ended = command_line.run(*arguments)
    assert ended.code == 2 and ended.out == ""
    assert "error: loss/D/real is nan after 0 images (fp32)" in ended.err

    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device", "run/checkpoint")

    monkeypatch.setattr(state, "save_file", full)
    ended = command_line.run(*arguments)
    assert ended.code == 2
    assert ended.err.splitlines()[-1] == "error: run/checkpoint: No space left on device"


def test_dry_run_prints_a_configuration_that_reads_back(
    tmp_path: Path, command_line: CommandLine
) -> None:
    from sinopia.training.config import TrainConfig

    ended = command_line.run(
        "train", "gaugan_cityscapes", "--data", "cities", "--images", "99", "--dry-run",
        "--set", "batch_size=4", "--set", "optimizer.generator_lr=0.5",
        "--set", "model.size_hw=128,256", "--set", "preprocess.size_hw=128,256",
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    config = configs.from_json(TrainConfig, json.loads(ended.out))
    assert (config.images, config.batch_size, config.optimizer.generator_lr) == (99, 4, 0.5)
    assert config.model.size_hw == config.preprocess.size_hw == (128, 256)
    assert config.dataset.root == "cities" and config.guidance.perceptual is None
    assert not list(tmp_path.iterdir())


def test_weights_at_hand_are_used(tmp_path: Path, command_line: CommandLine) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "vgg19-dcbb9e9d.pth").touch()
    ended = command_line.run("train", "gaugan_tiny", "--weights", weights, "--dry-run")
    perceptual = json.loads(ended.out)["guidance"]["perceptual"]
    assert perceptual["network"] == "vgg19"
    assert perceptual["path"] == str(weights / "vgg19-dcbb9e9d.pth")


def test_the_list_names_every_recipe(command_line: CommandLine) -> None:
    from sinopia.recipes import RECIPES

    ended = command_line.run("train", "--list")
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines()[::2]] == list(RECIPES)
    assert "data: none needed" in ended.out and "data: CamVid" in ended.out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "expected a recipe or a folder; `sinopia train --list` shows recipes."),
        (["gaugan_coco"], "recipe 'gaugan_coco' needs --data DIR with COCO-Stuff (train_img,"),
        (["gaugan_tiny", "--data", "."], "'gaugan_tiny' draws its own scenes; leave --data out."),
        (["nothing"], "no recipe 'nothing'. Recipes: gaugan_ade20k"),
        (["gaugan_tiny", "--set", "sead=1"], "sead: no such field. Did you mean 'seed'?"),
        (["gaugan_tiny", "--set", "seed"], "expected FIELD=VALUE, got 'seed'"),
        (["gaugan_tiny", "--set", "batch_size=two"], "batch_size: expected int, got 'two'"),
        (["gaugan_tiny", "--set", "model.size_hw=64,64"], "they must be equal"),
        (["gaugan_tiny", "--set", "objective.adversarial=x"], "one of hinge, least_squares"),
        (["gaugan_tiny", "--device", "tpu"], "--device: expected auto, cpu or cuda, got 'tpu'."),
        (["gaugan_tiny", "--weights", "absent"], "--weights: absent is not a folder."),
        (["gaugan_tiny", "--weights", "."], "holds no network that can be used"),
        (["gaugan_camvid", "--data", "absent"], "there is no folder absent"),
    ],
)
def test_wrong_calls_end_with_one_message(
    arguments: list[str],
    expected: str,
    command_line: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command_line.run("train", *arguments)
    assert ended.code == 2 and ended.out == ""
    message = ended.err.splitlines()[-1]
    assert message.startswith("error: ") and expected in message
    assert not (tmp_path / "runs").exists()


def test_folders_that_cannot_be_trained_on(
    folder: Path, tmp_path: Path, command_line: CommandLine, tiny_vocabulary: Vocabulary
) -> None:
    assert "--data goes with a recipe" in command_line.refuse("train", folder, "--data", folder)
    maps = write_pairs(tmp_path / "maps", tiny_vocabulary, count=1, has_images=False)
    assert "training needs an images folder too" in command_line.refuse("train", maps)


def test_python_m_sinopia() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "sinopia", "train", "--help"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "sinopia train gaugan_tiny --out runs/first-try" in ended.stdout
