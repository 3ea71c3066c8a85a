from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinopia.errors import ConfigError, FileFormatError, LabelError
from sinopia.scene import UNLABELED, SemanticClass, Vocabulary

SKY = SemanticClass("sky", (1, 2, 3), 5)
CAR = SemanticClass("car", (4, 5, 6), 300, is_thing=True)
TWO = Vocabulary("two", (SKY, CAR), unlabeled_source_ids=(0, 7))

vocabularies = st.builds(
    lambda name, sources, colors: Vocabulary(
        name,
        tuple(
            SemanticClass(f"class {index}", color, source, is_thing=index % 2 == 0)
            for index, (source, color) in enumerate(zip(sources, colors, strict=False))
        ),
    ),
    st.text(max_size=8),
    st.lists(st.integers(0, 65535), min_size=1, max_size=12, unique=True),
    st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=12, max_size=12, unique=True),
)


def test_an_id_is_the_position() -> None:
    assert len(TWO) == 2
    assert TWO.names == ("sky", "car")
    assert TWO.id_of("car") == 1
    assert TWO.name_of(0) == "sky"
    assert TWO.name_of(UNLABELED) == "unlabeled"


def test_the_palette_holds_the_colors_and_black() -> None:
    assert TWO.palette.shape == (256, 3)
    assert TWO.palette.dtype == np.uint8
    assert TWO.palette[:2].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert not TWO.palette[2:].any()


def test_source_ids_become_ids_and_unknown_ones_are_marked() -> None:
    ids, unknown = TWO.ids_from_source(np.array([[5, 300, 255], [0, 7, 8], [-1, 65536, 70000]]))
    assert ids.dtype == np.uint8
    assert ids.tolist() == [[0, 1, 255], [255, 255, 255], [255, 255, 255]]
    assert unknown.tolist() == [[False, False, False], [False, False, True], [True, True, True]]


def test_ids_become_source_ids() -> None:
    assert TWO.source_from_ids(np.array([0, 1, 255], np.uint8)).tolist() == [5, 300, 0]
    plain = Vocabulary("plain", (SKY,))
    assert plain.source_from_ids(np.array([0, 255], np.uint8)).tolist() == [5, 255]


@settings(max_examples=60, deadline=None, database=None)
@given(vocabularies)
def test_vocabularies_survive_json_and_ids_survive_source_ids(vocabulary: Vocabulary) -> None:
    again = Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert again == vocabulary
    ids = np.arange(len(vocabulary), dtype=np.uint8)
    back, unknown = vocabulary.ids_from_source(vocabulary.source_from_ids(ids))
    assert not unknown.any()
    assert (back == ids).all()


