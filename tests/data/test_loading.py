"""The training stream depends on the seed and the position alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from sinopia.data.loading import evaluation_batches, scene_batches
from sinopia.data.transforms import PreprocessConfig
from sinopia.errors import ConfigError, DatasetError, LabelError
from sinopia.scene.batch import SceneBatch
from sinopia.scene.label_map import LabelMap
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import SemanticClass, Vocabulary

VOCABULARY = Vocabulary(
    "numbers", tuple(SemanticClass(f"class {at}", (at, at, at), at) for at in range(100))
)
CONFIG = PreprocessConfig("crop", size_hw=(8, 8))


class Numbered:
    """Scene i has a first column of i in a noise of other numbers."""

    name = "numbered"
    vocabulary = VOCABULARY

    def __init__(self, length: int, *, broken: int | None = None) -> None:
        self._length = length
        self._broken = broken

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int, /) -> Scene:
        if index == self._broken:
            raise LabelError(f"scene {index} is broken")
        ids = np.random.default_rng(index).integers(0, 100, (10, 12)).astype(np.uint8)
        image = np.full((10, 12, 3), index, np.uint8)
        return Scene(str(index), LabelMap(ids, VOCABULARY), image, ids.astype(np.int32))


def _take(count: int, length: int = 7, **options: Any) -> list[SceneBatch]:
    options = {"batch_size": 4, "seed": 3, **options}
    return list(itertools.islice(scene_batches(Numbered(length), CONFIG, **options), count))


def _indices(batches: list[SceneBatch]) -> list[int]:
    """Which scenes a list of batches shows, read from their pictures."""
    images = [batch.images for batch in batches]
    values = torch.cat([each[:, 0, 0, 0] for each in images if each is not None])
    return ((values + 1) * 127.5).round().int().tolist()


def _equal(one: list[SceneBatch], other: list[SceneBatch]) -> bool:
    def parts(batches: list[SceneBatch]) -> list[torch.Tensor | None]:
        return [part for b in batches for part in (b.label_ids, b.images, b.instance_edges)]

    pairs = zip(parts(one), parts(other), strict=True)
    return all(a is not None and b is not None and torch.equal(a, b) for a, b in pairs)


def test_batches_are_stacked_scenes() -> None:
    (batch,) = _take(1)
    assert (batch.label_ids.dtype, tuple(batch.label_ids.shape)) == (torch.int64, (4, 8, 8))
    assert batch.images is not None and tuple(batch.images.shape) == (4, 3, 8, 8)
    assert batch.instance_edges is not None


def test_every_epoch_shows_every_scene_once_in_an_order_of_its_own() -> None:
    shown = _indices(_take(7))
    epochs = [shown[at : at + 7] for at in range(0, 28, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_crops_differ_between_epochs_and_seeds_between_streams() -> None:
    crops = torch.cat([batch.label_ids for batch in _take(8, length=1)])
    assert len({crop.numpy().tobytes() for crop in crops}) > 8
    assert _indices(_take(7)) != _indices(_take(7, seed=4))


def test_workers_change_nothing() -> None:
    assert _equal(_take(6), _take(6, num_workers=1))
    assert _equal(_take(6), _take(6, num_workers=2))


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_resumed_stream_is_the_tail(num_workers: int) -> None:
    assert _equal(_take(6)[2:], _take(4, start=8, num_workers=num_workers))


def test_a_stream_may_start_anywhere() -> None:
    assert _indices(_take(2, start=5, batch_size=2)) == _indices(_take(3))[5:9]


def test_processes_share_each_batch() -> None:
    whole = _take(4)
    parts = [_take(4, rank=rank, world_size=2) for rank in range(2)]
    for at, batch in enumerate(whole):
        joined = torch.cat([parts[rank][at].label_ids for rank in range(2)])
        assert torch.equal(joined, batch.label_ids)


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    _take(2)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_broken_scene_is_reported_as_it_is(num_workers: int) -> None:
    stream = scene_batches(
        Numbered(4, broken=2), CONFIG, batch_size=4, seed=0, num_workers=num_workers
    )
    with pytest.raises(LabelError) as caught:
        next(stream)
    assert str(caught.value) == "scene 2 is broken"


def test_evaluation_shows_everything_once_in_order() -> None:
    batches = list(evaluation_batches(Numbered(5), CONFIG, batch_size=2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert _indices(batches) == list(range(5))
    expected = Numbered(5)[3].label_map.ids[1:9, 2:10]
    assert np.array_equal(batches[1].label_ids[1].numpy(), expected)
    assert _equal(batches, list(evaluation_batches(Numbered(5), CONFIG, batch_size=2)))


def test_batches_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="3 images cannot be divided among 2 processes"):
        _take(1, batch_size=3, world_size=2)
    with pytest.raises(ConfigError, match="0 images cannot be divided"):
        _take(1, batch_size=0)
    with pytest.raises(DatasetError, match="'numbered' is empty"):
        _take(1, length=0)
    with pytest.raises(DatasetError, match="is empty"):
        evaluation_batches(Numbered(0), CONFIG, batch_size=1)
