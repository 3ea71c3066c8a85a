"""The scripts of examples/ run, on tiny models and data, and stay short."""

from __future__ import annotations

import dataclasses
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from sinopia.data.examples import example_map, example_names
from sinopia.errors import DatasetError
from sinopia.inference.request import read_request
from sinopia.models.spade import SpadeConfig
from sinopia.scene import UNLABELED, LabelMap, Vocabulary, read_image, write_image
from sinopia.scene.contact_sheet import contact_sheet
from tests.conftest import save_random_model

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def landscape_model(tmp_path_factory: pytest.TempPathFactory, tiny_config: SpadeConfig) -> Path:
    vocabulary = Vocabulary.built_in("landscape")
    config = dataclasses.replace(tiny_config, num_classes=len(vocabulary))
    return save_random_model(tmp_path_factory.mktemp("models") / "land", config, vocabulary)


def run_example(name: str, *arguments: object) -> None:
    runpy.run_path(str(EXAMPLES / name))["main"](*map(str, arguments))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 40


@pytest.mark.parametrize(
    ("vocabulary", "count", "size_hw"), [("landscape", 6, (256, 256)), ("camvid", 3, (192, 256))]
)
def test_example_maps_are_worth_painting(
    vocabulary: str, count: int, size_hw: tuple[int, int]
) -> None:
    names = example_names(vocabulary)
    assert len(names) == count and set(names) < set(example_names())
    for name in names:
        label_map = example_map(name)
        assert label_map.size_hw == size_hw
        assert label_map.vocabulary == Vocabulary.built_in(vocabulary)
        counts = label_map.pixel_counts()
        assert counts[UNLABELED] == 0
        assert (counts > 100).sum() >= 4
    with pytest.raises(DatasetError, match=r"no example map 'moon'. There are avenue, coast, "):
        example_map("moon")


def test_demo(landscape_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out" / "demo.png"
    run_example("demo.py", landscape_model, out)
    told = capsys.readouterr().out
    assert "6 maps, 4 seeds each, 32x32:" in told
    assert told.endswith(f"See {out}\n")
    sheet = read_image(out)
    first = example_map(example_names("landscape")[0]).resized((32, 32)).colored()
    expected = contact_sheet([[first] * 5] * 6, labels=["map"] + ["seed"] * 4)
    assert sheet.shape == expected.shape
    np.testing.assert_array_equal(sheet[22:54, 4:36], first)
    assert (sheet[22:54, 40:72] != sheet[22:54, 76:108]).any()


def test_paint_from_python(
    landscape_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "painted.png"
    run_example("paint_from_python.py", landscape_model, out)
    assert "painted again from the file alone, equal: True" in capsys.readouterr().out
    assert read_request(out).style_code is not None


def test_train_on_folder(
    tiny_map: LabelMap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs"
    noise = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        tiny_map.write(pairs / "labels" / f"{name}.png")
        photo = noise.integers(0, 255, (32, 32, 3)).astype(np.uint8)
        write_image(pairs / "images" / f"{name}.png", photo)
    vocabulary = json.dumps(tiny_map.vocabulary.to_json())
    (pairs / "vocabulary.json").write_text(vocabulary)
    run_example("train_on_folder.py", pairs, tmp_path / "run", 8, 32, 4)
    assert capsys.readouterr().out.endswith("/run/painted.png\n")
    assert read_image(tmp_path / "run" / "painted.png").shape == (32, 32, 3)
