"""Each finding on made files: what is said, of which files, and that the commands given work."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from sinopia.data.doctor import examine
from sinopia.data.layouts import find_parts, kind_of_folder
from sinopia.data.masks import ValueRuns
from sinopia.data.proposals import (
    propose_from_colors,
    propose_from_ids,
    shifted_vocabulary,
    write_vocabulary,
)
from sinopia.data.report import Finding, Report
from sinopia.errors import ConfigError, DatasetError, LabelError
from sinopia.scene.vocabulary import SemanticClass, Vocabulary

SKY, SEA, LAND = (90, 160, 230), (20, 60, 160), (110, 140, 60)
TINY = Vocabulary(
    "tiny",
    (SemanticClass("sky", SKY, 0), SemanticClass("sea", SEA, 1), SemanticClass("land", LAND, 2)),
)
IDS = np.repeat(np.array([[0, 1, 2, 1], [2, 2, 1, 0]], np.uint8), 3, axis=0)  # (6, 4)


def save(path: Path, array: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path, **options)
    return path


def photo(path: Path, size_hw: tuple[int, int] = (6, 4), **options: Any) -> Path:
    return save(path, np.full((*size_hw, 3), (10, 120, 200), np.uint8), **options)


def palette_image(ids: NDArray[np.uint8], colors: list[tuple[int, int, int]]) -> Image.Image:
    image = Image.fromarray(ids)
    image.putpalette([part for color in colors for part in color])
    return image


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two good pairs and their vocabulary."""
    base = tmp_path / "my pairs"
    for key in ("a", "b"):
        photo(base / "images" / f"{key}.jpg")
        save(base / "labels" / f"{key}.png", IDS)
    write_vocabulary(base / "vocabulary.json", TINY)
    return base


def finding(report: Report, code: str) -> Finding:
    found = [each for each in report.findings if each.code == code]
    assert len(found) == 1, [each.code for each in report.findings]
    return found[0]


def codes(report: Report) -> set[str]:
    return {each.code for each in report.findings}


def names(found: Finding) -> list[str]:
    return [Path(note.path).name for note in found.files]


def test_good_data_are_fit_and_counted(root: Path) -> None:
    save(root / "labels" / "b.png", np.where(IDS == 2, 255, IDS).astype(np.uint8))
    told: list[tuple[int, int]] = []
    report = examine(root, on_progress=lambda done, total: told.append((done, total)))
    assert report.is_fit and report.findings == ()
    assert (report.kind, report.vocabulary) == ("folder", "tiny")
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [(each.name, each.pixels, each.num_maps) for each in report.classes] == [
        ("sky", 12, 2),
        ("sea", 18, 2),
        ("land", 9, 1),
    ]
    assert (report.unlabeled_pixels, report.num_maps_with_unlabeled) == (9, 1)
    assert report.classes[1].share == pytest.approx(18 / 48)
    assert report.unlabeled_share == pytest.approx(9 / 48)
    (part,) = report.parts
    assert (part.name, part.num_label_maps, part.num_images, part.num_pairs) == ("", 2, 2, 2)
    assert [(each.width, each.height, each.num_maps) for each in report.sizes] == [(4, 6, 2)]


def test_report_becomes_json(root: Path) -> None:
    save(root / "labels" / "b.png", IDS + 37)
    values = json.loads(json.dumps(examine(root).to_json()))
    assert values["fit"] is False
    assert values["unknown_ids"][0]["source_id"] == 37
    assert values["findings"][0]["severity"] == "error"
    assert values["never_seen"] == []


def test_ids_outside_the_vocabulary(root: Path) -> None:
    ids = IDS.copy()
    ids[4, 3] = ids[5, 0] = 37
    ids[5, 3] = 40
    path = save(root / "labels" / "b.png", ids)
    report = examine(root)
    found = finding(report, "ids-outside-vocabulary")
    assert not report.is_fit and found.severity == "error"
    assert "1 label map with ids that no class of vocabulary 'tiny' has: 37, 40." in found.message
    assert found.files[0].detail == (
        "id 37 from pixel (x=3, y=4), 2 pixels; id 40 from pixel (x=3, y=5), 1 pixel"
    )
    (first, second) = report.unknown_ids
    assert (first.source_id, first.pixels, second.source_id) == (37, 2, 40)
    assert (first.places[0].path, first.places[0].x, first.places[0].y) == (str(path), 3, 4)


