"""Files are found in natural order and paired by stem; whatever has no partner is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinopia.data.pairing import ScenePaths, files_by_stem, list_pictures, natural_key, pair_files
from sinopia.errors import DatasetError


def _touch(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_natural_order() -> None:
    names = ["f10.png", "f2.png", "F1.png", "f2b.png", "f02.png", "10.png", "9.png"]
    assert sorted(names, key=natural_key) == [
        "9.png",
        "10.png",
        "F1.png",
        "f02.png",
        "f2.png",
        "f2b.png",
        "f10.png",
    ]


def test_only_pictures_of_the_folder_itself_are_listed(tmp_path: Path) -> None:
    _touch(tmp_path, "b.JPG", "a.png", ".hidden.png", "notes.txt", "Thumbs.db")
    _touch(tmp_path / "deeper", "c.png")
    assert [file.name for file in list_pictures(tmp_path)] == ["a.png", "b.JPG"]


def test_pairs_have_the_order_of_the_label_maps(tmp_path: Path) -> None:
    labels = files_by_stem(_touch(tmp_path / "labels", "10.png", "9.png"))
    images = files_by_stem(_touch(tmp_path / "images", "9.jpg", "10.webp"))
    assert pair_files(tmp_path, label_maps=labels, images=images) == [
        ScenePaths("9", labels["9"], images["9"]),
        ScenePaths("10", labels["10"], images["10"]),
    ]


def test_stems_keep_dots_and_brackets(tmp_path: Path) -> None:
    assert list(files_by_stem(_touch(tmp_path, "a.b_(3).png"))) == ["a.b_(3)"]


def test_two_files_of_one_stem(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "a.jpg")
    with pytest.raises(DatasetError, match=r"both a\.jpg and a\.png.*remove one"):
        files_by_stem(tmp_path)


def test_lone_files_are_counted_and_the_first_named() -> None:
    files = {str(number): Path(f"{number}.png") for number in range(9)}
    with pytest.raises(DatasetError) as caught:
        pair_files("DIR", label_maps=files, images={"8": Path(), "x": Path()})
    message = str(caught.value)
    assert "DIR: 8 label maps without its picture (0, 1, 2, 3, 4 and 3 more)" in message
    assert "1 picture without its label map (x)" in message


def test_lone_instance_maps() -> None:
    with pytest.raises(DatasetError, match="1 instance map without its label map"):
        pair_files("DIR", label_maps={"a": Path()}, instances={"b": Path()})


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no pictures \(is empty\)"):
        files_by_stem(tmp_path)
    _touch(tmp_path, "readme.txt")
    with pytest.raises(DatasetError, match=r"holds no pictures \(holds readme\.txt\)"):
        files_by_stem(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    _touch(tmp_path, "file")
    with pytest.raises(DatasetError, match=r"no folder .*nowhere.*holds file"):
        files_by_stem(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="is a file; a folder is expected"):
        files_by_stem(tmp_path / "file")
