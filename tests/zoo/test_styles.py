"""Style codes as text, and named styles in a model's folder."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

import sinopia
from sinopia.errors import ModelError, RequestError
from sinopia.models.spade import SpadeConfig
from sinopia.scene import Vocabulary
from sinopia.zoo.checkpoint import load_model, save_model
from sinopia.zoo.manifest import add_style, describe_model, read_manifest, remove_style
from sinopia.zoo.styles import NamedStyle, check_styles, decode_style_code, encode_style_code
from tests.conftest import save_random_model

DUSK = np.linspace(-1, 1, 8).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary) -> Path:
    return save_random_model(tmp_path / "tiny", tiny_config, tiny_vocabulary)


def test_a_code_survives_as_text() -> None:
    np.testing.assert_array_equal(decode_style_code(encode_style_code(DUSK), 8), DUSK)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AAAA", "expected 8 numbers of 4 bytes, got 3"),
        ("A", "not base64"),
        ("****", "not base64"),
        (base64.b64encode(np.full(8, np.nan, "<f4").tobytes()).decode(), "not numbers"),
    ],
)
def test_texts_that_are_no_code(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        decode_style_code(text, 8)
    with pytest.raises(ModelError, match=f"here: style 'dusk'.*{message}"):
        check_styles([NamedStyle("dusk", text)], 8, where="here")


def test_styles_come_and_go_and_leave_the_weights(folder: Path) -> None:
    before = read_manifest(folder)
    add_style(folder, "dusk", -DUSK)
    add_style(folder, "fog", DUSK)
    add_style(folder, "dusk", DUSK)  # in place of the first
    assert [style.name for style in describe_model(folder).styles] == ["fog", "dusk"]
    model = sinopia.load(folder)
    assert model.style_names == ("fog", "dusk")
    np.testing.assert_array_equal(model.named_style("dusk"), DUSK)
    with pytest.raises(RequestError, match=r"no style 'noon'; it has fog, dusk\."):
        model.named_style("noon")
    remove_style(folder, "dusk")
    with pytest.raises(ModelError, match=r"no style 'dusk'; it has fog\."):
        remove_style(folder, "dusk")
    remove_style(folder, "fog")
    assert read_manifest(folder) == before


def test_a_model_that_is_saved_again_keeps_its_styles(folder: Path, tmp_path: Path) -> None:
    add_style(folder, "dusk", DUSK)
    save_model(tmp_path / "copy", load_model(folder), card="")
    assert describe_model(tmp_path / "copy").styles == describe_model(folder).styles


@pytest.mark.parametrize("name", ["", " dusk", "x" * 41, "a\nb", "a/b", "a\\b", "c:", ".", ".."])
def test_names_that_are_refused(folder: Path, name: str) -> None:
    with pytest.raises(ModelError, match="style name"):
        add_style(folder, name, DUSK)
    assert describe_model(folder).styles == ()


def test_a_damaged_style_is_found_at_loading(folder: Path) -> None:
    add_style(folder, "dusk", DUSK)
    path = folder / "model.json"
    content = json.loads(path.read_text())
    content["styles"][0]["style_code"] = "AAAA"
    path.write_text(json.dumps(content))
    for read in (load_model, describe_model):
        with pytest.raises(ModelError, match=r"model\.json: style 'dusk': expected 8 numbers"):
            read(folder)


def test_a_model_without_style_code_takes_none() -> None:
    with pytest.raises(ModelError, match="no style code"):
        check_styles([NamedStyle("dusk", encode_style_code(DUSK))], None, where="here")
