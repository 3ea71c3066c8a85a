"""Each layout on tiny made files: what is read, and what is said of another layout."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sinopia.data.dataset import Dataset, DatasetConfig
from sinopia.data.opening import open_dataset
from sinopia.errors import ConfigError, DatasetError, FileFormatError, LabelError
from sinopia.files import write_text
from sinopia.scene.vocabulary import Vocabulary

VOCABULARY = """{"name": "tiny", "unlabeled_source_ids": [9], "classes": [
    {"name": "sky", "color": [1, 2, 3], "source_id": 5},
    {"name": "sea", "color": [4, 5, 6], "source_id": 7}]}"""


def _save(path: Path, values: Any, dtype: Any = np.uint8) -> NDArray[Any]:
    array = np.array(values, dtype)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return array


def _photo(path: Path, color: tuple[int, int, int] = (10, 20, 30)) -> None:
    _save(path, np.full((2, 3, 3), color))


def _open(kind: Any, root: Path, **fields: Any) -> Dataset:
    return open_dataset(DatasetConfig(kind, str(root), **fields))


def _pair(base: Path, stem: str, ids: Any = ((5, 7, 9), (255, 5, 5))) -> None:
    _save(base / "labels" / f"{stem}.png", ids)
    _photo(base / "images" / f"{stem}.png")


def test_folder_reads_all_parts(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    _pair(root, "a")
    numbers = _save(root / "instances" / "a.png", [[0, 300, 300], [0, 0, 1]], np.uint16)
    write_text(root / "vocabulary.json", VOCABULARY)
    data = _open("folder", root)
    assert (data.name, data.vocabulary.names, len(data)) == ("mine", ("sky", "sea"), 1)
    scene = data[0]
    assert scene.key == "a"
    assert scene.label_map.ids.tolist() == [[0, 1, 255], [255, 0, 0]]
    assert scene.image is not None and scene.image[1, 2].tolist() == [10, 20, 30]
    assert scene.instance_ids is not None and np.array_equal(scene.instance_ids, numbers)


def test_folder_with_splits_shares_a_vocabulary(tmp_path: Path) -> None:
    _pair(tmp_path / "train", "t10")
    _pair(tmp_path / "train", "t9")
    _pair(tmp_path / "val", "v")
    write_text(tmp_path / "vocabulary.json", VOCABULARY)
    train = _open("folder", tmp_path)
    assert [train[at].key for at in range(2)] == ["t9", "t10"]
    assert _open("folder", tmp_path, split="val")[0].key == "v"
    assert _open("folder", tmp_path / "val")[0].key == "v"  # the vocabulary is one folder above


def test_folder_of_maps_alone(tmp_path: Path) -> None:
    _pair(tmp_path, "a")
    shutil.rmtree(tmp_path / "images")
    write_text(tmp_path / "vocabulary.json", VOCABULARY)
    assert _open("folder", tmp_path)[0].image is None


def test_folder_with_a_named_vocabulary(tmp_path: Path) -> None:
    _pair(tmp_path / "data", "a")
    with pytest.raises(DatasetError, match=r"no vocabulary at .*camvid"):
        _open("folder", tmp_path / "data")
    write_text(tmp_path / "other.json", VOCABULARY)
    data = _open("folder", tmp_path / "data", vocabulary=str(tmp_path / "other.json"))
    assert data.vocabulary.name == "tiny"
    with pytest.raises(LabelError, match="no built-in vocabulary 'camwid'"):
        _open("folder", tmp_path / "data", vocabulary="camwid")


def test_folder_without_a_validation_part(tmp_path: Path) -> None:
    _pair(tmp_path, "a")
    with pytest.raises(DatasetError, match=r"has one part only.*val/labels"):
        _open("folder", tmp_path, split="val")


def test_folder_of_another_layout(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    with pytest.raises(DatasetError, match=r"expected label maps in .*labels.*holds masks"):
        _open("folder", tmp_path)
    with pytest.raises(DatasetError, match="there is no folder"):
        _open("folder", tmp_path / "nowhere")


def test_folder_with_a_missing_pair(tmp_path: Path) -> None:
    _pair(tmp_path, "a")
    _pair(tmp_path, "b")
    (tmp_path / "images" / "b.png").unlink()
    write_text(tmp_path / "vocabulary.json", VOCABULARY)
    with pytest.raises(DatasetError, match=r"1 label map without its picture \(b\)"):
        _open("folder", tmp_path)


def test_folder_with_bad_files(tmp_path: Path) -> None:
    _pair(tmp_path, "a_unknown_id", [[5, 6, 7], [5, 5, 5]])
    _pair(tmp_path, "b_other_size", [[5, 5]])
    _pair(tmp_path, "c_cut_short")
    _pair(tmp_path, "d_colors", np.zeros((2, 3, 3)))
    broken = tmp_path / "labels" / "c_cut_short.png"
    broken.write_bytes(broken.read_bytes()[:50])
    write_text(tmp_path / "vocabulary.json", VOCABULARY)
    data = _open("folder", tmp_path)
    with pytest.raises(LabelError, match=r"a_unknown_id\.png holds id 6 at pixel \(x=1, y=0\)"):
        data[0]
    with pytest.raises(DatasetError, match=r"b_other_size.*picture is 3x2, the label map 2x1"):
        data[1]
    with pytest.raises(FileFormatError, match=r"c_cut_short\.png"):
        data[2]
    with pytest.raises(LabelError, match=r"d_colors\.png is a RGB colour picture"):
        data[3]


CAMVID_IDS = [[0, 10, 11], [1, 2, 3]]
CAMVID_EXPECTED = [[0, 10, 255], [1, 2, 3]]


@pytest.mark.parametrize("above", ["", "CamVid"])
def test_camvid_as_published(tmp_path: Path, above: str) -> None:
    for split in ("train", "val"):
        _photo(tmp_path / above / split / f"{split}_1.png")
        _save(tmp_path / above / f"{split}annot" / f"{split}_1.png", CAMVID_IDS)
    for split in ("train", "val"):
        scene = _open("camvid", tmp_path, split=split)[0]
        assert scene.key == f"{split}_1" and scene.image is not None
        assert scene.label_map.ids.tolist() == CAMVID_EXPECTED


def test_camvid_as_a_folder(tmp_path: Path) -> None:
    _pair(tmp_path / "val", "a", CAMVID_IDS)
    data = _open("camvid", tmp_path, split="val")
    assert (data.name, data[0].label_map.ids.tolist()) == ("camvid", CAMVID_EXPECTED)


def test_camvid_of_another_release(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected CamVid as train/ and trainannot/.*is empty"):
        _open("camvid", tmp_path)
    (tmp_path / "LabeledApproved_full").mkdir()
    with pytest.raises(DatasetError, match=r"colours of 32 classes"):
        _open("camvid", tmp_path)


COCO_IDS = [[0, 181, 255], [90, 91, 92]]


def test_coco_stuff(tmp_path: Path) -> None:
    _photo(tmp_path / "val_img" / "1.jpg")
    _save(tmp_path / "val_label" / "1.png", COCO_IDS)
    scene = _open("coco-stuff", tmp_path, split="val")[0]
    assert scene.label_map.ids.tolist() == COCO_IDS and scene.instance_ids is None
    numbers = _save(tmp_path / "val_inst" / "1.png", [[0, 1, 2], [3, 4, 255]])
    scene = _open("coco-stuff", tmp_path, split="val")[0]
    assert scene.instance_ids is not None and np.array_equal(scene.instance_ids, numbers)


def test_coco_stuff_portraits_join_training_only(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for suffix in ("", "_portrait"):
            _photo(tmp_path / f"{split}_img{suffix}" / f"1{suffix}.jpg")
            _save(tmp_path / f"{split}_label{suffix}" / f"1{suffix}.png", COCO_IDS)
    train = _open("coco-stuff", tmp_path)
    assert [train[at].key for at in range(len(train))] == ["1", "1_portrait"]
    assert len(_open("coco-stuff", tmp_path, split="val")) == 1


def test_coco_stuff_as_downloaded(tmp_path: Path) -> None:
    (tmp_path / "train_img").mkdir()
    with pytest.raises(DatasetError, match=r"no train_label, .*holds train_img\.$"):
        _open("coco-stuff", tmp_path)
    (tmp_path / "train2017").mkdir()
    with pytest.raises(DatasetError, match=r"Rename train2017 to train_img"):
        _open("coco-stuff", tmp_path)


@pytest.mark.parametrize("above", ["", "ADEChallengeData2016"])
def test_ade20k(tmp_path: Path, above: str) -> None:
    base = tmp_path / above
    _photo(base / "images" / "validation" / "ADE_val_00000001.jpg")
    _save(base / "annotations" / "validation" / "ADE_val_00000001.png", [[0, 1, 2], [3, 150, 0]])
    data = _open("ade20k", tmp_path, split="val")
    assert data[0].label_map.ids.tolist() == [[255, 0, 1], [2, 149, 255]]
    assert data.vocabulary.name_of(0) == "wall"


def test_ade20k_of_another_release(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DatasetError, match=r"expected images/training/ .*holds images\.$"):
        _open("ade20k", tmp_path)
    (tmp_path / "index_ade20k.mat").touch()
    with pytest.raises(DatasetError, match=r"full release of ADE20K"):
        _open("ade20k", tmp_path)


def _cityscapes(root: Path) -> None:
    for city, frame in (("ulm", 19), ("ulm", 9), ("aachen", 1)):
        stem = f"{city}_000000_{frame:06d}"
        _photo(root / "leftImg8bit" / "train" / city / f"{stem}_leftImg8bit.png")
        annotations = root / "gtFine" / "train" / city
        _save(annotations / f"{stem}_gtFine_labelIds.png", [[0, 7, 8], [26, 33, 34]])
        _save(annotations / f"{stem}_gtFine_labelTrainIds.png", [[255, 0, 1], [13, 18, 255]])
        _save(annotations / f"{stem}_gtFine_color.png", np.zeros((2, 3, 3)))
        _save(
            annotations / f"{stem}_gtFine_instanceIds.png",
            [[0, 7, 8], [26001, 33, 34]],
            np.uint16,
        )


def test_cityscapes(tmp_path: Path) -> None:
    _cityscapes(tmp_path)
    data = _open("cityscapes", tmp_path)
    keys = [data[at].key for at in range(len(data))]
    assert keys == ["aachen_000000_000001", "ulm_000000_000009", "ulm_000000_000019"]
    scene = data[0]
    names = [[data.vocabulary.name_of(each) for each in row] for row in scene.label_map.ids]
    assert names[0][1:] == ["road", "sidewalk"] and names[1][:2] == ["car", "bicycle"]
    assert scene.instance_ids is not None and scene.instance_ids[1, 0] == 26001


def test_cityscapes_as_train_ids(tmp_path: Path) -> None:
    _cityscapes(tmp_path)
    data = _open("cityscapes", tmp_path, vocabulary="cityscapes-train")
    expected = [[255, 0, 1], [13, 18, 255]]
    assert data[0].label_map.ids.tolist() == expected


def test_cityscapes_without_a_partner_or_of_another_layout(tmp_path: Path) -> None:
    _cityscapes(tmp_path)
    photo = "leftImg8bit/train/ulm/ulm_000000_000009_leftImg8bit.png"
    (tmp_path / photo).unlink()
    with pytest.raises(
        DatasetError, match=r"1 label map without its picture \(ulm_000000_000009\)"
    ):
        _open("cityscapes", tmp_path)
    with pytest.raises(DatasetError, match=r"expected Cityscapes as leftImg8bit/val/CITY/"):
        _open("cityscapes", tmp_path, split="val")
    for file in tmp_path.glob("gtFine/train/*/*labelIds.png"):
        file.unlink()
    with pytest.raises(DatasetError, match=r"\*_gtFine_labelIds\.png.*holds aachen, ulm"):
        _open("cityscapes", tmp_path)


def test_a_root_is_needed_for_files_only() -> None:
    with pytest.raises(ConfigError, match="root: data of kind 'folder' need the folder"):
        open_dataset(DatasetConfig("folder"))


def test_procedural_scenes_of_train_and_val_differ() -> None:
    train, again, val = (
        open_dataset(DatasetConfig("procedural", split=split, size_hw=(32, 48), length=3))
        for split in ("train", "train", "val")
    )
    assert len(train) == 3 and train[0].label_map.size_hw == (32, 48)
    assert np.array_equal(train[1].label_map.ids, again[1].label_map.ids)
    assert not np.array_equal(train[1].label_map.ids, val[1].label_map.ids)
    with pytest.raises(ConfigError, match="procedural scenes have their own"):
        open_dataset(DatasetConfig("procedural", vocabulary="camvid"))


def test_published_vocabularies_know_the_ids_of_their_files() -> None:
    for name, ids in (("coco-stuff", range(182)), ("ade20k", range(151)), ("camvid", range(12))):
        source_ids = np.array([*ids, 255])
        assert not Vocabulary.built_in(name).ids_from_source(source_ids)[1].any()
