"""Previews and distances on fixed scenes, and what the model folder says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sinopia.data.opening import open_dataset
from sinopia.models.spade import SpadeGenerator
from sinopia.scene import read_image
from sinopia.training.objectives.guidance import Guidance
from sinopia.training.observer import ModelFamily, Observer, _class_pixels
from sinopia.training.run import build_objective
from tests.training.runs import SIDE, tiny_run


def _observer(
    pairs: Path, num_previews: int = 3, num_measured: int = 5
) -> tuple[Observer, nn.Module]:
    config = tiny_run(pairs)
    schedule = replace(config.schedule, num_previews=num_previews, num_measured=num_measured)
    config = replace(config, schedule=schedule)
    dataset = open_dataset(config.dataset)
    objective = build_objective(config, Guidance(config.guidance, batch_size=config.batch_size))
    observer = Observer(
        config,
        family=ModelFamily("spade", config.model, config.model.size_hw, "a tiny network."),
        objective=objective,
        training=dataset,
        validation=dataset,
        device=torch.device("cpu"),
    )
    return observer, objective.generators["generator"].eval()


def test_a_preview_shows_map_photo_and_two_styles_of_spread_scenes(pairs: Path) -> None:
    observer, generator = _observer(pairs)
    grid = observer.preview(generator, "fp32")
    assert grid.dtype == np.uint8
    assert grid.shape[1] > 4 * SIDE and grid.shape[0] > 3 * SIDE
    dataset = open_dataset(tiny_run(pairs).dataset)
    for row, index in enumerate((0, 4, 7)):  # evenly spread over eight, ends included
        scene = dataset[index]
        top = grid.shape[0] - (3 - row) * (SIDE + 4)
        cells = [grid[top : top + SIDE, 4 + x * (SIDE + 4) :][:, :SIDE] for x in range(4)]
        assert np.array_equal(cells[0], scene.label_map.vocabulary.palette[scene.label_map.ids])
        assert scene.image is not None and np.array_equal(cells[1], scene.image)
        assert not np.array_equal(cells[2], cells[3])
    assert np.array_equal(grid, observer.preview(generator, "fp32"))


def test_distances_are_means_over_scenes(pairs: Path) -> None:
    observer, generator = _observer(pairs, num_measured=100)  # all of the eight
    with torch.no_grad():
        assert isinstance(generator, SpadeGenerator)
        generator.to_image.weight.zero_()  # every picture is gray, 0 in [-1, 1]
        generator.to_image.bias.zero_()
    measured = observer.measure(generator, "fp32")
    dataset = open_dataset(tiny_run(pairs).dataset)
    photos = [dataset[index].image for index in range(len(dataset))]
    expected = np.mean([np.abs(np.asarray(photo) / 127.5 - 1).mean() for photo in photos])
    assert measured == {"validation/l1": pytest.approx(float(expected), rel=1e-5)}


def test_class_pixels_are_counted(pairs: Path) -> None:
    dataset = open_dataset(tiny_run(pairs).dataset)
    counts = _class_pixels(dataset)
    assert list(counts) == ["sky", "tree", "grass", "water", "house", "unlabeled"]
    assert sum(counts.values()) == len(dataset) * SIDE * SIDE
    # sky is the upper band of scenes 0 and 5, the lower band of scene 4
    assert counts["sky"] == SIDE * ((8 + 0) + (8 + 5) + (SIDE - 8 - 4))


def test_the_model_folder_tells_its_origin(whole_run: Path, pairs: Path) -> None:
    facts = json.loads((whole_run / "model" / "model.json").read_text())["facts"]
    assert facts["images_seen"] == 40 and facts["training_scenes"] == 8
    assert facts["data"] == pairs.name and set(facts["measured"]) == {"validation/l1"}
    assert facts["class_pixels"]["unlabeled"] == 0
    card = (whole_run / "model" / "README.md").read_text()
    assert card.startswith("# tiny\n")
    assert "32x32, 4 base channels, with style code." in card
    assert f"8 scenes of `{pairs.name}`, 40 images seen" in card
    assert f"validation/l1 {facts['measured']['validation/l1']}" in card
    preview = read_image(whole_run / "model" / "preview.jpg")
    assert preview.shape == read_image(whole_run / "previews" / "0000000040.jpg").shape
