from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sinopia.inference.request import read_request
from sinopia.inference.synthesizer import load_synthesizer
from sinopia.models.spade import SpadeConfig
from sinopia.scene import LabelMap, Vocabulary, read_image, write_image
from sinopia.zoo.manifest import add_style
from tests.cli.command_line import CommandLine
from tests.conftest import save_random_model


@pytest.fixture
def map_path(tmp_path: Path, tiny_map: LabelMap) -> Path:
    tiny_map.write(tmp_path / "park.png")
    return tmp_path / "park.png"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


def test_a_picture_for_each_map_and_seed(
    command_line: CommandLine,
    tiny_model_folder: Path,
    tiny_map: LabelMap,
    tmp_path: Path,
    out: Path,
) -> None:
    maps = tmp_path / "maps"
    for name in ("a", "b"):
        tiny_map.write(maps / f"{name}.png")
    Image.fromarray(tiny_map.ids).save(tmp_path / "grey.png")
    (maps / "notes.txt").write_text("no map")
    outcome = command_line.run(
        "paint", maps, tmp_path / "grey.png", "--model", tiny_model_folder,
        "--seed", 3, "-n", 2, "--out", out,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    names = [f"{stem}_seed{seed}.png" for stem in ("a", "b", "grey") for seed in (3, 4)]
    assert sorted(each.name for each in out.iterdir()) == names
    lines = outcome.out.splitlines()
    assert len(lines) == 6
    assert re.fullmatch(r".*a_seed3\.png  32x32  \d+\.\d\d s", lines[0])

    synthesizer = load_synthesizer(tiny_model_folder)
    synthesizer.set_label_map(tiny_map)
    for name in names:
        seed = int(name[-5])
        np.testing.assert_array_equal(read_image(out / name), synthesizer.synthesize(seed))
        assert read_request(out / name) == synthesizer.request(seed)


def test_size_style_and_precision(
    command_line: CommandLine, tiny_model_folder: Path, map_path: Path, tmp_path: Path, out: Path
) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    write_image(tmp_path / "sunset.png", photo)
    outcome = command_line.run(
        "paint", map_path, "--model", tiny_model_folder, "--style", tmp_path / "sunset.png",
        "--size", 64, 96, "--precision", "bf16", "--out", out,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    path = out / "park_style_sunset.png"
    assert read_image(path).shape == (64, 96, 3)
    request = read_request(path)
    assert request.precision == "bf16"
    assert request.style_photo_sha256 is not None


def test_a_style_that_the_model_brings_along(
    command_line: CommandLine,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    map_path: Path,
    tmp_path: Path,
    out: Path,
) -> None:
    folder = save_random_model(tmp_path / "coast", tiny_config, tiny_vocabulary)
    code = np.linspace(-1, 1, 8).astype(np.float32)
    add_style(folder, "dusk", code)
    arguments = ("paint", map_path, "--model", folder, "--out", out, "--style")
    outcome = command_line.run(*arguments, "dusk")
    assert outcome.code == 0, outcome.err
    path = out / "park_style_dusk.png"
    np.testing.assert_array_equal(read_request(path).style_values(), code)
    message = command_line.refuse(*arguments, "dawn")
    assert "no photo at dawn" in message and "it has dusk" in message
    for name in ("v1.0", "v1.5"):  # a style's name has no suffix to take off
        add_style(folder, name, code)
        assert command_line.run(*arguments, name).code == 0
    names = {path.name for path in out.iterdir()}
    assert names == {f"park_style_{name}.png" for name in ("dusk", "v1.0", "v1.5")}


def test_instances(
    command_line: CommandLine,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    map_path: Path,
    tmp_path: Path,
    out: Path,
) -> None:
    config = dataclasses.replace(tiny_config, has_instance_edges=True, style_dim=None, encoder=None)
    folder = save_random_model(tmp_path / "edges", config, tiny_vocabulary)
    arguments = ("paint", map_path, "--model", folder, "--out", out)
    assert "give an instance map" in command_line.refuse(*arguments)
    assert "one picture per map" in command_line.refuse(*arguments, "-n", 2)
    assert not out.exists()
    ids = np.zeros((32, 32), np.uint16)
    ids[:16] = 1000
    Image.fromarray(ids).save(tmp_path / "ids.png")
    outcome = command_line.run(*arguments, "--instances", tmp_path / "ids.png")
    assert outcome.code == 0, outcome.err
    request = read_request(out / "park_seed0.png")
    assert request.instance_map is not None
    np.testing.assert_array_equal(request.instance_map.restore(), ids)


def test_source_ids(
    command_line: CommandLine,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    tmp_path: Path,
    out: Path,
) -> None:
    classes = tuple(
        dataclasses.replace(each, source_id=each.source_id + 10) for each in tiny_vocabulary.classes
    )
    vocabulary = dataclasses.replace(tiny_vocabulary, classes=classes)
    folder = save_random_model(tmp_path / "model", tiny_config, vocabulary)
    Image.fromarray(np.full((32, 32), 12, np.uint8)).save(tmp_path / "raw.png")
    arguments = ("paint", tmp_path / "raw.png", "--model", folder, "--out", out)
    message = command_line.refuse(*arguments)
    assert "holds id 12 at pixel (x=0, y=0)" in message
    assert message.endswith("To paint files of raw ids: --source-ids.")
    outcome = command_line.run(*arguments, "--source-ids")
    assert outcome.code == 0, outcome.err
    restored = read_request(out / "raw_seed0.png").label_map.restore()
    np.testing.assert_array_equal(restored, np.full((32, 32), 2))


def test_a_colour_picture_is_refused_with_commands_that_work(
    command_line: CommandLine,
    tiny_config: SpadeConfig,
    tmp_path: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vocabulary = Vocabulary.built_in("camvid")
    config = dataclasses.replace(tiny_config, num_classes=len(vocabulary))
    folder = save_random_model(tmp_path / "street", config, vocabulary)
    ids = np.repeat(np.arange(8, dtype=np.uint8), 4)[:, None].repeat(32, axis=1)
    ids[:4, :4] = 255
    write_image(tmp_path / "my colors.png", LabelMap(ids, vocabulary).colored())
    monkeypatch.chdir(tmp_path)
    common = ("--model", folder, "--out", out)
    lines = command_line.refuse("paint", "my colors.png", *common).splitlines()
    assert lines[0].startswith("label map my colors.png is a colour picture (RGB)")
    convert, again = (shlex.split(line) for line in lines[1:])
    assert command_line.run(*convert[1:], "--unknown", "unlabeled").code == 0
    outcome = command_line.run(*again[1:-1], *common)
    assert outcome.code == 0, outcome.err
    synthesizer = load_synthesizer(folder)
    synthesizer.set_label_map(ids)
    picture = read_image(out / "my colors_seed0.png")
    np.testing.assert_array_equal(picture, synthesizer.synthesize())


def test_a_bad_map_is_found_before_anything_is_painted(
    command_line: CommandLine,
    tiny_model_folder: Path,
    tiny_map: LabelMap,
    tmp_path: Path,
    out: Path,
) -> None:
    tiny_map.write(tmp_path / "maps" / "a.png")
    (tmp_path / "maps" / "z.png").write_bytes((tmp_path / "maps" / "a.png").read_bytes()[:90])
    message = command_line.refuse(
        "paint", tmp_path / "maps", "--model", tiny_model_folder, "--out", out
    )
    assert "z.png is damaged or cut short" in message
    assert not out.exists()


def test_maps_that_are_refused(
    command_line: CommandLine,
    tiny_model_folder: Path,
    tiny_map: LabelMap,
    tmp_path: Path,
    out: Path,
) -> None:
    def refuse(*arguments: object) -> str:
        message = command_line.refuse(
            "paint", *arguments, "--model", tiny_model_folder, "--out", out
        )
        assert not out.exists()
        return message

    assert refuse(tmp_path / "none.png") == f"no label map at {tmp_path / 'none.png'}."
    (tmp_path / "empty").mkdir()
    assert "holds no label map" in refuse(tmp_path / "empty")

    colors = tmp_path / "colors.png"
    write_image(colors, tiny_map.colored())
    message = refuse(colors)
    assert "colors.png is a colour picture (RGB)" in message
    assert f"sinopia data convert {colors} " in message
    write_image(tmp_path / "photo.jpg", tiny_map.colored())
    assert "compression changes ids" in refuse(tmp_path / "photo.jpg")

    Image.fromarray(np.zeros((30, 70), np.uint8)).save(tmp_path / "odd.png")
    assert "--size 32 64" in refuse(tmp_path / "odd.png")

    zeros = np.zeros((32, 32), np.uint8)
    LabelMap(zeros, Vocabulary.built_in("camvid")).write(tmp_path / "street.png")
    message = refuse(tmp_path / "street.png")
    assert "written with the classes of 'camvid', but the model paints 'tiny'" in message

    for folder in ("one", "two"):
        tiny_map.write(tmp_path / folder / "same.png")
    message = refuse(tmp_path / "one", tmp_path / "two")
    assert "would both be painted to same_seed0.png" in message
    tiny_map.write(tmp_path / "one" / "other.png")
    message = refuse(tmp_path / "one", "--instances", tmp_path / "one" / "same.png")
    assert "belongs to one map, but there are 2" in message


def test_options_that_contradict_each_other(
    command_line: CommandLine, tiny_model_folder: Path, map_path: Path, out: Path
) -> None:
    arguments = ("paint", map_path, "--model", tiny_model_folder, "--out", out)
    for option in (("--seed", 1), ("-n", 2)):
        message = command_line.refuse(*arguments, "--style", map_path, *option)
        assert "give one or the other" in message
    assert "no model 'nowhere'" in command_line.refuse(*arguments[:3], "nowhere", "--out", out)
    assert not out.exists()


def test_a_place_that_cannot_be_written(
    command_line: CommandLine, tiny_model_folder: Path, map_path: Path
) -> None:
    message = command_line.refuse(
        "paint", map_path, "--model", tiny_model_folder, "--out", map_path
    )
    assert message == f"{map_path}: File exists"
