"""Colours, palettes and odd channels to ids and back; what is refused, and that nothing is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sinopia.data.convert import convert_masks
from sinopia.data.masks import color_name
from sinopia.data.palettes import binary_palette, read_palette, vocabulary_palette
from sinopia.data.unplaced import count_mixtures
from sinopia.errors import ConfigError, DatasetError, FileFormatError, LabelError
from sinopia.scene.label_map import read_index_image
from sinopia.scene.vocabulary import UNLABELED, SemanticClass, Vocabulary

SKY, SEA, LAND = (90, 160, 230), (20, 60, 160), (110, 140, 60)
TINY = Vocabulary(
    "tiny",
    (
        SemanticClass("sky", SKY, 5),
        SemanticClass("sea", SEA, 7),
        SemanticClass("land", LAND, 2),
    ),
    unlabeled_source_ids=(9,),
)
IDS = np.array([[0, 1, 2, 255], [2, 2, 1, 0]], np.uint8)
SOURCE = [[5, 7, 2, 9], [2, 2, 7, 5]]


def save(path: Path, array: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path, **options)
    return path


def convert(source: Path, **options: Any) -> NDArray[Any]:
    """The source ids that one file becomes."""
    out = source.parent / "out"
    convert_masks([source], out, vocabulary=TINY, **options)
    return read_index_image(out / f"{source.stem}.png")


def refusal(source: Path, error: type[Exception] = LabelError, **options: Any) -> str:
    """The message of a conversion that must fail and leave nothing behind."""
    before = sorted(source.parent.iterdir())
    with pytest.raises(error) as caught:
        convert(source, **options)
    assert sorted(source.parent.iterdir()) == before
    return str(caught.value)


def test_colors_become_source_ids_in_the_vocabularys_colors(tmp_path: Path) -> None:
    mask = save(tmp_path / "mask.png", TINY.palette[IDS])
    assert convert(mask).tolist() == SOURCE
    with Image.open(tmp_path / "out" / "mask.png") as written:
        assert written.mode == "P"
        assert np.array_equal(np.asarray(written.convert("RGB")), TINY.palette[IDS])


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    ids=hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.sampled_from([0, 1, 2, 7, 17, UNLABELED]),
    ),
    name=st.sampled_from(["cityscapes", "coco-stuff", "ade20k", "cityscapes-train"]),
    mode=st.sampled_from(["RGB", "RGBA", "P"]),
)
def test_ids_survive_the_way_over_colors(
    tmp_path_factory: pytest.TempPathFactory, ids: NDArray[np.uint8], name: str, mode: str
) -> None:
    folder = tmp_path_factory.mktemp("masks")
    vocabulary = Vocabulary.built_in(name)
    picture = Image.fromarray(vocabulary.palette[ids]).convert(mode if mode != "P" else "RGB")
    if mode == "P":  # colours at numbers of their own
        colors, numbers = np.unique(
            vocabulary.palette[ids].reshape(-1, 3), axis=0, return_inverse=True
        )
        picture = Image.fromarray(numbers.reshape(ids.shape).astype(np.uint8))
        picture.putpalette(colors.tobytes())
    picture.save(folder / "mask.png")
    convert_masks([folder / "mask.png"], folder / "out", vocabulary=vocabulary)
    back, unknown = vocabulary.ids_from_source(read_index_image(folder / "out" / "mask.png"))
    black = {each.color: at for at, each in enumerate(vocabulary.classes)}.get((0, 0, 0), UNLABELED)
    assert not unknown.any()
    assert np.array_equal(back, np.where(ids == UNLABELED, black, ids))


def test_folders_keep_their_shape(tmp_path: Path) -> None:
    save(tmp_path / "masks" / "ulm" / "a.bmp", TINY.palette[IDS])
    save(tmp_path / "masks" / "b.png", TINY.palette[IDS[::-1]])
    save(tmp_path / "masks" / ".hidden.png", IDS)
    (tmp_path / "masks" / "notes.txt").write_text("no mask")
    told: list[tuple[int, int]] = []
    done = convert_masks(
        [tmp_path / "masks"],
        tmp_path / "out",
        vocabulary=TINY,
        on_progress=lambda *at: told.append(at),
    )
    files = {str(file.relative_to(tmp_path / "out")) for file in tmp_path.rglob("out/**/*.png")}
    assert files == {"ulm/a.png", "b.png"}
    assert (done.num_files, done.num_pixels, done.unlabeled_pixels) == (2, 16, 2)
    assert told == [(1, 2), (2, 2)]


def test_source_ids_above_255_are_written_wide(tmp_path: Path) -> None:
    wide = Vocabulary("wide", (SemanticClass("sky", SKY, 5), SemanticClass("sea", SEA, 700)))
    mask = save(tmp_path / "mask.png", wide.palette[np.array([[0, 1, 255]])])
    convert_masks([mask], tmp_path / "out", vocabulary=wide)
    assert read_index_image(tmp_path / "out" / "mask.png").tolist() == [[5, 700, 255]]


def test_class_255_leaves_no_number_for_unlabeled(tmp_path: Path) -> None:
    full = Vocabulary("full", (SemanticClass("sky", SKY, 0), SemanticClass("sea", SEA, 255)))
    mask = save(tmp_path / "mask.png", full.palette[np.array([[0, 1, 255]])])
    with pytest.raises(LabelError, match="no number for unlabeled pixels, of which mask"):
        convert_masks([mask], tmp_path / "out", vocabulary=full)
    assert not (tmp_path / "out").exists()
    save(mask, full.palette[np.array([[0, 1]])])
    convert_masks([mask], tmp_path / "out", vocabulary=full)
    assert read_index_image(tmp_path / "out" / "mask.png").tolist() == [[0, 255]]


def test_unknown_colors_are_listed_and_nothing_is_written(tmp_path: Path) -> None:
    colors = TINY.palette[IDS].copy()
    colors[0, 0] = colors[0, 1] = (20, 60, 163)
    colors[1, 3] = (255, 0, 0)
    mask = save(tmp_path / "mask.png", colors)
    report = tmp_path.parent / f"{tmp_path.name}.json"
    message = refusal(mask, report=report)
    assert message.splitlines() == [
        "2 colours stand for no class of vocabulary 'tiny' (3 pixels, 37.50%); "
        "nothing was written.",
        "  #143ca3 (20, 60, 163): 2 pixels in mask.png, nearest class 'sea' at distance 3.0",
        "  #ff0000 (255, 0, 0): 1 pixel in mask.png, nearest class 'land' at distance 210.3",
        "Declare more colours with --palette FILE, take the nearest within a distance with "
        "`--tolerance D`, or use `--unknown unlabeled`.",
    ]
    listed = json.loads(report.read_text())
    assert listed[0] == {
        "what": "#143ca3 (20, 60, 163)",
        "pixels": 2,
        "files": [str(mask)],
        "nearest": "sea",
        "distance": 3.0,
    }


def test_unknown_colors_of_one_file_hold_back_all(tmp_path: Path) -> None:
    save(tmp_path / "masks" / "a.png", TINY.palette[IDS])
    save(tmp_path / "masks" / "b.png", 255 - TINY.palette[IDS])
    with pytest.raises(LabelError, match="4 colours stand for no class"):
        convert_masks([tmp_path / "masks"], tmp_path / "out", vocabulary=TINY)
    assert [entry.name for entry in tmp_path.iterdir()] == ["masks"]


def test_near_colors_within_the_tolerance_are_taken_and_counted(tmp_path: Path) -> None:
    colors = TINY.palette[IDS].copy()
    colors[0, 0] = (20, 63, 164)  # 5.0 from the sea
    mask = save(tmp_path / "mask.png", colors)
    assert "1 colour stands for no class" in refusal(mask, tolerance=4.9)
    done = convert_masks([mask], tmp_path / "out", vocabulary=TINY, tolerance=5.0)
    assert (done.moved_pixels, done.unlabeled_pixels, done.unplaced) == (1, 1, ())
    assert read_index_image(tmp_path / "out" / "mask.png")[0, 0] == 7


def test_unknown_colors_become_unlabeled_when_asked(tmp_path: Path) -> None:
    colors = TINY.palette[IDS].copy()
    colors[1, 3] = (255, 0, 0)
    mask = save(tmp_path / "mask.png", colors)
    done = convert_masks([mask], tmp_path / "out", vocabulary=TINY, unknown="unlabeled")
    assert read_index_image(tmp_path / "out" / "mask.png").tolist()[1] == [2, 2, 7, 9]
    assert (done.unlabeled_pixels, done.unplaced[0].pixels) == (2, 1)


def test_transparent_pixels_have_no_color(tmp_path: Path) -> None:
    rgba = np.dstack([TINY.palette[IDS], np.full(IDS.shape, 255, np.uint8)])
    rgba[0, :2, 3] = 0, 200
    mask = save(tmp_path / "mask.png", rgba)
    message = refusal(mask, tolerance=442)
    assert "transparent: 2 pixels in mask.png" in message
    assert "Pixels that are not opaque have no colour to go by" in message
    assert convert(mask, unknown="unlabeled")[0].tolist() == [9, 9, 2, 9]


def test_smoothed_edges_are_recognised(tmp_path: Path) -> None:
    large = Image.new("RGB", (256, 256), SKY)
    ImageDraw.Draw(large).ellipse((30, 50, 220, 240), fill=LAND)
    large.resize((64, 64), Image.Resampling.BOX).save(tmp_path / "mask.png")
    message = refusal(tmp_path / "mask.png")
    assert "edges were smoothed (anti-aliased)" in message
    save(tmp_path / "flat.png", np.full((4, 4, 3), (1, 2, 3), np.uint8))
    assert "smoothed" not in refusal(tmp_path / "flat.png")


def test_mixtures_by_hand() -> None:
    colors = np.zeros((3, 5, 3), np.uint8)
    colors[1] = [(0, 0, 0), (0, 0, 0), (50, 100, 20), (100, 200, 40), (100, 200, 40)]
    unplaced = np.zeros((3, 5), np.bool_)
    unplaced[1, 2] = True
    assert count_mixtures(colors, unplaced) == 1
    colors[1, 2] = (50, 100, 60)  # off the line
    assert count_mixtures(colors, unplaced) == 0
    assert count_mixtures(colors, np.ones((3, 5), np.bool_)) == 0
    colors[1, 2:] = (60, 120, 24), (40, 80, 16), (40, 80, 16)  # on the line, beyond its end
    assert count_mixtures(colors, unplaced) == 0


def test_binary_masks_get_two_names(tmp_path: Path) -> None:
    palette = binary_palette(TINY, "sea", "land")
    mask = save(tmp_path / "mask.png", np.array([[0, 255]], np.uint8))
    message = refusal(mask)
    assert "#ffffff (255, 255, 255): 1 pixel" in message
    assert "mask.png: 0 and 255 only, black and white masks; `--binary" in message
    assert convert(mask, palette=palette).tolist() == [[7, 2]]
    bits = save(tmp_path / "bits" / "mask.png", np.array([[False, True]]))
    assert convert(bits, palette=palette).tolist() == [[7, 2]]
    with pytest.raises(LabelError, match="has no class 'cat'"):
        binary_palette(TINY, "sea", "cat")
    assert binary_palette(TINY, "unlabeled", "sea") == {(0, 0, 0): 255, (255, 255, 255): 1}


def test_palette_files_go_by_color_or_by_number(tmp_path: Path) -> None:
    by_color = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    by_color.putpalette([*LAND, *SKY, *SEA])
    by_color.save(tmp_path / "color.png")
    assert convert(tmp_path / "color.png").tolist() == [[2, 5, 7]]
    (tmp_path / "voc").mkdir()
    voc = Image.fromarray(np.array([[5, 7, 255]], np.uint8))
    voc.putpalette(list(np.random.default_rng(0).integers(0, 256, 768).tolist()))
    voc.save(tmp_path / "voc" / "mask.png")
    mask = tmp_path / "voc" / "mask.png"
    assert "use --from-palette" in refusal(mask)
    assert convert(mask, method="palette").tolist() == [[5, 7, 9]]


def test_numbers_in_equal_channels_or_sixteen_bits(tmp_path: Path) -> None:
    grey = save(tmp_path / "grey" / "mask.png", np.stack([np.array(SOURCE, np.uint8)] * 3, axis=2))
    assert convert(grey, method="ids").tolist() == SOURCE
    wide = save(tmp_path / "wide" / "mask.png", np.array(SOURCE, np.uint16))
    assert "if they are ids, use --from-ids" in refusal(wide, FileFormatError)
    assert convert(wide, method="ids").tolist() == SOURCE
    narrow = save(tmp_path / "narrow" / "mask.png", np.array(SOURCE, np.uint8))
    assert "numbers, not colours; if these are ids already, use --from-ids" in refusal(narrow)
    assert convert(narrow, method="ids").tolist() == SOURCE


def test_unknown_ids_are_listed(tmp_path: Path) -> None:
    mask = save(tmp_path / "mask.png", np.array([[5, 6, 6]], np.uint8))
    assert refusal(mask, method="ids").splitlines() == [
        "1 id stands for no class of vocabulary 'tiny' (2 pixels, 66.67%); nothing was written.",
        "  id 6: 2 pixels in mask.png",
        "Name the right vocabulary, or use `--unknown unlabeled`.",
    ]


def test_files_of_another_sort_are_refused(tmp_path: Path) -> None:
    color = save(tmp_path / "color" / "mask.png", TINY.palette[IDS])
    assert "has no palette (its mode is RGB)" in refusal(color, FileFormatError, method="palette")
    assert "leave out --from-ids" in refusal(color, FileFormatError, method="ids")
    fractions = save(tmp_path / "f" / "mask.tif", IDS.astype(np.float32))
    assert "floating-point numbers" in refusal(fractions, FileFormatError)
    lossy = save(tmp_path / "lossy" / "mask.jpg", np.repeat(TINY.palette[IDS], 9, axis=0))
    assert "whose compression changes ids" in refusal(lossy, FileFormatError, method="ids")
    assert "Best export PNG files; `--tolerance 60`" in refusal(lossy)


def test_damaged_files_are_named_and_hold_back_all(tmp_path: Path) -> None:
    save(tmp_path / "masks" / "a.png", TINY.palette[IDS])
    for name in ("b.png", "c.png"):
        (tmp_path / "masks" / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(
        FileFormatError, match="2 files cannot be converted; nothing was written"
    ) as e:
        convert_masks([tmp_path / "masks"], tmp_path / "out", vocabulary=TINY)
    assert "b.png" in str(e.value) and "c.png" in str(e.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["masks"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = save(tmp_path / "masks" / "mask.png", TINY.palette[IDS])

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        convert_masks([mask], tmp_path / "out", vocabulary=TINY)
    assert [entry.name for entry in tmp_path.iterdir()] == ["masks"]


def test_places_that_do_not_fit(tmp_path: Path) -> None:
    mask = save(tmp_path / "masks" / "mask.png", TINY.palette[IDS])
    (tmp_path / "empty").mkdir()

    def message(sources: list[Path], out: Path) -> str:
        with pytest.raises(DatasetError) as caught:
            convert_masks(sources, out, vocabulary=TINY)
        return str(caught.value)

    assert "exists already; nothing is overwritten" in message([mask], tmp_path / "masks")
    assert "exists already" in message([mask], mask)
    assert "lies inside" in message([tmp_path / "masks"], tmp_path / "masks" / "new")
    assert "holds no mask files" in message([tmp_path / "empty"], tmp_path / "out")
    assert "no file or folder" in message([tmp_path / "gone"], tmp_path / "out")
    assert "nothing to convert" in message([], tmp_path / "out")
    twin = save(tmp_path / "other" / "mask.bmp", TINY.palette[IDS])
    assert "would both become mask.png" in message([mask, twin], tmp_path / "out")
    with pytest.raises(ConfigError, match=r"expected a distance in 0\.\.442, got -1"):
        convert_masks([mask], tmp_path / "out", vocabulary=TINY, tolerance=-1)
    convert_masks([mask], tmp_path / "empty", vocabulary=TINY)
    assert (tmp_path / "empty" / "mask.png").is_file()


def test_long_lists_are_cut_but_counted(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    message = refusal(save(tmp_path / "mask.png", noise))
    assert "  and 4066 more: " in message and "  and rarer colours: " in message
    assert len(message.splitlines()) < 40


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("camvid.txt", "90 160 230\tsky\n20 60 160\t\tsea\n1 2 3 sea\n\n# end\n0 0 0 unlabeled"),
        (
            "class_dict.csv",
            "name,r,g,b\nsky,90,160,230\nsea, 20,60,160\nsea,1,2,3\nunlabeled,0,0,0",
        ),
        (
            "labelmap.txt",
            "# label:color_rgb:parts:actions\nsky:90,160,230::\nsea:20,60,160::\nsea:1,2,3::\n"
            "unlabeled:0,0,0::",
        ),
        (
            "palette.json",
            '{"sky": [90, 160, 230], "sea": [[20, 60, 160], "#010203"], "unlabeled": "000000"}',
        ),
    ],
)
def test_declared_palettes(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_palette(tmp_path / name, TINY) == {SKY: 0, SEA: 1, (1, 2, 3): 1, (0, 0, 0): 255}


def test_declared_palettes_replace_the_vocabularys(tmp_path: Path) -> None:
    mask = save(tmp_path / "mask.png", np.array([[(1, 2, 3), (0, 0, 0)]], np.uint8))
    message = refusal(mask, palette={(1, 2, 3): 0})
    assert "#000000 (0, 0, 0): 1 pixel" in message
    assert convert(mask, palette={(1, 2, 3): 0, (0, 0, 0): UNLABELED}).tolist() == [[5, 9]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.txt", "sky is blue", "line 1: expected `R G B name`.*got 'sky is blue'"),
        ("p.txt", "1 2 300 sky", "line 1: expected three values in 0..255"),
        ("p.txt", "# nothing", "declares no colour"),
        ("p.txt", "1 2 3 see", "no class 'see'. 'see': did you mean 'sea'"),
        ("p.txt", "1 2 3 sky\n1 2 3 sea", "declared for both 'sky' and 'sea'"),
        ("p.json", "[", "is not JSON"),
        ("p.json", "[1]", "expected an object such as"),
        ("p.json", '{"sky": [1, 2]}', "'sky': expected three values"),
        ("p.json", '{"sky": true}', "'sky': expected three values"),
    ],
)
def test_bad_palettes(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises((FileFormatError, LabelError), match=message):
        read_palette(tmp_path / name, TINY)


def test_palettes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no palette at"):
        read_palette(tmp_path / "none.txt", TINY)
    (tmp_path / "p.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="is not UTF-8 text"):
        read_palette(tmp_path / "p.txt", TINY)


def test_black_is_unlabeled_unless_a_class_has_it() -> None:
    assert vocabulary_palette(TINY)[(0, 0, 0)] == UNLABELED
    cityscapes = Vocabulary.built_in("cityscapes")
    assert vocabulary_palette(cityscapes)[(0, 0, 0)] != UNLABELED


def test_colors_have_names() -> None:
    assert color_name((128, 64, 255)) == "#8040ff (128, 64, 255)"
    assert color_name(None) == "transparent"
