"""Data sets as streams of batches; the only module of `data` that needs torch.

The training stream has no state: what stands at position p depends on the seed and p alone.
A resumed run starts at the number of images seen and gets what it would have got, whatever the
number of workers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from sinopia.data.dataset import Dataset
from sinopia.data.transforms import PreprocessConfig, preprocess
from sinopia.errors import ConfigError, DatasetError, SinopiaError
from sinopia.scene.batch import SceneBatch
from sinopia.scene.sample import Scene
from sinopia.seeding import derive_seed

__all__ = ["evaluation_batches", "scene_batches"]


def scene_batches(
    dataset: Dataset,
    preprocess_config: PreprocessConfig,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    rank: int = 0,
    world_size: int = 1,
    num_workers: int = 0,
) -> Iterator[SceneBatch]:
    """Endless batches of shuffled, randomly cropped and mirrored scenes.

    `start` is the number of images that the run has seen. `batch_size` counts the images of all
    processes: process `rank` of `world_size` gets batches of batch_size // world_size, its slice of
    each. Every len(dataset) positions show every scene once. With `num_workers` above 0, that many
    processes read ahead.

    Raises:
        ConfigError: when batch_size cannot be divided among the processes.
        DatasetError: when the data set is empty; and what reading a scene raises.
    """
    if batch_size < 1 or batch_size % world_size or not 0 <= rank < world_size:
        raise ConfigError(
            f"batch_size: {batch_size} images cannot be divided among {world_size} processes "
            f"(this one is number {rank}); expected a multiple of the number of processes."
        )
    _check_not_empty(dataset)
    share = batch_size // world_size
    positions = (
        range(first, first + share) for first in itertools.count(start + rank * share, batch_size)
    )
    return _read(_TrainingBatches(dataset, preprocess_config, seed), positions, num_workers)


def evaluation_batches(
    dataset: Dataset,
    preprocess_config: PreprocessConfig,
    *,
    batch_size: int,
    num_workers: int = 0,
) -> Iterator[SceneBatch]:
    """Every scene once, in order, cropped at the centre; the last batch may be smaller.

    Raises:
        DatasetError: when the data set is empty, or scenes of one batch differ in size.
    """
    _check_not_empty(dataset)
    count = len(dataset)
    indices = (range(at, min(at + batch_size, count)) for at in range(0, count, batch_size))
    return _read(_EvaluationBatches(dataset, preprocess_config), indices, num_workers)


class _TrainingBatches:
    """Batches by their positions in the shuffled stream."""

    def __init__(self, dataset: Dataset, config: PreprocessConfig, seed: int) -> None:
        self._dataset = dataset
        self._config = config
        self._seed = seed
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def _scene(self, position: int) -> Scene:
        epoch, place = divmod(position, len(self._dataset))
        if epoch != self._epoch:  # one order is kept: making it anew for every scene would be slow
            shuffle = np.random.default_rng(derive_seed(self._seed, "shuffle", epoch))
            self._epoch, self._order = epoch, shuffle.permutation(len(self._dataset))
        rng = np.random.default_rng(derive_seed(self._seed, "preprocess", position))
        return preprocess(self._dataset[int(self._order[place])], self._config, rng=rng)

    def __getitem__(self, positions: Sequence[int]) -> SceneBatch | SinopiaError | OSError:
        return _stack(self._scene(position) for position in positions)


class _EvaluationBatches:
    """Batches by their indices in the data set."""

    def __init__(self, dataset: Dataset, config: PreprocessConfig) -> None:
        self._dataset = dataset
        self._config = config

    def __getitem__(self, indices: Sequence[int]) -> SceneBatch | SinopiaError | OSError:
        return _stack(preprocess(self._dataset[index], self._config, rng=None) for index in indices)


def _stack(scenes: Iterable[Scene]) -> SceneBatch | SinopiaError | OSError:
    """A batch, or an error that a user can mend: raised in a worker it would become a traceback."""
    try:
        return SceneBatch.stack(list(scenes))
    except (SinopiaError, OSError) as error:
        return error.with_traceback(None)


def _read(
    batches: _TrainingBatches | _EvaluationBatches, keys: Iterable[Sequence[int]], num_workers: int
) -> Iterator[SceneBatch]:
    loader = DataLoader(
        batches,  # type: ignore[arg-type]  # read by key only, so it needs no length
        sampler=keys,
        batch_size=None,  # a key names a whole batch
        collate_fn=_as_is,
        num_workers=num_workers,
        prefetch_factor=4 if num_workers else None,
        persistent_workers=num_workers > 0,
        generator=torch.Generator(),  # else the loader draws from the global one
    )
    for batch in loader:
        if isinstance(batch, BaseException):
            raise batch
        yield batch


def _as_is(batch: Any) -> Any:
    return batch


def _check_not_empty(dataset: Dataset) -> None:
    if len(dataset) == 0:
        raise DatasetError(f"data set {dataset.name!r} is empty; expected at least one scene.")