@pytest.mark.parametrize(
    ("classes", "unlabeled", "message"),
    [
        ((), (), "has 0 classes; 1 to 255 can be numbered"),
        (
            tuple(SemanticClass(str(i), (i, 0, i // 256), i) for i in range(256)),
            (),
            "has 256 classes; 1 to 255",
        ),
        ((SKY, SemanticClass("sky", (9, 9, 9), 9)), (), "'sky' and 'sky' share the name 'sky'"),
        (
            (SKY, SemanticClass("sea", (1, 2, 3), 9)),
            (),
            r"'sky' and 'sea' share the color \(1, 2, 3\); each class needs its own",
        ),
        ((SKY, SemanticClass("sea", (9, 9, 9), 5)), (), "'sky' and 'sea' share the source_id 5"),
        ((SemanticClass("a", (256, 0, 0), 0),), (), r"colour \(256, 0, 0\) of 'a' is not three"),
        ((SemanticClass("a", (0, -1, 0), 0),), (), r"colour \(0, -1, 0\) of 'a' is not three"),
        ((SemanticClass("a", (0, 0, 0), 65536),), (), "source id 65536 of 'a' is outside 0..65535"),
        ((SKY,), (5,), "source id 5 of 'sky' is outside 0..65535 or listed as unlabeled"),
        ((SKY,), (-1,), "unlabeled source id -1 is outside 0..65535"),
        ((SKY,), (70000,), "unlabeled source id 70000 is outside 0..65535"),
    ],
)
def test_classes_that_do_not_fit_are_refused(
    classes: tuple[SemanticClass, ...], unlabeled: tuple[int, ...], message: str
) -> None:
    with pytest.raises(LabelError, match=message):
        Vocabulary("v", classes, unlabeled)


def test_an_unknown_name_is_answered_with_all_names() -> None:
    with pytest.raises(LabelError, match=r"'two' has no class 'sea'\. Its classes: sky, car\."):
        TWO.id_of("sea")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps(TWO.to_json()))
    assert Vocabulary.read(path) == TWO
    assert Vocabulary.find(path) == TWO
    assert Vocabulary.find("camvid") == Vocabulary.built_in("camvid")


def test_files_that_are_no_vocabulary_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    with pytest.raises(FileFormatError, match=r"no vocabulary at .*vocabulary\.json\. It is a"):
        Vocabulary.read(path)
    for content in (b"{", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match=r"vocabulary\.json is not JSON: "):
            Vocabulary.read(path)
    path.write_text("[]")
    with pytest.raises(ConfigError, match=r"vocabulary\.json: expected an object, got \[\]"):
        Vocabulary.read(path)
    path.write_text('{"name": "x", "classes": [{"name": "a", "colour": [0, 0, 0]}]}')
    with pytest.raises(ConfigError, match=r"classes\.colour: no such field\. Did you mean 'color'"):
        Vocabulary.read(path)


def test_an_unknown_built_in_name_is_answered_with_all_of_them() -> None:
    with pytest.raises(
        LabelError, match=r"no built-in vocabulary 'coco'\. There are ade20k, camvi"
    ):
        Vocabulary.built_in("coco")


@pytest.mark.parametrize(
    ("name", "num_classes", "num_things"),
    [
        ("ade20k", 150, 100),
        ("camvid", 11, 3),
        ("cityscapes", 35, 10),
        ("cityscapes-train", 19, 8),
        ("coco-stuff", 182, 91),
        ("landscape", 8, 2),
    ],
)
def test_built_in_vocabularies_have_their_published_sizes(
    name: str, num_classes: int, num_things: int
) -> None:
    vocabulary = Vocabulary.built_in(name)
    assert name in Vocabulary.built_in_names()
    assert vocabulary.name == name
    assert len(vocabulary) == num_classes
    assert sum(each.is_thing for each in vocabulary.classes) == num_things
    assert all(each.name == each.name.strip().lower() != "" for each in vocabulary.classes)


@pytest.mark.parametrize(
    ("name", "class_name", "source_id", "color", "is_thing"),
    [
        ("coco-stuff", "person", 0, (220, 20, 60), True),
        ("coco-stuff", "street sign", 11, None, True),
        ("coco-stuff", "hair brush", 90, None, True),
        ("coco-stuff", "banner", 91, (255, 255, 128), False),
        ("coco-stuff", "clouds", 105, (170, 170, 170), False),
        ("coco-stuff", "grass", 123, (29, 195, 49), False),
        ("coco-stuff", "sea", 154, (54, 62, 167), False),
        ("coco-stuff", "sky-other", 156, (95, 219, 255), False),
        ("coco-stuff", "tree", 168, (140, 104, 47), False),
        ("coco-stuff", "wood", 181, None, False),
        ("ade20k", "wall", 1, (120, 120, 120), False),
        ("ade20k", "sky", 3, (6, 230, 230), False),
        ("ade20k", "tree", 5, (4, 200, 3), False),
        ("ade20k", "road", 7, (140, 140, 140), False),
        ("ade20k", "person", 13, (150, 5, 61), True),
        ("ade20k", "sea", 27, (9, 7, 230), False),
        ("ade20k", "flag", 150, (92, 0, 255), True),
        ("cityscapes", "unlabeled", 0, (0, 0, 0), False),
        ("cityscapes", "road", 7, (128, 64, 128), False),
        ("cityscapes", "person", 24, (220, 20, 60), True),
        ("cityscapes", "bicycle", 33, (119, 11, 32), True),
        ("cityscapes", "license plate", 34, None, False),
        ("cityscapes-train", "sky", 23, (70, 130, 180), False),
        ("camvid", "bicyclist", 10, (0, 128, 192), True),
        ("landscape", "sky", 0, (135, 206, 235), False),
    ],
)
def test_landmarks_of_the_built_in_vocabularies(
    name: str,
    class_name: str,
    source_id: int,
    color: tuple[int, int, int] | None,
    is_thing: bool,
) -> None:
    vocabulary = Vocabulary.built_in(name)
    each = vocabulary.classes[vocabulary.id_of(class_name)]
    assert each.source_id == source_id
    assert each.is_thing is is_thing
    assert color is None or each.color == color


@pytest.mark.parametrize("name", ["coco-stuff", "cityscapes", "camvid", "landscape"])
def test_source_ids_are_the_ids_where_files_hold_ids(name: str) -> None:
    classes = Vocabulary.built_in(name).classes
    assert [each.source_id for each in classes] == list(range(len(classes)))


def test_ade20k_files_hold_the_id_plus_one_and_zero_for_unlabeled() -> None:
    ade20k = Vocabulary.built_in("ade20k")
    assert [each.source_id for each in ade20k.classes] == list(range(1, 151))
    assert ade20k.unlabeled_source_ids == (0,)


def test_camvid_files_hold_eleven_for_unlabeled() -> None:
    assert Vocabulary.built_in("camvid").unlabeled_source_ids == (11,)


def test_the_train_classes_of_cityscapes_are_nineteen_of_its_labels() -> None:
    labels, train = Vocabulary.built_in("cityscapes"), Vocabulary.built_in("cityscapes-train")
    kept = [each.source_id for each in train.classes]
    assert kept == [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert train.classes == tuple(labels.classes[each] for each in kept)
    assert sorted([*kept, *train.unlabeled_source_ids]) == list(range(35))
