from __future__ import annotations

import numpy as np
import pytest
import torch

from sinopia.errors import DatasetError
from sinopia.scene import LabelMap, Scene, Vocabulary, instance_edges
from sinopia.scene.batch import SceneBatch, images_from_tensor, images_to_tensor

CAMVID = Vocabulary.built_in("camvid")


def _scene(seed: int, *, height: int = 4, image: bool = True, instances: bool = True) -> Scene:
    random = np.random.default_rng(seed)
    return Scene(
        str(seed),
        LabelMap(random.integers(0, 11, (height, 6)).astype(np.uint8), CAMVID),
        random.integers(0, 256, (height, 6, 3), np.uint8) if image else None,
        random.integers(0, 3, (height, 6)) if instances else None,
    )


def test_scenes_are_stacked_part_by_part() -> None:
    scenes = [_scene(0), _scene(1), _scene(2)]
    batch = SceneBatch.stack(scenes)
    assert len(batch) == 3
    assert batch.size_hw == (4, 6)
    assert batch.label_ids.dtype == torch.int64
    assert batch.images is not None
    assert batch.images.shape == (3, 3, 4, 6)
    assert batch.images.dtype == torch.float32
    assert batch.instance_edges is not None
    assert batch.instance_edges.shape == (3, 1, 4, 6)
    assert batch.instance_edges.dtype == torch.float32
    for index, scene in enumerate(scenes):
        assert (batch.label_ids[index].numpy() == scene.label_map.ids).all()
        assert scene.instance_ids is not None
        edges = instance_edges(scene.instance_ids)
        assert (batch.instance_edges[index, 0].numpy() == edges).all()


def test_unlabeled_stays_255() -> None:
    scene = Scene("a", LabelMap(np.full((2, 2), 255, np.uint8), CAMVID))
    assert (SceneBatch.stack([scene]).label_ids == 255).all()


def test_a_part_that_one_scene_lacks_is_absent() -> None:
    batch = SceneBatch.stack([_scene(0), _scene(1, image=False)])
    assert batch.images is None
    assert batch.instance_edges is not None
    batch = SceneBatch.stack([_scene(0, instances=False), _scene(1)])
    assert batch.images is not None
    assert batch.instance_edges is None


def test_sizes_must_be_equal() -> None:
    with pytest.raises(DatasetError, match=r"must have one size, got \[\(4, 6\), \(5, 6\)\]\."):
        SceneBatch.stack([_scene(0), _scene(1, height=5)])
    with pytest.raises(DatasetError, match=r"must have one size, got \[\]\."):
        SceneBatch.stack([])


def test_a_batch_moves_as_a_whole() -> None:
    batch = SceneBatch.stack([_scene(0)]).to("meta")
    assert batch.label_ids.is_meta
    assert batch.images is not None
    assert batch.images.is_meta
    bare = SceneBatch.stack([_scene(0, image=False, instances=False)]).to(torch.device("cpu"))
    assert bare.images is None
    assert bare.instance_edges is None


def test_pictures_span_minus_one_to_one() -> None:
    image = np.array([[[0, 255, 51]]], np.uint8)
    tensor = images_to_tensor([image])
    assert tensor.shape == (1, 3, 1, 1)
    torch.testing.assert_close(tensor.flatten(), torch.tensor([-1.0, 1.0, -0.6]))
    assert images_to_tensor([np.zeros((4, 6, 3), np.uint8)] * 2).is_contiguous(
        memory_format=torch.channels_last
    )


def test_every_value_comes_back() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    (again,) = images_from_tensor(images_to_tensor([image]))
    assert again.dtype == np.uint8
    assert (again == image).all()


def test_values_out_of_range_are_clamped_and_others_rounded_to_the_nearest() -> None:
    tensor = torch.tensor([-3.0, 2.0, 0.4 / 127.5 - 1.0, 0.6 / 127.5 - 1.0, 0.999, 0.0])
    (image,) = images_from_tensor(tensor.reshape(1, 3, 1, 2))
    assert image[0].T.flatten().tolist() == [0, 255, 0, 1, 255, 128]


def test_reduced_precision_and_gradients_are_accepted() -> None:
    tensor = torch.zeros(1, 3, 2, 2, dtype=torch.bfloat16, requires_grad=True)
    assert images_from_tensor(tensor)[0].shape == (2, 2, 3)
