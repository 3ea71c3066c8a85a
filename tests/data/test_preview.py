"""The contact sheet of a data set: its scenes, its layout, its legend."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from sinopia.data.preview import blended, draw_preview, palette_legend, pick_scenes
from sinopia.errors import DatasetError, RequestError
from sinopia.scene.label_map import LabelMap
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import SemanticClass, Vocabulary

SKY, SEA, LAND = (90, 160, 230), (20, 60, 160), (110, 140, 60)
TINY = Vocabulary(
    "tiny",
    (SemanticClass("sky", SKY, 0), SemanticClass("sea", SEA, 1), SemanticClass("land", LAND, 2)),
)
PHOTO = (200, 100, 50)


def _scene(key: str, ids: NDArray[np.uint8] | None = None, *, has_image: bool = True) -> Scene:
    if ids is None:
        ids = np.repeat(np.array([[0], [1]], np.uint8), 16, axis=0).repeat(24, axis=1)
    image = np.full((*ids.shape, 3), PHOTO, np.uint8) if has_image else None
    return Scene(key, LabelMap(ids, TINY), image)


@dataclass
class Scenes:
    """A data set in memory."""

    scenes: list[Scene]
    name: str = "made"
    vocabulary: Vocabulary = field(default=TINY)

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int, /) -> Scene:
        return self.scenes[index]


def _holds(picture: NDArray[np.uint8], color: tuple[int, int, int]) -> int:
    return int((picture == np.array(color)).all(-1).sum())


def test_sheet_shows_map_picture_and_blend() -> None:
    sheet = draw_preview(Scenes([_scene("a")]))
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3
    assert _holds(sheet, PHOTO) == 32 * 24
    assert _holds(sheet, SKY) >= 16 * 24 and _holds(sheet, SEA) >= 16 * 24
    mixed = tuple(round(0.45 * one + 0.55 * two) for one, two in zip(PHOTO, SKY, strict=True))
    assert _holds(sheet, (mixed[0], mixed[1], mixed[2])) == 16 * 24
    assert _holds(sheet, LAND) == 0, "the legend names only classes that are seen"


def test_scenes_stand_two_abreast() -> None:
    one = draw_preview(Scenes([_scene("a")]), num_scenes=4)
    three = draw_preview(Scenes([_scene(key) for key in "abc"]), num_scenes=4)
    assert _holds(three, PHOTO) == 3 * 32 * 24
    assert three.shape[1] > 1.8 * one.shape[1]


def test_keys_are_written() -> None:
    with_key = draw_preview(Scenes([_scene("a long name")]))
    without = draw_preview(Scenes([_scene(" ")]))
    assert with_key.shape == without.shape
    assert (with_key != without).any(-1).sum() > 20


def test_cells_are_small_whatever_the_maps() -> None:
    ids = np.zeros((300, 600), np.uint8)
    sheet = draw_preview(Scenes([_scene("a", ids)]))
    assert 3 * 256 < sheet.shape[1] < 3 * 256 + 40
    assert draw_preview(Scenes([_scene("a", ids)]), cell_hw=(20, 40)).shape[1] < 3 * 40 + 40


def test_scenes_without_pictures_are_drawn() -> None:
    sheet = draw_preview(Scenes([_scene("a", has_image=False)]))
    assert _holds(sheet, SKY) >= 2 * 16 * 24


def test_blend_leaves_unlabeled_pixels_alone() -> None:
    scene = _scene("a", np.array([[0, 255]], np.uint8))
    assert blended(scene, opacity=1.0).tolist() == [[list(SKY), list(PHOTO)]]
    assert blended(scene, opacity=0.0).tolist() == [[list(PHOTO), list(PHOTO)]]


def test_legend_lists_seen_classes_and_breaks_lines() -> None:
    pixels = np.zeros(256, np.int64)
    pixels[[0, 2, 255]] = 10, 30, 60
    wide, narrow = (palette_legend(TINY, pixels, width=width) for width in (600, 160))
    assert wide.shape[1] == 600 and narrow.shape[0] > wide.shape[0]
    for legend in (wide, narrow):
        assert _holds(legend, SKY) > 50 and _holds(legend, LAND) > 50
        assert _holds(legend, SEA) == 0


def test_scenes_are_picked_by_the_seed() -> None:
    data = Scenes([_scene(str(number)) for number in range(20)])
    keys = [scene.key for scene in pick_scenes(data, 5, seed=1)]
    assert keys == [scene.key for scene in pick_scenes(data, 5, seed=1)]
    assert keys == sorted(set(keys), key=int) and len(keys) == 5
    assert keys != [scene.key for scene in pick_scenes(data, 5, seed=2)]
    assert len(pick_scenes(data, 99, seed=0)) == 20


def test_nothing_to_draw() -> None:
    with pytest.raises(RequestError, match="at least one scene, got 0"):
        draw_preview(Scenes([_scene("a")]), num_scenes=0)
    with pytest.raises(DatasetError, match="data set 'made' is empty"):
        draw_preview(Scenes([]))
