"""Frozen networks that guide a generator: perceptual losses and teaching segmenters."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from sinopia.errors import ConfigError, LabelError, ModelError
from sinopia.models.oasis import OasisDiscriminatorConfig
from sinopia.models.segmenter import CompactSegmenter, SegmenterConfig
from sinopia.scene import Vocabulary
from sinopia.training.objectives.guidance import Guidance, GuidanceConfig, PerceptualConfig
from sinopia.training.objectives.oasis import OasisObjectiveConfig
from sinopia.training.run import train
from sinopia.zoo.checkpoint import Model, save_model
from tests.nn.losses.test_perceptual import save_random_squeezenet
from tests.training.runs import final_weights, metrics_of, tiny_run


def test_a_perceptual_loss_from_files(tmp_path: Path, pairs: Path) -> None:
    path = tmp_path / "features.safetensors"
    save_random_squeezenet(path)
    guidance = GuidanceConfig(perceptual=PerceptualConfig("squeezenet", str(path)))
    train(tiny_run(pairs, images=4, guidance=guidance), tmp_path / "run", device="cpu")
    values = {name: value for line in metrics_of(tmp_path / "run") for name, value in line.items()}
    # unweighted, and of other pictures
    assert 1 < values["loss/G/perceptual"] / values["validation/perceptual"] < 100


def test_coarse_colors_guide_and_are_measured(tmp_path: Path, pairs: Path) -> None:
    guidance = GuidanceConfig(color_weight=4.0)
    train(tiny_run(pairs, images=4, guidance=guidance), tmp_path / "run", device="cpu")
    values = {name: value for line in metrics_of(tmp_path / "run") for name, value in line.items()}
    assert 1 < values["loss/G/color"] / values["validation/color"] < 32


def test_a_perceptual_network_without_its_file_is_refused(tmp_path: Path, pairs: Path) -> None:
    missing = PerceptualConfig("vgg19", str(tmp_path / "vgg19.pth"))
    config = tiny_run(pairs, guidance=GuidanceConfig(perceptual=missing))
    with pytest.raises(ModelError, match=r"vgg19\.pth"):
        train(config, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def _save_segmenter(folder: Path, vocabulary: Vocabulary) -> None:
    config = SegmenterConfig(
        num_classes=len(vocabulary), channels=(4, 8), num_blocks=(1, 1), pyramid_channels=4
    )
    networks: dict[str, nn.Module] = {"segmenter": CompactSegmenter(config)}
    save_model(folder, Model("segmenter", config, vocabulary, networks, {}), card="")


def test_a_segmenter_teaches(tmp_path: Path, pairs: Path, tiny_vocabulary: Vocabulary) -> None:
    _save_segmenter(tmp_path / "teacher", tiny_vocabulary)
    guidance = GuidanceConfig(segmenter=str(tmp_path / "teacher"), segmenter_weight=2.0)
    train(tiny_run(pairs, images=4, guidance=guidance), tmp_path / "run", device="cpu")
    [line] = [each for each in metrics_of(tmp_path / "run") if "loss/G/segmenter" in each]
    assert 1 < line["loss/G/segmenter"] < 8  # 2 log 5 is what knowing nothing costs
    measured = [each for each in metrics_of(tmp_path / "run") if "validation/l1" in each][-1]
    assert 0 < measured["validation/segmenter_error"] <= 1
    # it is a means of this run and no part of what the run saves
    names = "".join(final_weights(tmp_path / "run")[0])
    assert "generator" in names and "segmenter" not in names


def test_a_segmenter_of_other_classes_cannot_teach(tmp_path: Path, pairs: Path) -> None:
    _save_segmenter(tmp_path / "teacher", Vocabulary.built_in("camvid"))
    config = tiny_run(pairs, guidance=GuidanceConfig(segmenter=str(tmp_path / "teacher")))
    with pytest.raises(LabelError, match=r"reads the classes sky, building, .* but the maps have"):
        train(config, tmp_path / "run", device="cpu")


def test_a_painter_cannot_teach(tmp_path: Path, pairs: Path, whole_run: Path) -> None:
    config = tiny_run(pairs, guidance=GuidanceConfig(segmenter=str(whole_run / "model")))
    with pytest.raises(ModelError, match=r"holds a model of family 'spade', expected a segmenter"):
        train(config, tmp_path / "run", device="cpu")


def test_discriminator_and_objective_come_from_one_paper(pairs: Path) -> None:
    with pytest.raises(ConfigError, match="take both from the same paper"):
        tiny_run(pairs, objective=OasisObjectiveConfig())
    with pytest.raises(ConfigError, match="multiples of 64, got"):
        tiny_run(pairs, objective=OasisObjectiveConfig(), discriminator=OasisDiscriminatorConfig(8))


def test_lpips_needs_its_linear_layers() -> None:
    with pytest.raises(ConfigError, match="linear_path goes with network squeezenet_lpips"):
        PerceptualConfig("squeezenet_lpips", "a")
    with pytest.raises(ConfigError, match="linear_path goes with network squeezenet_lpips"):
        PerceptualConfig("vgg19", "a", "b")


def test_a_teacher_may_read_smaller_pictures() -> None:
    """At half the size it reads the mean of four pixels, and every second id of the map."""
    seen: list[tuple[int, ...]] = []

    class Reader(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(tuple(images.shape))
            return torch.cat([images, -images[:, :2]], dim=1)

    config = GuidanceConfig(segmenter="unused", segmenter_scale=2, segmenter_weight=1.0)
    guidance = Guidance(config, batch_size=1, segmenter=Reader())
    picture = torch.full((1, 3, 4, 4), -1.0)
    picture[:, 1] = 1.0
    ids = torch.zeros(1, 4, 4, dtype=torch.int64)
    ids[:, ::2, ::2] = 1
    losses = guidance.losses(picture, picture, ids, mean=None, log_variance=None)
    assert seen == [(1, 3, 2, 2)]
    # logits -1, 1, -1, 1, -1 everywhere and class 1 everywhere: log(2 e + 3 / e) - 1
    expected = math.log(2 * math.e + 3 / math.e) - 1
    assert losses["loss/G/segmenter"].item() == pytest.approx(expected)
    assert guidance.distances(picture, picture, ids) == {"validation/segmenter_error": 0.0}
    with pytest.raises(ConfigError, match="segmenter_scale: expected 1 or more, got 0"):
        GuidanceConfig(segmenter_scale=0)