def test_known_vocabulary_with_more_numbers_is_named(root: Path) -> None:
    camvid = Vocabulary.built_in("camvid")
    (root / "vocabulary.json").unlink()
    write_vocabulary(root / "vocabulary.json", Vocabulary("camvid", camvid.classes))
    save(root / "labels" / "b.png", np.where(IDS == 2, 11, IDS).astype(np.uint8))
    found = finding(examine(root), "ids-outside-vocabulary")
    assert "The built-in vocabulary 'camvid' has the same classes and all ids." in found.message
    assert shlex.split(found.commands[0])[2:] == ["doctor", str(root), "--vocabulary", "camvid"]
    assert "ids-outside-vocabulary" not in codes(examine(root, vocabulary="camvid"))


def test_ids_shifted_by_one(root: Path) -> None:
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", IDS + 1)
    report = examine(root)
    found = finding(report, "shifted-ids")
    assert found.severity == "error" and "0 never occurs" in found.message
    assert "--shift 1" in found.commands[0]
    assert examine(root, vocabulary=shifted_vocabulary(TINY, 1)).is_fit


def test_one_number_too_many_may_be_unlabeled(root: Path) -> None:
    save(root / "labels" / "b.png", IDS + 1)
    found = finding(examine(root), "shifted-ids")
    assert found.severity == "warning" and "or 3 stands for unlabeled" in found.message


def test_numbers_that_follow_another_rule_are_explained(root: Path) -> None:
    save(root / "labels" / "a.png", IDS.astype(np.uint16) * 257)
    save(root / "labels" / "b.png", np.where(IDS == 2, 2007, IDS.astype(np.uint16)))
    photo(root / "images" / "c.jpg")
    grey = save(root / "labels" / "c.png", TINY.palette[IDS])
    with Image.open(grey) as image:
        image.convert("L").save(grey)
    report = examine(root)
    assert finding(report, "multiplied-ids").files[0].detail == "multiples of 257"
    assert names(finding(report, "instance-ids")) == ["b.png"]
    assert names(finding(report, "greys-of-colors")) == ["c.png"]
    assert names(finding(report, "wide-label-maps")) == ["a.png", "b.png"]


def test_wide_maps_of_known_ids_are_fit(root: Path) -> None:
    save(root / "labels" / "b.png", IDS.astype(np.uint16))
    report = examine(root)
    assert report.is_fit and finding(report, "wide-label-maps").severity == "note"


def test_binary_masks(root: Path) -> None:
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", np.where(IDS == 1, 255, 0).astype(np.uint8))
    found = finding(examine(root), "binary-masks")
    assert found.severity == "error" and "2 label maps of 0 and 255 only" in found.message
    assert shlex.split(found.commands[0])[2:] == [
        "convert",
        str(root / "labels"),
        "--vocabulary",
        str(root / "vocabulary.json"),
        "--out",
        f"{root}/labels-ids",
        "--binary",
        "sky",
        "sea",
    ]


def test_one_bit_and_grey_rgb_masks_are_binary_too(root: Path) -> None:
    save(root / "labels" / "a.png", IDS == 1)
    save(root / "labels" / "b.png", np.stack([np.where(IDS == 1, 255, 0).astype(np.uint8)] * 3, 2))
    found = finding(examine(root), "binary-masks")
    assert [note.detail for note in found.files] == ["1, values 0, 255", "RGB, values 0, 255"]


