from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

import sinopia
from sinopia.cli.models import app
from sinopia.errors import LabelError, ModelError
from sinopia.models.spade import SpadeConfig
from sinopia.scene import read_image, write_image
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo import catalog
from sinopia.zoo.checkpoint import load_model
from tests.conftest import save_random_model
from tests.zoo.official import OfficialEncoder, OfficialGenerator, dense_map, randomize


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SINOPIA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(catalog, "_SHIPPED", tmp_path / "shipped")
    return tmp_path / "home"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "200"})


def run_well(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("verb", [["list"], ["info"], ["import", "spade"], ["style"], ["pull"]])
def test_every_help_has_three_examples(verb: list[str]) -> None:
    text = run_well(*verb, "--help")
    assert len(re.findall(r"sinopia models " + " ".join(verb) + r"\b", text)) >= 3


@pytest.mark.parametrize("order", ["raw", "shifted"])
def test_import_list_info(order: str, tmp_path: Path, home: Path) -> None:
    words = Vocabulary.built_in("ade20k")
    theirs = randomize(OfficialGenerator(151, grid=(2, 2)), 3)
    path, out = tmp_path / "latest_net_G.pth", home / "models" / "ade"
    torch.save(theirs.state_dict(), path)
    command = ["import", "spade", path, "--vocabulary", "ade20k", "--out", out]
    options = ["--size", 64, 64]
    text = run_well(*command, *options, *(["--label-order", order] if order != "raw" else []))
    assert f"label order '{order}'" in text
    assert f"wrote {out}" in text

    model = load_model(out)
    ids = torch.randint(0, 151, (1, 64, 64))
    ids[ids == 150] = 255
    generator = model.networks["generator"]
    counted = "ade" if order == "raw" else "ours"
    dense = dense_map(ids, 150, order=counted, unlabeled=True, edges=None)
    with torch.no_grad():
        assert (generator(generator.condition(ids)) - theirs(dense)).abs().max() <= 1e-5

    listed = run_well("list")
    assert re.search(r"ade +spade +ade20k \(150\) +64x64 +\d\.\dM", listed)
    assert "not here; sinopia models pull vgg19" in listed
    shown = run_well("info", "ade")
    assert len(words) == 150
    assert "wall, building, sky" in shown
    assert re.search(r'upsampling +"normal"', shown)
    assert "latest_net_G.pth" in shown
    assert "CC BY-NC-SA 4.0" in shown


def test_import_with_all_options(tmp_path: Path) -> None:
    words = Vocabulary.built_in("meadow")
    words = dataclasses.replace(words, name="mine")
    (tmp_path / "mine.json").write_text(json.dumps(words.to_json()))
    state = OfficialGenerator(len(words) + 1, z_dim=8, grid=(1, 2), mode="more").state_dict()
    torch.save(state, tmp_path / "G.pth")
    torch.save(OfficialEncoder(z_dim=8).state_dict(), tmp_path / "E.pth")
    arguments = ["import", "spade", tmp_path / "G.pth", "--encoder", tmp_path / "E.pth"]
    arguments += ["--vocabulary", tmp_path / "mine.json", "--out", tmp_path / "out"]
    arguments += ["--upsampling", "more", "--size", 64, 128, "--edges", "--no-unlabeled"]
    run_well(*arguments)
    config = load_model(tmp_path / "out").config
    assert (config.has_instance_edges, config.has_unlabeled) == (True, False)
    assert (config.upsampling, config.size_hw, config.style_dim) == ("more", (64, 128), 8)
    assert config.encoder is not None


def test_import_errors(tmp_path: Path) -> None:
    torch.save(OfficialGenerator(6).state_dict(), tmp_path / "G.pth")
    out = tmp_path / "out"
    result = run("import", "spade", tmp_path / "G.pth", "--vocabulary", "nothing", "--out", out)
    assert isinstance(result.exception, LabelError)
    result = run("import", "spade", tmp_path / "G.pth", "--vocabulary", "camvid", "--out", out)
    assert isinstance(result.exception, ModelError)
    assert "maps of 6 channels" in str(result.exception)
    result = run("import", "spade", tmp_path / "G.pth")
    assert result.exit_code == 2
    assert not out.exists()


def test_list_goes_on_past_a_broken_model(home: Path) -> None:
    (home / "models" / "bad").mkdir(parents=True)
    (home / "models" / "bad" / "model.json").write_text("{")
    text = run_well("list")
    assert re.search(r"broken: .*bad.model\.json is not JSON", text)
    assert "vgg19" in text


def test_info_of_nothing() -> None:
    result = run("info", "nothing")
    assert isinstance(result.exception, ModelError)
    assert "no model 'nothing'" in str(result.exception)


def test_pull_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"weights" * 1000
    file = dataclasses.replace(
        catalog.WEIGHT_FILES["vgg19"],
        num_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    monkeypatch.setattr(catalog, "WEIGHT_FILES", {"vgg19": file})
    (tmp_path / "local.pth").write_bytes(content)
    text = run_well("pull", "vgg19", "--from", tmp_path / "local.pth")
    path = catalog.weights_folder() / "vgg19-dcbb9e9d.pth"
    assert "BSD-3-Clause" in text
    assert f"kept as {path}" in text
    assert path.read_bytes() == content
    assert "already at" in run_well("pull", "vgg19")
    assert str(path) in run_well("list")


def test_pull_errors(tmp_path: Path) -> None:
    assert "there is vgg19" in str(run("pull", "vgg20").exception)
    (tmp_path / "local.pth").write_bytes(b"x")
    result = run("pull", "vgg19", "--from", tmp_path / "local.pth")
    assert isinstance(result.exception, ModelError)
    assert "cut short: 1 of 574,673,361 bytes" in str(result.exception)


def test_a_style_is_named_and_taken_out(
    tmp_path: Path, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> None:
    folder = save_random_model(tmp_path / "coast", tiny_config, tiny_vocabulary)
    draws = np.random.default_rng(0)
    paths = [tmp_path / f"evening{index}.png" for index in range(2)]
    for path in paths:
        write_image(path, draws.integers(0, 255, (20, 30, 3)).astype(np.uint8))
    assert "styles\n  none" in run_well("info", folder)
    assert "Paint with it: --style dusk" in run_well("style", folder, "dusk", *paths)
    assert "styles\n  dusk" in run_well("info", folder)
    model = sinopia.load(folder)
    codes = [model.encode_style(read_image(path)) for path in paths]
    np.testing.assert_allclose(model.named_style("dusk"), np.mean(codes, axis=0), rtol=1e-6)

    run_well("style", folder, "dusk", *paths, "--strength", 1.5)
    stronger = sinopia.load(folder).named_style("dusk")
    np.testing.assert_allclose(stronger, 1.5 * np.mean(codes, axis=0), rtol=1e-6)

    for arguments in (["style", folder, "dusk"], ["style", folder, "dusk", "--remove", paths[0]]):
        assert "give photos to name a style, or --remove" in str(run(*arguments).exception)
    run_well("style", folder, "dusk", "--remove")
    assert "no style 'dusk'" in str(run("style", folder, "dusk", "--remove").exception)


def test_a_shipped_model_takes_no_names(
    tmp_path: Path, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> None:
    save_random_model(tmp_path / "shipped" / "coast", tiny_config, tiny_vocabulary)
    write_image(tmp_path / "photo.png", np.zeros((8, 8, 3), np.uint8))
    message = str(run("style", "coast", "dusk", tmp_path / "photo.png").exception)
    assert "came with sinopia" in message and "copy" in message


def test_a_folder_named_like_a_shipped_model_is_read_itself(
    tmp_path: Path,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shipped = save_random_model(tmp_path / "shipped" / "coast", tiny_config, tiny_vocabulary)
    mine = save_random_model(tmp_path / "coast", tiny_config, tiny_vocabulary, seed=6)
    write_image(tmp_path / "photo.png", np.full((8, 8, 3), 200, np.uint8))
    monkeypatch.chdir(tmp_path)
    run_well("style", "./coast", "dusk", "photo.png")
    expected, other = (
        sinopia.load(folder).encode_style(read_image(tmp_path / "photo.png"))
        for folder in (mine, shipped)
    )
    named = sinopia.load(mine).named_style("dusk")
    np.testing.assert_allclose(named, expected, rtol=1e-6)
    assert abs(named - other).max() > 1e-3
