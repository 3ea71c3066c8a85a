"""Every mode against sizes and crops worked out by hand; the parts of a scene stay together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sinopia.data.transforms import PreprocessConfig, preprocess, scaled_size
from sinopia.errors import ConfigError, DatasetError
from sinopia.scene.label_map import LabelMap
from sinopia.scene.layout import Layout
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import SemanticClass, Vocabulary

VOCABULARY = Vocabulary(
    "numbers", tuple(SemanticClass(f"class {at}", (at, at, at), at) for at in range(250))
)


def _scene(height: int, width: int, boxes: Any = ()) -> Scene:
    """A scene whose ids are painted into the picture and counted on in the instance map."""
    ids = (np.arange(height * width) % 250).astype(np.uint8).reshape(height, width)
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    layout = Layout(boxes, np.arange(len(boxes), dtype=np.uint8), VOCABULARY)
    return Scene(
        "a",
        LabelMap(ids, VOCABULARY),
        np.stack([ids] * 3, axis=-1),
        ids.astype(np.int32) + 1000,
        layout,
        "a sentence",
    )


@pytest.mark.parametrize(
    ("mode", "size_hw", "scaled"),
    [
        ("resize_and_crop", (100, 300), (20, 20)),
        ("scale_width", (100, 300), (6, 20)),  # 20 * 100 / 300 = 6.7, cut off
        ("scale_width_and_crop", (300, 100), (60, 20)),
        ("scale_shortside", (100, 300), (20, 60)),
        ("scale_shortside", (300, 100), (60, 20)),
        ("scale_shortside_and_crop", (100, 257), (20, 51)),
        ("crop", (100, 300), (100, 300)),
        ("fixed", (100, 300), (8, 16)),
        ("none", (100, 300), (96, 288)),  # 3.1 and 9.4 times 32
        ("none", (112, 10), (128, 32)),  # 3.5 goes to the even 4; never to nothing
    ],
)
def test_scaled_sizes(mode: Any, size_hw: tuple[int, int], scaled: tuple[int, int]) -> None:
    out = (8, 16) if mode == "fixed" else (16, 16)
    assert scaled_size(size_hw, PreprocessConfig(mode, load_size=20, size_hw=out)) == scaled


def test_resize_and_crop_takes_the_aspect_of_the_crop() -> None:
    config = PreprocessConfig("resize_and_crop", load_size=72, size_hw=(64, 128))
    assert scaled_size((500, 500), config) == (72, 144)


@pytest.mark.parametrize(
    ("mode", "result"),
    [
        ("resize_and_crop", (16, 12)),
        ("scale_width", (30, 20)),
        ("scale_width_and_crop", (16, 12)),
        ("scale_shortside", (30, 20)),
        ("scale_shortside_and_crop", (16, 12)),
        ("crop", (16, 12)),
        ("fixed", (16, 12)),
        ("none", (64, 32)),
    ],
)
def test_result_sizes(mode: Any, result: tuple[int, int]) -> None:
    config = PreprocessConfig(mode, load_size=20, size_hw=(16, 12))
    for rng in (None, np.random.default_rng(0)):
        scene = preprocess(_scene(60, 40), config, rng=rng)
        assert scene.label_map.size_hw == result
        assert scene.image is not None and scene.image.shape == (*result, 3)
        assert scene.instance_ids is not None and scene.instance_ids.shape == result


def test_without_a_generator_the_crop_is_central_and_unmirrored() -> None:
    scene = preprocess(_scene(7, 9), PreprocessConfig("crop", size_hw=(3, 4)), rng=None)
    rows, columns = np.arange(2, 5), np.arange(2, 6)
    assert np.array_equal(scene.label_map.ids, rows[:, None] * 9 + columns)
    assert (scene.key, scene.caption) == ("a", "a sentence")


def test_parts_stay_together_under_crop_and_flip() -> None:
    original = _scene(9, 11)
    config = PreprocessConfig("crop", size_hw=(5, 6))
    seen = set()
    for seed in range(300):
        scene = preprocess(original, config, rng=np.random.default_rng(seed))
        ids = scene.label_map.ids
        assert scene.image is not None and np.array_equal(scene.image[..., 1], ids)
        assert scene.instance_ids is not None and np.array_equal(
            scene.instance_ids, ids.astype(int) + 1000
        )
        mirrored = bool(ids[0, 0] > ids[0, 1])
        first = ids[0, -1] if mirrored else ids[0, 0]
        top, left = divmod(int(first), 11)
        window = original.label_map.ids[top : top + 5, left : left + 6]
        assert np.array_equal(ids, window[:, ::-1] if mirrored else window)
        seen.add((top, left, mirrored))
    assert len(seen) == 5 * 6 * 2  # every offset that fits, either way round


def test_scaling_keeps_the_parts_together() -> None:
    """Ids at 3 times the size become 3x3 tiles; the picture, two flat halves, keeps its border."""
    ids = np.zeros((8, 8), np.uint8)
    ids[:, 4:] = 200
    scene = Scene("a", LabelMap(ids, VOCABULARY), np.stack([ids] * 3, -1), ids.astype(np.int32))
    config = PreprocessConfig("scale_shortside_and_crop", load_size=24, size_hw=(16, 20))
    for seed in range(8):
        result = preprocess(scene, config, rng=np.random.default_rng(seed))
        assert result.image is not None and result.instance_ids is not None
        assert np.array_equal((result.image[..., 0] > 100) * np.uint8(200), result.label_map.ids)
        assert np.array_equal(result.instance_ids, result.label_map.ids)
        assert set(np.unique(result.label_map.ids)) == {0, 200}


def test_no_flip_when_it_is_off_and_one_half_when_it_is_on() -> None:
    scene = _scene(4, 4)
    turned = {True: 0, False: 0}
    for flip in turned:
        config = PreprocessConfig("fixed", size_hw=(4, 4), flip=flip)
        for seed in range(400):
            ids = preprocess(scene, config, rng=np.random.default_rng(seed)).label_map.ids
            turned[flip] += int(ids[0, 0] == 3)
    assert turned[False] == 0 and 160 < turned[True] < 240


def test_boxes_follow_the_crop() -> None:
    boxes = [(0, 0, 0.25, 0.25), (0.25, 0.5, 0.75, 1), (0.5, 0, 1, 1), (0.95, 0, 1, 0.05)]
    config = PreprocessConfig("crop", size_hw=(4, 8), flip=True)
    central = preprocess(_scene(8, 16, boxes), config, rng=None).layout
    # the crop spans x 0.25 to 0.75, y 0.25 to 0.75 of the old canvas
    assert central is not None and central.class_ids.tolist() == [1, 2]
    assert central.boxes_xyxy.tolist() == [[0, 0.5, 1, 1], [0.5, 0, 1, 1]]
    assert central.boxes_xyxy.dtype == np.float32


def test_boxes_are_mirrored() -> None:
    scene = _scene(4, 4, [(0, 0, 0.25, 0.5)])
    config = PreprocessConfig("fixed", size_hw=(4, 4))
    for seed in range(10):
        result = preprocess(scene, config, rng=np.random.default_rng(seed))
        mirrored = result.label_map.ids[0, 0] == 3
        assert result.layout is not None
        expected = [0.75, 0, 1, 0.5] if mirrored else [0, 0, 0.25, 0.5]
        assert result.layout.boxes_xyxy.tolist() == [expected]


def test_absent_parts_stay_absent() -> None:
    scene = Scene("a", LabelMap(np.zeros((8, 8), np.uint8), VOCABULARY))
    result = preprocess(scene, PreprocessConfig("fixed", size_hw=(4, 4)), rng=None)
    assert (result.image, result.instance_ids, result.layout) == (None, None, None)


def test_too_small_for_the_crop() -> None:
    with pytest.raises(DatasetError, match=r"'a' is 9x7, scaled to 9x7.*8x8.*use mode scale_short"):
        preprocess(_scene(7, 9), PreprocessConfig("crop", size_hw=(8, 8)), rng=None)
    config = PreprocessConfig("scale_width_and_crop", load_size=18, size_hw=(16, 16))
    with pytest.raises(DatasetError, match=r"scaled to 18x14.*raise load_size"):
        preprocess(_scene(7, 9), config, rng=None)


def test_bad_values() -> None:
    with pytest.raises(ConfigError, match="load_size: 200 is less than the crop's short side 256"):
        PreprocessConfig(load_size=200)
    with pytest.raises(ConfigError, match="size_hw: expected at least 1, got 0"):
        PreprocessConfig("crop", size_hw=(0, 8))