def test_zero_and_255_may_be_a_class_and_unlabeled(root: Path) -> None:
    only = Vocabulary("one", (SemanticClass("sea", SEA, 0),))
    both = Vocabulary("two", (SemanticClass("sky", SKY, 0), SemanticClass("sea", SEA, 255)))
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", np.where(IDS == 1, 255, 0).astype(np.uint8))
    doubtful = examine(root, vocabulary=only)
    assert finding(doubtful, "binary-masks").severity == "warning" and doubtful.is_fit
    assert "--binary unlabeled sea" in finding(doubtful, "binary-masks").commands[0]
    assert examine(root, vocabulary=both).findings == ()


def test_color_masks(root: Path) -> None:
    save(root / "labels" / "b.png", TINY.palette[IDS])
    report = examine(root)
    found = finding(report, "color-masks")
    assert found.files[0].detail == "RGB, 3 colours, of which 3 are classes'"
    assert shlex.split(found.commands[0])[3] == str(root / "labels" / "b.png")
    assert found.commands[0].endswith("labels-from-colors'")
    assert [each.pixels for each in report.classes] == [6, 9, 9], "only map a is counted"


def test_color_masks_of_other_colors_need_a_palette(root: Path) -> None:
    save(root / "labels" / "b.png", 255 - TINY.palette[IDS])
    found = finding(examine(root), "color-masks")
    assert "has none of their colours: declare them" in found.message
    assert found.commands[0].endswith("--palette palette.txt")


def test_color_masks_with_some_other_colors_list_these(root: Path) -> None:
    save(
        root / "labels" / "b.png",
        np.where(IDS[..., None] == 2, (1, 2, 3), TINY.palette[IDS]).astype(np.uint8),
    )
    found = finding(examine(root), "color-masks")
    assert "Not in the vocabulary: #010203 (1, 2, 3);" in found.message


