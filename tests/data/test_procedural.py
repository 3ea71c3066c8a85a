"""Procedural scenes: exact maps, true captions, the same scene for the same seed and index."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from sinopia.data.procedural import ProceduralScenes
from sinopia.data.procedural.canvas import Canvas, color
from sinopia.data.procedural.light import TIMES
from sinopia.data.procedural.noise import Draws, fractal, fractal_line, smoothstep
from sinopia.data.procedural.plan import plan_scene
from sinopia.data.procedural.shapes import box, capsule, convex, ellipse
from sinopia.errors import ConfigError
from sinopia.scene import Scene, Vocabulary

WORDS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
SINGULAR = {"sheep": "sheep", "bushes": "bush"}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    data = ProceduralScenes((32, 32), seed=3)
    return [data[index] for index in range(200)]


def instance_classes(scene: Scene) -> dict[int, str]:
    """The class of every instance, from the maps alone."""
    ids, instances = scene.label_map.ids, scene.instance_ids
    assert instances is not None
    pairs = np.unique(np.stack([instances[instances > 0], ids[instances > 0]]), axis=1)
    assert len(set(pairs[0])) == pairs.shape[1], "an instance of two classes"
    names = scene.label_map.vocabulary.names
    return {int(instance): names[class_id] for instance, class_id in pairs.T}


def assert_same(first: Scene, second: Scene) -> None:
    assert first.image is not None and second.image is not None
    assert first.instance_ids is not None and second.instance_ids is not None
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.label_map.ids, second.label_map.ids)
    np.testing.assert_array_equal(first.instance_ids, second.instance_ids)
    assert (first.key, first.caption) == (second.key, second.caption)


def test_same_seed_and_index_give_the_same_scene_in_any_order() -> None:
    there = ProceduralScenes((32, 48), seed=7)
    back = ProceduralScenes((32, 48), seed=7)
    forward = [there[index] for index in range(6)]
    np.random.seed(1)  # the global generator must not matter
    backward = [back[index] for index in reversed(range(6))]
    for first, second in zip(forward, reversed(backward), strict=True):
        assert_same(first, second)
    assert_same(there[np.int64(2)], forward[2])


def test_pictures_differ_between_indices_and_seeds(scenes: list[Scene]) -> None:
    assert len({scene.image.tobytes() for scene in scenes if scene.image is not None}) == 200
    assert len({scene.label_map.ids.tobytes() for scene in scenes}) == 200
    assert len({scene.key for scene in scenes}) == 200
    other = ProceduralScenes((32, 32), seed=4)[0]
    assert not np.array_equal(other.image, scenes[0].image)  # type: ignore[arg-type]


def test_name_length_and_bounds() -> None:
    data = ProceduralScenes((16, 16), length=3)
    assert data.name == "procedural" and len(data) == 3
    assert data.vocabulary == Vocabulary.built_in("meadow")
    assert len(list(data)) == 3  # type: ignore[call-overload]
    for index in (-1, 3):
        with pytest.raises(IndexError, match="scenes are numbered from 0"):
            data[index]
    with pytest.raises(ConfigError, match="16x16 or more, got 15x64"):
        ProceduralScenes((15, 64))
    with pytest.raises(ConfigError, match="length of 1 or more, got 0"):
        ProceduralScenes((16, 16), length=0)


def test_every_class_occurs(scenes: list[Scene]) -> None:
    pixels = sum(scene.label_map.pixel_counts() for scene in scenes)
    names = scenes[0].label_map.vocabulary.names
    assert all(np.asarray(pixels)[: len(names)] > 0)
    assert np.asarray(pixels)[len(names) :].sum() == 0  # nothing unlabeled, no id outside
    grass = names.index("grass")
    assert all(scene.label_map.pixel_counts()[grass] > 0 for scene in scenes)


def test_things_have_instances_and_stuff_has_none(scenes: list[Scene]) -> None:
    for scene in scenes:
        classes = scene.label_map.vocabulary.classes
        is_thing = np.array([each.is_thing for each in classes])[scene.label_map.ids]
        assert scene.instance_ids is not None
        np.testing.assert_array_equal(scene.instance_ids > 0, is_thing)
        instance_classes(scene)


def test_boxes_are_the_visible_extents(scenes: list[Scene]) -> None:
    for scene in scenes:
        layout, instances = scene.layout, scene.instance_ids
        assert layout is not None and instances is not None
        numbers = sorted(set(instances.ravel().tolist()) - {0})
        assert len(layout) == len(numbers)
        names = instance_classes(scene)
        for number, box_xyxy, class_id in zip(
            numbers, layout.boxes_xyxy * 32, layout.class_ids, strict=True
        ):
            x0, y0, x1, y1 = (round(float(edge)) for edge in box_xyxy)
            mask = instances == number
            outside = mask.copy()
            outside[y0:y1, x0:x1] = False
            assert not outside.any()
            assert mask[y0, :].any() and mask[y1 - 1, :].any()
            assert mask[:, x0].any() and mask[:, x1 - 1].any()
            assert scene.label_map.vocabulary.name_of(int(class_id)) == names[number]


def test_captions_count_truly(scenes: list[Scene]) -> None:
    several = 0
    for scene in scenes:
        caption = scene.caption
        assert caption is not None and caption.endswith(".")
        truth = Counter(name for name in instance_classes(scene).values() if name != "sun")
        said: Counter[str] = Counter()
        for number, noun in re.findall(
            rf"\b(a|{'|'.join(WORDS)}) (\w+)", caption.partition(". There ")[2]
        ):
            name = SINGULAR.get(noun, noun if number == "a" else noun.removesuffix("s"))
            said[name] += 1 if number == "a" else WORDS.index(number)
        assert said == truth, caption
        several += len(truth) > 2
    assert several > 50


def test_captions_place_and_name_truly(scenes: list[Scene]) -> None:
    places = ("on the left", "in the middle", "on the right")
    for scene in scenes:
        caption, layout, vocabulary = scene.caption, scene.layout, scene.label_map.vocabulary
        assert caption is not None and layout is not None
        pixels = scene.label_map.pixel_counts()
        for word, name in (
            ("mountains", "mountain"),
            ("hills", "hill"),
            ("path", "path"),
            ("flowers", "flower"),
            ("shore", "sand"),
            ("sun", "sun"),
        ):
            shown = pixels[vocabulary.id_of(name)] > 0
            assert (re.search(rf"\b{word}\b", caption) is not None) == shown, caption
        watery = re.search(r"\b(lake|sea|river)\b", caption) is not None
        assert watery == (pixels[vocabulary.id_of("water")] > 0)
        if "clear sky" in caption or "cloudy sky" in caption:
            assert ("clear sky" in caption) == (pixels[vocabulary.id_of("cloud")] == 0)
        for noun, place in re.findall(r"(\w+) (on the left|in the middle|on the right)", caption):
            name = SINGULAR.get(noun, noun.removesuffix("s"))
            boxes = layout.boxes_xyxy[layout.class_ids == vocabulary.id_of(name)]
            thirds = np.floor((boxes[:, 0] + boxes[:, 2]) * 1.5)
            assert (np.minimum(thirds, 2) == places.index(place)).all(), caption


def test_captions_name_the_time_of_day(scenes: list[Scene]) -> None:
    said = {"dawn": "at dawn", "noon": "at noon", "dusk": "at dusk", "overcast": "an overcast day"}
    seen = set()
    for index, scene in enumerate(scenes):
        time = plan_scene(Draws(3, index)).light.time
        assert scene.caption is not None and said[time] in scene.caption
        seen.add(time)
    assert seen == set(TIMES)


@pytest.mark.parametrize(
    "size_hw", [(16, 16), (16, 40), (40, 16), (17, 31), (24, 200), (150, 20), (64, 64)]
)
def test_every_size_and_aspect(size_hw: tuple[int, int]) -> None:
    data = ProceduralScenes(size_hw, seed=1)
    for index in range(10):
        scene = data[index]
        assert scene.label_map.size_hw == size_hw
        assert scene.image is not None and scene.instance_ids is not None
        assert scene.image.dtype == np.uint8 and scene.image.shape == (*size_hw, 3)
        assert scene.image.flags.c_contiguous
        assert scene.instance_ids.shape == size_hw


def test_same_scene_at_another_size() -> None:
    small, large = ProceduralScenes((64, 64), seed=5), ProceduralScenes((128, 128), seed=5)
    agree, apart, shuffled = [], [], []
    for index in range(12):
        low, high = small[index], large[index]
        assert low.image is not None and high.image is not None
        agree.append(np.mean(low.label_map.ids == high.label_map.ids[::2, ::2]))
        shrunk = high.image.reshape(64, 2, 64, 2, 3).mean((1, 3))
        apart.append(np.abs(shrunk - low.image).mean())
        shuffled.append(np.mean(low.label_map.ids == large[index + 12].label_map.ids[::2, ::2]))
        assert set(instance_classes(low).items()) <= set(instance_classes(high).items()) or (
            len(set(instance_classes(low).items()) - set(instance_classes(high).items())) <= 1
        )
    assert np.mean(agree) > 0.93 > np.mean(shuffled) + 0.2
    assert np.mean(apart) < 12


def test_shading_varies_within_classes(scenes: list[Scene]) -> None:
    for name in ("sky", "grass", "tree", "mountain", "water", "house", "path"):
        spread = []
        for scene in scenes[:60]:
            assert scene.image is not None
            inside = scene.label_map.ids == scene.label_map.vocabulary.id_of(name)
            if inside.sum() > 40:
                spread.append(scene.image[inside].astype(float).std(0).mean())
        assert len(spread) >= 3 and np.median(spread) > 6, name


def test_a_pixel_belongs_to_what_covers_half_of_it() -> None:
    canvas = Canvas((4, 8))
    red = color(1, 0, 0)
    canvas.instances[:] = 9
    canvas.paint(np.array([[-1.0, -0.4, -0.01, 0.0, 0.25, 0.5, 3, 3]], np.float32), red, 2, top=1)
    np.testing.assert_allclose(canvas.rgb[0, 1], [0, 0.1, 0.49, 0.5, 0.75, 1, 1, 1], atol=1e-6)
    np.testing.assert_array_equal(canvas.ids[1], [0, 0, 0, 2, 2, 2, 2, 2])
    np.testing.assert_array_equal(canvas.instances[1], [9, 9, 9, 0, 0, 0, 0, 0])
    assert canvas.ids[[0, 2, 3]].max() == 0 and canvas.rgb[:, [0, 2, 3]].max() == 0


def test_a_flipped_brush_mirrors() -> None:
    painted = []
    for flip in (False, True):
        canvas = Canvas((20, 20))
        brush = canvas.brush((0.5, 0.75), 0.25, (-1, 0, 2, 2), class_id=1, instance=4, flip=flip)
        assert brush is not None
        x, y = brush.xy
        brush.fill(box(x, y, (0, 0), (1.6, 1)), color(0, 1, 0))
        brush.detail(box(x, y, (-5, 0.5), (5, 2)), color(0, 0, 1))
        painted.append(canvas)
    np.testing.assert_array_equal(painted[0].ids, painted[1].ids[:, ::-1])
    np.testing.assert_allclose(painted[0].rgb, painted[1].rgb[:, :, ::-1], atol=1e-5)
    np.testing.assert_array_equal(painted[0].ids * 4, painted[0].instances)
    assert painted[0].ids[10:15, 10:18].all() and painted[0].ids.sum() == 40
    assert (painted[0].rgb[2] > 0).sum() < 40  # the detail stays on the object
    assert canvas.brush((3.0, 0.5), 0.1, (-1, 0, 1, 1), class_id=1, instance=1) is None


def test_distances_by_hand() -> None:
    x = np.array([[0.0, 1.0, 3.0]], np.float32)
    y = np.array([[0.0], [2.0]], np.float32)
    np.testing.assert_allclose(ellipse(x, y, (0, 0), (2, 2))[0], [2, 1, -1], atol=1e-6)
    np.testing.assert_allclose(ellipse(x, y, (0, 0), (3, 1))[:, 0], [1, -1], atol=1e-6)
    np.testing.assert_allclose(box(x, y, (-1, -1), (2, 1)), [[1, 1, -1], [-1, -1, -1]], atol=1e-6)
    np.testing.assert_allclose(
        capsule(x, y, (0, 0), (2, 0), (1, 0.5)),
        [[1, 0.75, -0.5], [-1, -1.25, 0.5 - 5**0.5]],
        atol=1e-5,
    )
    triangle = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)]
    for corners in (triangle, triangle[::-1]):
        inside = convex(x, y + 1, corners)
        np.testing.assert_allclose(inside[0], [0, 1, 0], atol=1e-6)
        assert inside[1, 2] == pytest.approx(-(2**0.5), abs=1e-5)


def test_noise_is_one_field_at_every_resolution() -> None:
    coarse = (np.arange(8, dtype=np.float32) + 0.5) / 8
    fine = (np.arange(24, dtype=np.float32) + 0.5) / 24  # every third is a coarse one
    fields = [
        fractal(np.random.default_rng(5), at, at * 2, frequency=(4, 3), octaves=4)
        for at in (coarse, fine)
    ]
    np.testing.assert_allclose(fields[0], fields[1][1::3, 1::3], atol=1e-5)
    lines = [
        fractal_line(np.random.default_rng(5), at, frequency=4, octaves=3) for at in (coarse, fine)
    ]
    np.testing.assert_allclose(lines[0], lines[1][1::3], atol=1e-5)
    assert np.abs(fields[1]).max() < 1.7 and fields[1].std() > 0.2


def test_noise_leaves_out_what_the_picture_cannot_show() -> None:
    at = (np.arange(16, dtype=np.float32) + 0.5) / 16

    def sample(octaves: int, pixels: float | None) -> np.ndarray:
        rng = np.random.default_rng(1)
        return fractal(rng, at, at, frequency=(4, 4), octaves=octaves, pixels=pixels)

    np.testing.assert_array_equal(sample(2, 1000.0), sample(2, None))
    assert not np.array_equal(sample(4, 16.0), sample(4, None))
    assert sample(4, 16.0).std() > 0.1


def test_smoothstep_rises_and_falls() -> None:
    at = np.array([0.0, 1.0, 1.5, 2.0, 9.0], np.float32)
    np.testing.assert_allclose(smoothstep(1, 2, at), [0, 0, 0.5, 1, 1], atol=1e-6)
    np.testing.assert_allclose(smoothstep(2, 1, at), [1, 1, 0.5, 0, 0], atol=1e-6)
