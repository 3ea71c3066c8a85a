"""Looks at a run from outside: pictures and distances on fixed scenes, the model folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sinopia.data.class_counts import count_class_pixels
from sinopia.data.dataset import Dataset
from sinopia.data.loading import evaluation_batches
from sinopia.data.transforms import PreprocessConfig
from sinopia.nn.precision import Precision
from sinopia.scene.batch import SceneBatch, images_from_tensor
from sinopia.scene.contact_sheet import contact_sheet
from sinopia.scene.image import ImageArray
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import UNLABELED, Vocabulary
from sinopia.training.config import RunConfig
from sinopia.training.objectives.protocol import Objective
from sinopia.zoo.checkpoint import Model, save_model
from sinopia.zoo.registry import FamilyConfig

__all__ = ["ModelFamily", "Observer"]

_BATCH_SIZE = 8
_NUM_FINISHING = 512
"""Training scenes that the networks are finished with: enough to know how 64 numbers vary together,
and seconds to read."""


@dataclass(frozen=True)
class ModelFamily:
    """What a model folder says of its networks."""

    name: str
    """As the registry knows it."""
    config: FamilyConfig
    size_hw: tuple[int, int]
    """Height and width that the run is measured at."""
    words: str
    """A sentence for the card."""
    finish: (
        Callable[[Mapping[str, nn.Module], Iterable[SceneBatch]], dict[str, nn.Module]] | None
    ) = None
    """From the networks and batches of training scenes, those that are written; none: the same."""


class Observer:
    """Preview, measurement and model folder of a run.

    Args:
        family: what the model folder says of the network.
        objective: before its networks are wrapped for several processes.
        training: the scenes that the run learns from.
        validation: the scenes that it is shown and measured on.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        family: ModelFamily,
        objective: Objective,
        training: Dataset,
        validation: Dataset,
        device: torch.device,
    ) -> None:
        self._config = config
        self._objective = objective
        self._family = family
        self._averaged, *others = objective.generators
        self._others = {name: objective.generators[name] for name in others}
        self._training = training
        self._validation = validation
        self._device = device
        self._measured: dict[str, float] = {}
        self._grid: ImageArray | None = None
        self._class_pixels: dict[str, int] = {}

    def preview(self, generator: nn.Module, precision: Precision) -> ImageArray:
        """A contact sheet: map, photo, and what the network makes of them."""
        vocabulary = self._validation.vocabulary
        generator = self._finished(generator)[self._averaged]
        rows: list[list[ImageArray]] = []
        titles = ["map", "photo"]
        for batch in self._batches(self._validation, self._config.schedule.num_previews):
            assert batch.images is not None
            columns = [_colored(batch, vocabulary), images_from_tensor(batch.images)]
            made = self._objective.preview(
                generator, batch, seed=self._config.seed, precision=precision
            )
            columns += [images_from_tensor(pictures) for pictures in made.values()]
            rows += [list(row) for row in zip(*columns, strict=True)]
            titles[2:] = made
        self._grid = contact_sheet(rows, labels=titles)
        return self._grid

    def measure(self, generator: nn.Module, precision: Precision) -> dict[str, float]:
        """Mean distances over the first validation scenes."""
        sums: dict[str, float] = {}
        count = 0
        for batch in self._batches(self._validation, self._config.schedule.num_measured):
            values = self._objective.measure(
                generator, batch, seed=self._config.seed, precision=precision
            )
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value * len(batch)
            count += len(batch)
        self._measured = {name: total / count for name, total in sums.items()}
        return self._measured

    def save_model(
        self,
        folder: Path,
        generator: nn.Module,
        images_seen: int,
        *,
        chosen_by: str | None = None,
    ) -> None:
        """Write the averaged network, with the others if there are any, as a model folder.

        `chosen_by` is the metric that made it the best so far.
        """
        if not self._class_pixels:
            self._class_pixels = _class_pixels(self._training)
        networks = self._finished(generator)
        facts: dict[str, object] = {
            "name": self._config.name,
            "data": self._training.name,
            "training_scenes": len(self._training),
            "size_hw": list(self._family.size_hw),
            "images_seen": images_seen,
            "measured": {name: round(value, 5) for name, value in self._measured.items()},
            "class_pixels": self._class_pixels,
        }
        if chosen_by is not None:
            facts["chosen_by"] = chosen_by
        family = self._family
        model = Model(family.name, family.config, self._training.vocabulary, networks, facts)
        card = _card(self._config, family, facts)
        save_model(folder, model, card=card, preview=self._grid)

    def _finished(self, generator: nn.Module) -> dict[str, nn.Module]:
        """The networks as they are written."""
        networks = {self._averaged: generator, **self._others}
        if self._family.finish is None:
            return networks
        return self._family.finish(networks, self._batches(self._training, _NUM_FINISHING))

    def _batches(self, dataset: Dataset, count: int) -> Iterator[SceneBatch]:
        """Some scenes, evenly spread over the set and always the same."""
        count = min(count, len(dataset))
        picked = np.linspace(0, len(dataset) - 1, count).round().astype(int)
        chosen = _Subset(dataset, picked.tolist())
        preprocess = PreprocessConfig(mode="fixed", size_hw=self._family.size_hw, flip=False)
        batches = evaluation_batches(chosen, preprocess, batch_size=_BATCH_SIZE)
        return (batch.to(self._device) for batch in batches)


class _Subset:
    """Some scenes of a data set, by position."""

    def __init__(self, dataset: Dataset, positions: Sequence[int]) -> None:
        self._dataset = dataset
        self._positions = positions

    @property
    def name(self) -> str:
        return self._dataset.name

    @property
    def vocabulary(self) -> Vocabulary:
        return self._dataset.vocabulary

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int, /) -> Scene:
        return self._dataset[self._positions[index]]


def _colored(batch: SceneBatch, vocabulary: Vocabulary) -> list[ImageArray]:
    return list(vocabulary.palette[batch.label_ids.cpu().numpy()])


def _class_pixels(dataset: Dataset) -> dict[str, int]:
    """Training pixels by the names of the classes: it tells painters what a model has seen."""
    counts = count_class_pixels(dataset)
    names = [*enumerate(dataset.vocabulary.names), (UNLABELED, "unlabeled")]
    return {name: int(counts[class_id]) for class_id, name in names}


def _card(config: RunConfig, family: ModelFamily, facts: dict[str, object]) -> str:
    measured = facts["measured"]
    assert isinstance(measured, dict)
    lines = [
        f"# {config.name}",
        "",
        config.card.strip() or "No description was given.",
        "",
        f"- Network: {family.words}",
        f"- Trained on: {facts['training_scenes']} scenes of `{facts['data']}`, "
        f"{facts['images_seen']} images seen.",
        "- Measured on validation scenes: "
        + (", ".join(f"{name} {value}" for name, value in measured.items()) or "nothing yet")
        + ".",
        "",
    ]
    return "\n".join(lines)