def test_photos_in_the_place_of_masks(root: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    save(root / "labels" / "b.png", noise)
    found = finding(examine(root), "color-masks")
    assert "1 label map of more than 64 colours: photos, or masks whose edges" in found.message
    assert found.files[0].detail.startswith("RGB, more than 4096 colours")


def test_ids_in_color_channels(root: Path) -> None:
    save(root / "labels" / "b.png", np.stack([IDS] * 3 + [np.full_like(IDS, 255)], axis=2))
    found = finding(examine(root), "ids-in-color-channels")
    assert found.files[0].detail == "RGBA, greys 0, 1, 2"
    assert found.commands[0].endswith("--from-ids")


def test_palette_with_the_classes_colors_elsewhere(root: Path) -> None:
    palette_image(IDS, [SKY, LAND, SEA]).save(root / "labels" / "b.png")  # sky is right
    report = examine(root)
    found = finding(report, "palette-by-color")
    assert found.severity == "error" and names(found) == ["b.png"]
    assert found.commands[0].endswith("labels-from-palette-colors'")
    assert sum(each.pixels for each in report.classes) == 24


def test_palette_of_our_own_files_is_right(root: Path) -> None:
    palette_image(IDS, [SKY, SEA, LAND]).save(root / "labels" / "b.png")
    assert examine(root).findings == ()


def test_palette_in_other_colors_is_only_noted(root: Path) -> None:
    palette_image(IDS, [(0, 0, 0), (128, 0, 0), (0, 128, 0)]).save(root / "labels" / "b.png")
    report = examine(root)
    found = finding(report, "palette-png")
    assert report.is_fit and found.severity == "note"
    assert found.commands[0].endswith("--from-palette")


def test_lossy_label_maps(root: Path) -> None:
    (root / "labels" / "a.png").unlink()
    save(root / "labels" / "a.jpg", IDS)
    found = finding(examine(root), "lossy-label-maps")
    assert found.files[0].detail.startswith("JPEG, L, ")
    assert "Nothing can restore ids" in found.message and found.commands == ()
    save(root / "labels" / "a.jpg", TINY.palette[IDS])
    found = finding(examine(root), "lossy-label-maps")
    assert found.commands[0].endswith("--tolerance 60")


def test_fractions_are_no_ids(root: Path) -> None:
    (root / "labels" / "a.png").unlink()
    save(root / "labels" / "a.tif", IDS.astype(np.float32))
    assert names(finding(examine(root), "float-label-maps")) == ["a.tif"]


def test_unreadable_files_do_not_stop_it(root: Path) -> None:
    good = (root / "labels" / "a.png").read_bytes()
    (root / "labels" / "a.png").write_bytes(good[: len(good) // 2])
    (root / "images" / "a.jpg").write_bytes(b"")
    (root / "instances").mkdir()
    (root / "instances" / "a.png").write_text("no picture")
    save(root / "instances" / "b.png", IDS)
    report = examine(root)
    assert finding(report, "unreadable-label-map").files[0].detail.startswith("damaged or cut")
    assert finding(report, "unreadable-picture").files[0].detail.startswith("not a picture")
    assert names(finding(report, "unreadable-instance-map")) == ["a.png"]
    assert sum(each.pixels for each in report.classes) == 24


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    cut=st.integers(0, 100),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    what=st.sampled_from(["labels/a.png", "images/a.png"]),
)
def test_damaged_files_never_stop_it(
    tmp_path: Path, cut: int, changes: list[tuple[int, int]], what: str
) -> None:
    photo(tmp_path / "images" / "a.png")
    save(tmp_path / "labels" / "a.png", IDS)
    content = bytearray((tmp_path / what).read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    (tmp_path / what).write_bytes(content[: len(content) * cut // 100])
    examine(tmp_path, vocabulary=TINY).to_json()


def test_unpaired_files(root: Path) -> None:
    save(root / "labels" / "lone.png", IDS)
    photo(root / "images" / "other.jpg")
    report = examine(root)
    assert names(finding(report, "label-map-without-picture")) == ["lone.png"]
    assert names(finding(report, "picture-without-label-map")) == ["other.jpg"]
    assert report.parts[0].num_pairs == 2


@pytest.mark.parametrize(
    ("rename", "hint"),
    [
        (lambda name: f"{name}_mask", "Here the names of label maps end in '_mask'"),
        (str.upper, "Here the names differ in upper and lower case"),
    ],
)
def test_names_that_follow_a_rule_are_explained(root: Path, rename: Any, hint: str) -> None:
    for path in list((root / "labels").iterdir()):
        path.rename(path.with_stem(rename(path.stem)))
    assert hint in finding(examine(root), "label-map-without-picture").message


def test_sizes_that_differ(root: Path) -> None:
    photo(root / "images" / "a.jpg", (8, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(root / "images" / "b.jpg", exif=exif)
    found = finding(examine(root), "different-size")
    assert [note.detail for note in found.files] == [
        "label map 4x6, picture 4x8",
        "label map 4x6, picture 6x4, turned by its EXIF orientation",
    ]
    assert "EXIF orientation is obeyed" in found.message


def test_instance_maps(root: Path) -> None:
    save(root / "instances" / "a.png", IDS[:4].astype(np.uint16) * 999)
    save(root / "instances" / "z.png", TINY.palette[IDS])
    report = examine(root)
    assert names(finding(report, "instance-map-missing")) == ["b.png"]
    assert names(finding(report, "instance-map-without-label-map")) == ["z.png"]
    found = finding(report, "instance-map-of-different-size")
    assert found.files[0].detail == "instance map 4x4, label map 4x6"
    assert finding(report, "instance-map-not-numbers").files[0].detail == "PNG, RGB"


def test_doubled_names_and_other_files(root: Path) -> None:
    save(root / "labels" / "a.bmp", IDS)
    (root / "labels" / "notes.txt").write_text("hello")
    report = examine(root)
    assert finding(report, "same-stem").files[0].detail == "also a.png"
    assert finding(report, "other-files").severity == "note"


def test_missing_folders(root: Path) -> None:
    for file in [*(root / "images").iterdir(), *(root / "labels").iterdir()]:
        file.unlink()
    (root / "images").rmdir()
    report = examine(root)
    assert codes(report) == {"no-label-maps", "no-pictures"} and not report.is_fit


def test_maps_without_labels_and_classes_without_maps(root: Path) -> None:
    save(root / "labels" / "a.png", np.zeros_like(IDS))
    save(root / "labels" / "b.png", np.full_like(IDS, 255))
    report = examine(root)
    assert names(finding(report, "only-unlabeled")) == ["b.png"]
    assert "2 of 3 classes are in no label map" in finding(report, "classes-never-seen").message
    assert report.never_seen == ("sea", "land") and report.is_fit


def test_without_a_vocabulary_one_is_proposed_from_ids(root: Path) -> None:
    (root / "vocabulary.json").unlink()
    palette_image(IDS, [SKY, SEA, LAND]).save(root / "labels" / "a.png")
    report = examine(root)
    assert finding(report, "no-vocabulary").severity == "error" and report.vocabulary is None
    proposed = report.proposed_vocabulary
    assert proposed is not None
    assert [(each.name, each.color, each.source_id) for each in proposed.classes] == [
        ("class 0", SKY, 0),
        ("class 1", SEA, 1),
        ("class 2", LAND, 2),
    ]
    write_vocabulary(root / "vocabulary.json", proposed)
    assert examine(root).is_fit


def test_without_a_vocabulary_one_is_proposed_from_colors(root: Path) -> None:
    (root / "vocabulary.json").unlink()
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", TINY.palette[IDS])
    report = examine(root)
    assert report.proposed_vocabulary is not None
    assert report.proposed_vocabulary.names == ("color 143ca0", "color 6e8c3c", "color 5aa0e6")
    assert "3 are classes'" in finding(report, "color-masks").files[0].detail


def test_without_a_vocabulary_a_built_in_one_is_recognised(root: Path) -> None:
    (root / "vocabulary.json").unlink()
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", Vocabulary.built_in("landscape").palette[IDS])
    report = examine(root)
    assert report.proposed_vocabulary == Vocabulary.built_in("landscape")
    assert "built-in vocabulary 'landscape'" in finding(report, "no-vocabulary").message


def test_without_a_vocabulary_binary_masks_get_two_classes(root: Path) -> None:
    (root / "vocabulary.json").unlink()
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", np.where(IDS == 1, 255, 0).astype(np.uint8))
    report = examine(root)
    assert report.proposed_vocabulary is not None
    assert report.proposed_vocabulary.names == ("background", "foreground")
    assert "--binary background foreground" in finding(report, "binary-masks").commands[0]


def test_without_any_label_map_no_vocabulary_is_proposed(root: Path) -> None:
    (root / "vocabulary.json").unlink()
    for file in (root / "labels").iterdir():
        file.unlink()
    report = examine(root)
    assert report.proposed_vocabulary is None
    assert "None can be proposed" in finding(report, "no-vocabulary").message


def test_a_vocabulary_that_cannot_be_used_is_a_finding(root: Path) -> None:
    (root / "vocabulary.json").write_text("{", encoding="utf-8")
    report = examine(root)
    assert "is not JSON" in finding(report, "bad-vocabulary").message
    assert report.parts[0].num_pairs == 2


def test_layouts_are_recognised(tmp_path: Path) -> None:
    for kind, label in (
        ("folder", "train/labels/a.png"),
        ("camvid", "valannot/a.png"),
        ("coco-stuff", "train_label_portrait/a.png"),
        ("coco-stuff", "val_label/a.png"),
        ("ade20k", "ADEChallengeData2016/annotations/validation/a.png"),
        ("cityscapes", "gtFine/train/ulm/ulm_1_gtFine_labelIds.png"),
    ):
        base = tmp_path / label.replace("/", "-")
        save(base / label, IDS)
        assert kind_of_folder(base) == kind
        report = examine(base, vocabulary=TINY)
        assert report.kind == kind and codes(report) == {"no-pictures"}


def test_published_layouts_bring_their_vocabulary_and_instances(tmp_path: Path) -> None:
    stem = "gtFine/train/ulm/ulm_1_gtFine"
    save(tmp_path / f"{stem}_labelIds.png", IDS + 7)
    save(tmp_path / f"{stem}_instanceIds.png", IDS.astype(np.uint16) * 1000)
    photo(tmp_path / "leftImg8bit/train/ulm/ulm_1_leftImg8bit.png")
    report = examine(tmp_path)
    assert (report.vocabulary, report.is_fit) == ("cityscapes", True)
    assert report.parts[0].num_instance_maps == 1


def test_unknown_layouts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(DatasetError, match=r"layout of no data set.*holds pictures.*labels/"):
        examine(tmp_path)
    with pytest.raises(DatasetError, match="expected gtFine/train/"):
        examine(tmp_path, kind="cityscapes")
    with pytest.raises(DatasetError, match="have no files to look at"):
        find_parts(tmp_path, "procedural")
    with pytest.raises(DatasetError, match="there is no folder"):
        examine(tmp_path / "nowhere")


def test_runs_count_what_unique_counts() -> None:
    array = np.random.default_rng(0).integers(0, 5, (7, 9))
    runs = ValueRuns.of(array)
    values, firsts, counts = np.unique(array, return_index=True, return_counts=True)
    assert np.array_equal(runs.counts.values, values)
    assert np.array_equal(runs.counts.pixels, counts)
    assert np.array_equal(runs.counts.firsts, firsts)
    assert np.array_equal(runs.replaced(values * 2), array * 2)
    assert runs.counts.most_frequent(2).values.tolist() == sorted(np.argsort(-counts)[:2].tolist())


def test_proposed_colors_differ_up_to_the_last_class() -> None:
    proposed = propose_from_ids(range(255), name="many")
    assert proposed is not None and len({each.color for each in proposed.classes}) == 255
    assert propose_from_ids(range(300), name="more") is None
    assert propose_from_ids([-3, 2], name="negative") is None
    assert propose_from_colors([], name="none") is None


def test_shifted_vocabularies() -> None:
    shifted = shifted_vocabulary(TINY, 1)
    assert [each.source_id for each in shifted.classes] == [1, 2, 3]
    assert shifted.unlabeled_source_ids == (0,)
    with pytest.raises(LabelError, match=r"outside 0\.\.65535"):
        shifted_vocabulary(TINY, -1)


def test_vocabularies_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    write_vocabulary(path, Vocabulary.built_in("ade20k"))
    assert Vocabulary.read(path) == Vocabulary.built_in("ade20k")
    with pytest.raises(ConfigError, match="exists already and is not overwritten"):
        write_vocabulary(path, TINY)


def test_one_bit_masks_are_right_for_a_class_255(root: Path) -> None:
    both = Vocabulary("two", (SemanticClass("sky", SKY, 0), SemanticClass("sea", SEA, 255)))
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", IDS == 1)
    assert examine(root, vocabulary=both).findings == ()


def test_black_maps_among_color_masks_are_color_masks(root: Path) -> None:
    save(root / "labels" / "a.png", TINY.palette[IDS])
    save(root / "labels" / "b.png", np.zeros((*IDS.shape, 3), np.uint8))
    assert names(finding(examine(root), "color-masks")) == ["a.png", "b.png"]


def test_grey_classes_are_colors(root: Path) -> None:
    greys = Vocabulary(
        "greys", (SemanticClass("sky", (200,) * 3, 0), SemanticClass("sea", (90,) * 3, 1))
    )
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", greys.palette[IDS % 2])
    assert codes(examine(root, vocabulary=greys)) >= {"color-masks"}


def test_without_a_vocabulary_palettes_that_differ_are_colors(root: Path) -> None:
    (root / "vocabulary.json").unlink()
    palette_image(IDS, [LAND, SKY, SEA]).save(root / "labels" / "a.png")
    palette_image(IDS, [SKY, SEA, LAND]).save(root / "labels" / "b.png")
    report = examine(root)
    assert names(finding(report, "palette-by-color")) == ["a.png", "b.png"]
    assert report.proposed_vocabulary is not None
    assert {each.color for each in report.proposed_vocabulary.classes} == {SKY, SEA, LAND}
