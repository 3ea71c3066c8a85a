from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from sinopia.errors import FileFormatError, LabelError
from sinopia.scene import LabelMap, SemanticClass, Vocabulary
from sinopia.scene.image import read_png_text
from sinopia.scene.label_map import VOCABULARY_KEY, nearest_indices, read_index_image

THREE = Vocabulary(
    "three",
    (
        SemanticClass("sky", (10, 20, 30), 7),
        SemanticClass("car", (40, 50, 60), 300, is_thing=True),
        SemanticClass("sea", (70, 80, 90), 9),
    ),
    unlabeled_source_ids=(0,),
)
IDS = np.array([[0, 1, 255], [2, 2, 0]], np.uint8)

id_arrays = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 2)
)


def test_a_map_knows_its_size_and_counts() -> None:
    label_map = LabelMap(IDS, THREE)
    assert label_map.size_hw == (2, 3)
    counts = label_map.pixel_counts()
    assert counts.shape == (256,)
    assert counts[[0, 1, 2, 255]].tolist() == [2, 1, 2, 1]
    assert counts.sum() == 6


def test_a_map_is_shown_in_its_colors() -> None:
    colored = LabelMap(IDS, THREE).colored()
    assert colored.dtype == np.uint8
    assert colored[0].tolist() == [[10, 20, 30], [40, 50, 60], [0, 0, 0]]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (
            np.array([[0, 1], [0, 3]], np.uint8),
            r"^label map holds id 3 at pixel \(x=1, y=1\), but vocabulary 'three' ends at 2 "
            r"\(255 = unlabeled\)\. Raw data set ids\? Use LabelMap\.from_source_ids\(\), or "
            r"`sinopia data doctor` for a whole folder\.$",
        ),
        (np.array([[0, -1]]), r"holds id -1 at pixel \(x=1, y=0\)"),
        (np.array([[0, 1]]), r"expected uint8 ids, got int64; use ids\.astype\(np\.uint8\)"),
        (np.zeros((2, 2, 3), np.uint8), r"shape \(H, W\), got uint8 \(2, 2, 3\)"),
        (np.zeros((0, 2), np.uint8), r"shape \(H, W\), got uint8 \(0, 2\)"),
        (np.zeros((2, 2), np.float32), r"shape \(H, W\), got float32 \(2, 2\)"),
        ([[0, 1]], r"shape \(H, W\), got list"),
        (torch.zeros(2, 2, dtype=torch.uint8), r"shape \(H, W\), got torch\.uint8"),
    ],
)
def test_ids_that_do_not_fit_are_refused(ids: Any, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        LabelMap(ids, THREE)


def test_source_ids_become_ids() -> None:
    label_map = LabelMap.from_source_ids(np.array([[7, 300], [0, 255]], np.uint16), THREE)
    assert label_map.ids.tolist() == [[0, 1], [255, 255]]
    assert label_map.ids.dtype == np.uint8


def test_unknown_source_ids_are_named_with_their_pixel() -> None:
    with pytest.raises(
        LabelError,
        match=r"^a\.png holds id 8 at pixel \(x=0, y=1\), which no class of vocabulary 'three' has "
        r"\(2 such pixels\)\. `sinopia data doctor` lists them all\.$",
    ):
        LabelMap.from_source_ids(np.array([[7, 9], [8, 8]]), THREE, where="a.png")
    with pytest.raises(LabelError, match=r"integers of shape \(H, W\), got float64 \(1, 1\)"):
        LabelMap.from_source_ids(np.zeros((1, 1)), THREE)
    with pytest.raises(LabelError, match=r"integers of shape \(H, W\), got int64 \(4,\)"):
        LabelMap.from_source_ids(np.zeros(4, np.int64), THREE)


@settings(max_examples=40, deadline=None, database=None)
@given(id_arrays)
def test_files_give_back_what_was_written(ids: NDArray[np.uint8]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.png"
        LabelMap(ids, THREE).write(path)
        assert (LabelMap.read(path, THREE).ids == ids).all()


def test_a_written_map_is_a_palette_picture_that_names_its_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    label_map = LabelMap(IDS, THREE)
    label_map.write(path)
    with Image.open(path) as image:
        assert image.mode == "P"
        assert (np.asarray(image.convert("RGB")) == label_map.colored()).all()
    assert read_png_text(path) == {VOCABULARY_KEY: "three"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.png"]


def test_a_map_is_written_as_png_only(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"a\.jpg: the name must end in \.png"):
        LabelMap(IDS, THREE).write(tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


def test_the_palette_of_a_file_is_not_applied(tmp_path: Path) -> None:
    path = tmp_path / "foreign.png"
    image = Image.fromarray(IDS)
    image.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200] + [9] * 759)
    image.save(path)
    assert (read_index_image(path) == IDS).all()


def test_sixteen_bit_files_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "instances.png"
    values = np.array([[0, 1, 256], [26001, 65535, 7]], np.uint16)
    Image.fromarray(values).save(path)
    assert (read_index_image(path) == values).all()
    with pytest.raises(LabelError, match=r"instances\.png holds id 256 at pixel \(x=2, y=0\)"):
        LabelMap.read(path, THREE)
    Image.fromarray(IDS.astype(np.uint16)).save(path)
    assert LabelMap.read(path, THREE).ids.dtype == np.uint8


def test_one_bit_files_hold_0_and_255(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    Image.fromarray(np.array([[True, False]])).save(path)
    assert read_index_image(path).tolist() == [[255, 0]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_color_masks_are_refused(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "mask.png"
    Image.new(mode, (4, 4)).save(path)
    with pytest.raises(
        LabelError,
        match=rf"^label map .*mask\.png is a {mode} colour picture; one class id a pixel is "
        r"expected\. `sinopia data convert` turns colours into ids\.$",
    ):
        LabelMap.read(path, THREE)


@pytest.mark.parametrize(("suffix", "name"), [("jpg", "JPEG"), ("webp", "WEBP")])
def test_lossy_maps_are_refused_whatever_their_name(tmp_path: Path, suffix: str, name: str) -> None:
    real, disguised = tmp_path / f"map.{suffix}", tmp_path / "map.png"
    Image.new("L", (8, 8)).save(real)
    real.rename(disguised)
    with pytest.raises(FileFormatError, match=rf"map\.png is {name}, whose compression changes"):
        LabelMap.read(disguised, THREE)


def test_ids_outside_the_vocabulary_are_named_with_file_and_pixel(tmp_path: Path) -> None:
    path = tmp_path / "0007.png"
    Image.fromarray(np.array([[0, 37]], np.uint8)).save(path)
    with pytest.raises(
        LabelError, match=r"label map .*0007\.png holds id 37 at pixel \(x=1, y=0\), but voc"
    ):
        LabelMap.read(path, THREE)


def test_a_truncated_map_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    noise = np.random.default_rng(0).integers(0, 3, (64, 64)).astype(np.uint8)
    LabelMap(noise, THREE).write(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FileFormatError, match=r"map\.png is damaged or cut short: .* Copy it"):
        LabelMap.read(path, THREE)


@settings(max_examples=300, deadline=None, database=None)
@given(source=st.integers(1, 700), target=st.integers(1, 700))
def test_nearest_positions_are_those_of_torch(source: int, target: int) -> None:
    line = torch.arange(source, dtype=torch.float32).reshape(1, 1, -1)
    expected = F.interpolate(line, size=target, mode="nearest").reshape(-1)
    assert nearest_indices(source, target).tolist() == expected.int().tolist()


def test_nearest_positions_share_the_rounding_of_torch() -> None:
    # In exact numbers position 41 of 82 over 128 is 64; in single precision it is just below.
    line = torch.arange(128, dtype=torch.float32).reshape(1, 1, -1)
    assert F.interpolate(line, size=82, mode="nearest")[0, 0, 41] == nearest_indices(128, 82)[41]


@settings(max_examples=60, deadline=None, database=None)
@given(ids=id_arrays, height=st.integers(1, 20), width=st.integers(1, 20))
def test_maps_are_resized_as_torch_does(ids: NDArray[np.uint8], height: int, width: int) -> None:
    resized = LabelMap(ids, THREE).resized((height, width))
    pixels = torch.from_numpy(ids.copy()).to(torch.float32)[None, None]
    expected = F.interpolate(pixels, size=(height, width), mode="nearest")[0, 0]
    assert resized.size_hw == (height, width)
    assert (resized.ids == expected.numpy()).all()
    assert resized.ids.flags.c_contiguous


def test_nearest_by_hand() -> None:
    assert nearest_indices(4, 8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert nearest_indices(5, 2).tolist() == [0, 2]
    assert LabelMap(IDS, THREE).resized((1, 2)).ids.tolist() == [[0, 1]]
