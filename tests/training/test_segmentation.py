"""Segmenters train with the same loop: losses by hand, resume bit for bit, a model folder."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sinopia.errors import ConfigError, DatasetError
from sinopia.models.segmenter import CompactSegmenter, SegmenterConfig
from sinopia.scene import Vocabulary, read_image
from sinopia.scene.batch import SceneBatch
from sinopia.training.config import OptimizerConfig, SegmenterTrainConfig
from sinopia.training.objectives.segmentation import (
    SegmentationObjective,
    SegmentationObjectiveConfig,
)
from sinopia.training.run import train
from sinopia.zoo.checkpoint import load_model
from tests.training.runs import final_weights, metrics_of, tiny_run

MODEL = SegmenterConfig(
    num_classes=5, channels=(4, 8), num_blocks=(1, 1), pyramid_channels=4, dropout=0.1
)


class Fixed(nn.Module):
    """Gives the same logits for all photos."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, images: Tensor) -> Tensor:
        return self.logits.expand(len(images), -1, -1, -1)


def objective_of(segmenter: nn.Module, *, num_classes: int = 5) -> SegmentationObjective:
    palette = np.arange(768, dtype=np.uint8).reshape(256, 3)
    weights = np.ones(num_classes, np.float32)
    return SegmentationObjective(
        SegmentationObjectiveConfig(),
        segmenter=segmenter,
        palette=palette,
        class_weights=weights,
    )


def batch_of(label_ids: Tensor, images: Tensor | None = None) -> SceneBatch:
    if images is None:
        images = torch.zeros(len(label_ids), 3, *label_ids.shape[1:])
    return SceneBatch(label_ids, images, None)


def segmenter_run(root: Path, **changes: object) -> SegmenterTrainConfig:
    tiny = tiny_run(root)
    config = SegmenterTrainConfig(
        name="reader",
        dataset=tiny.dataset,
        model=MODEL,
        preprocess=tiny.preprocess,
        schedule=tiny.schedule,
        images=40,
        batch_size=4,
        precision="fp32",
        num_workers=0,
    )
    return replace(config, **changes)  # type: ignore[arg-type]


def test_cross_entropy_by_hand() -> None:
    """Of three labelled pixels two are sure and right, one is undecided between two classes."""
    logits = torch.tensor([[[[100.0, 0.0, 0.0, 7.0]], [[0.0, 100.0, 0.0, 9.0]]]])
    objective = objective_of(Fixed(logits), num_classes=2)
    batch = batch_of(torch.tensor([[[0, 1, 1, 255]]]))
    synthesis = objective.synthesize(batch, torch.Generator())
    losses = objective.generator_losses(batch, synthesis, torch.Generator())
    assert losses["loss/G/cross_entropy"].item() == pytest.approx(math.log(2) / 3)
    measured = objective.measure(objective.generators["segmenter"], batch, seed=0, precision="fp32")
    assert measured["validation/cross_entropy"] == pytest.approx(math.log(2) / 3)
    assert measured["validation/pixel_error"] == pytest.approx(1 / 3)  # a tie reads as the first


def test_a_map_without_labels_teaches_nothing() -> None:
    objective = objective_of(Fixed(torch.randn(1, 5, 4, 4)))
    batch = batch_of(torch.full((2, 4, 4), 255))
    synthesis = objective.synthesize(batch, torch.Generator())
    loss = objective.generator_losses(batch, synthesis, torch.Generator())["loss/G/cross_entropy"]
    loss.backward()
    assert loss.item() == 0
    assert not objective.generators["segmenter"].logits.grad.any()  # type: ignore[union-attr]


def test_previews_have_the_colours_of_the_classes() -> None:
    objective = objective_of(Fixed(torch.eye(5).reshape(1, 5, 1, 5)))
    batch = batch_of(torch.zeros(1, 1, 5).long())
    shown = objective.preview(objective.generators["segmenter"], batch, seed=0, precision="fp32")
    assert list(shown) == ["read"]
    pixels = ((shown["read"] + 1) * 127.5).round().movedim(1, 3)[0, 0]
    assert pixels.flatten().tolist() == list(range(15))


def test_photos_are_needed_and_not_moved() -> None:
    objective = objective_of(CompactSegmenter(MODEL))
    with pytest.raises(DatasetError, match="training needs pictures"):
        objective.synthesize(SceneBatch(torch.zeros(1, 4, 4).long(), None, None), torch.Generator())
    with pytest.raises(ConfigError, match="translation moves photos away from their labels"):
        SegmentationObjectiveConfig(augmentations=("translation",))


def test_a_run_makes_a_segmenter_and_resumes_bit_for_bit(
    tmp_path: Path, pairs: Path, tiny_vocabulary: Vocabulary
) -> None:
    config = segmenter_run(pairs, decay_from=1.0)  # the rate does not know how long the run is
    assert train(config, tmp_path / "whole", device="cpu").is_complete
    train(replace(config, images=20), tmp_path / "halves", device="cpu")
    torch.manual_seed(1)  # whatever was drawn elsewhere
    train(config, tmp_path / "halves", device="cpu")
    assert final_weights(tmp_path / "halves") == final_weights(tmp_path / "whole")

    model = load_model(tmp_path / "whole" / "model")
    assert model.family == "segmenter" and model.config == MODEL
    assert model.vocabulary.names == tiny_vocabulary.names
    logits = model.networks["segmenter"].eval()(torch.zeros(1, 3, 40, 24))
    assert logits.shape == (1, 5, 40, 24)
    lines = metrics_of(tmp_path / "whole")
    assert any("validation/pixel_error" in line for line in lines)
    assert not any("loss/D/real" in line for line in lines)
    grid = read_image(max((tmp_path / "whole" / "previews").iterdir()))
    assert grid.shape[1] > 3 * 32
    assert (tmp_path / "whole" / "best" / "model.json").is_file()


def test_it_learns(tmp_path: Path, pairs: Path) -> None:
    """The pairs are drawn in the colours of their classes: a few steps go a long way."""
    schedule = replace(segmenter_run(pairs).schedule, measure_every=600)
    config = segmenter_run(
        pairs,
        images=1_200,
        optimizer=OptimizerConfig(generator_lr=1e-2, beta1=0.9, beta2=0.99),
        batch_size=8,
        average_half_life=32,
        schedule=schedule,
        objective=SegmentationObjectiveConfig(augmentations=()),
    )
    train(config, tmp_path / "run", device="cpu")
    errors = [
        line["validation/pixel_error"]
        for line in metrics_of(tmp_path / "run")
        if "validation/pixel_error" in line
    ]
    assert errors[-1] < 0.3  # five classes: guessing errs in four of five


def test_settings_that_do_not_fit(pairs: Path) -> None:
    config = segmenter_run(pairs)
    preprocess = replace(config.preprocess, mode="scale_width")
    with pytest.raises(ConfigError, match="a segmenter is trained on one"):
        replace(config, preprocess=preprocess)
    with pytest.raises(ConfigError, match="not a multiple of accumulation"):
        replace(config, accumulation=3)
