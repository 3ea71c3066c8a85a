"""`sinopia data` as it is typed: what it prints, writes, refuses, and ends with."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sinopia.data.proposals import write_vocabulary
from sinopia.scene.vocabulary import SemanticClass, Vocabulary
from tests.cli.command_line import CommandLine

TINY = Vocabulary(
    "tiny",
    (
        SemanticClass("sky", (90, 160, 230), 0),
        SemanticClass("sea", (20, 60, 160), 1),
        SemanticClass("[bold]land", (110, 140, 60), 2, is_thing=True),
    ),
)
IDS = np.repeat(np.array([[0, 1, 2, 1], [2, 2, 1, 0]], np.uint8), 8, axis=0)


def save(path: Path, array: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base = tmp_path / "my pairs"
    for key in ("a", "b"):
        save(base / "images" / f"{key}.jpg", np.full((*IDS.shape, 3), 90, np.uint8))
        save(base / "labels" / f"{key}.png", IDS)
    write_vocabulary(base / "vocabulary.json", TINY)
    return base


def test_doctor_of_good_data(command_line: CommandLine, root: Path, tmp_path: Path) -> None:
    ended = command_line.run("data", "doctor", root, "--json", tmp_path / "out" / "report.json")
    assert (ended.code, ended.err) == (0, "")
    assert "layout folder, vocabulary 'tiny' of 3 classes" in ended.out
    assert "[bold]land" in ended.out and "37.50%" in ended.out
    assert ended.out.rstrip().endswith("fit to train.")
    assert json.loads((tmp_path / "out" / "report.json").read_text())["fit"] is True


def test_doctor_commands_mend_the_data(command_line: CommandLine, root: Path) -> None:
    (root / "vocabulary.json").unlink()
    for key in ("a", "b"):
        save(root / "labels" / f"{key}.png", TINY.palette[IDS])
    ended = command_line.run("data", "doctor", root)
    assert ended.code == 2 and "not fit to train: 2 errors." in ended.out
    commands = [line[4:] for line in ended.out.splitlines() if line.startswith("  $ ")]
    assert len(commands) == 2
    assert command_line.run(*shlex.split(commands[0])[1:]).code == 2, "masks are colours still"
    assert command_line.run(*shlex.split(commands[1])[1:]).code == 0
    (root / "labels").rename(root / "old")
    (root / "labels-ids").rename(root / "labels")
    assert command_line.run("data", "doctor", root).code == 0


def test_doctor_shows_few_files_or_all(command_line: CommandLine, root: Path) -> None:
    for number in range(9):
        save(root / "labels" / f"lone{number}.png", IDS)
    ended = command_line.run("data", "doctor", root)
    assert ended.code == 2
    assert "lone4.png" in ended.out and "lone5.png" not in ended.out
    assert "and 4 more (--all names them)" in ended.out
    assert "lone8.png" in command_line.run("data", "doctor", root, "--all").out


def test_doctor_takes_a_vocabulary_and_a_kind(command_line: CommandLine, root: Path) -> None:
    ended = command_line.run(
        "data", "doctor", root, "--vocabulary", "landscape", "--kind", "folder"
    )
    assert ended.code == 0 and "5 of 8 classes are in no label map" in ended.out
    assert "fit to train: 1 warning." in ended.out


def test_doctor_errors(command_line: CommandLine, root: Path, tmp_path: Path) -> None:
    assert "there is no folder" in command_line.refuse("data", "doctor", tmp_path / "gone")
    assert "no built-in vocabulary" in command_line.refuse(
        "data", "doctor", root, "--vocabulary", "moon"
    )
    ended = command_line.run("data", "doctor", root, "--propose", tmp_path / "v.json")
    assert ended.code == 2 and "the data set has the vocabulary 'tiny'" in ended.err
    (root / "vocabulary.json").unlink()
    for file in (root / "labels").iterdir():
        file.write_bytes(b"")
    ended = command_line.run("data", "doctor", root, "--propose", tmp_path / "v.json")
    assert ended.code == 2 and "no vocabulary can be made of these label maps" in ended.err
    assert not (tmp_path / "v.json").exists()


def test_preview(command_line: CommandLine, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheets" / "p.png"
    ended = command_line.run("data", "preview", root, "--out", out, "-n", 1, "--seed", 3)
    assert (ended.code, ended.out) == (0, f"wrote {out}: 1 of 2 scenes\n")
    with Image.open(out) as sheet:
        assert sheet.width > 20
    assert "one part only" in command_line.refuse("data", "preview", root, "--split", "val")
    assert "Write one" in command_line.refuse("data", "preview", _without_vocabulary(root))


def _without_vocabulary(root: Path) -> Path:
    (root / "vocabulary.json").unlink()
    return root


def test_convert(command_line: CommandLine, root: Path, tmp_path: Path) -> None:
    colors = TINY.palette[IDS].copy()
    colors[0, 0] = (21, 60, 160)
    colors[0, 1] = (255, 0, 0)
    save(tmp_path / "masks" / "a.png", colors)
    base = ("data", "convert", tmp_path / "masks", "--vocabulary", root / "vocabulary.json")
    base = (*base, "--out", tmp_path / "out")
    assert "2 colours stand for no class" in command_line.refuse(*base)
    assert not (tmp_path / "out").exists()
    ended = command_line.run(*base, "--tolerance", 2, "--unknown", "unlabeled")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"wrote 1 label map to {tmp_path / 'out'}",
        "1 of 64 pixels took the nearest colour (1.56%)",
        "1 of 64 pixels are unlabeled (1.56%)",
        "  unlabeled: #ff0000 (255, 0, 0), 1 pixel in 1 file",
    ]


def test_convert_lists_only_the_first_values(
    command_line: CommandLine, root: Path, tmp_path: Path
) -> None:
    save(tmp_path / "a.png", np.arange(48, dtype=np.uint8).reshape(4, 4, 3) + 1)
    ended = command_line.run(
        *("data", "convert", tmp_path / "a.png", "--vocabulary", root / "vocabulary.json"),
        *("--out", tmp_path / "out", "--unknown", "unlabeled", "--report", tmp_path / "r.json"),
    )
    assert ended.code == 0 and "  and 6 more values (--report lists all)" in ended.out
    assert len(json.loads((tmp_path / "r.json").read_text())) == 16


@pytest.mark.parametrize(
    ("mask", "options", "expected"),
    [
        ([[0, 255]], ["--binary", "sea", "sky"], [[1, 0]]),
        ([[2, 1]], ["--from-ids"], [[2, 1]]),
        ([[[9, 9, 9], [8, 8, 8]]], ["--palette", "palette.txt"], [[1, 255]]),
    ],
)
def test_convert_options(
    command_line: CommandLine,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mask: Any,
    options: list[str],
    expected: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.png", np.array(mask, np.uint8))
    (tmp_path / "palette.txt").write_text("9 9 9 sea\n8 8 8 unlabeled\n")
    vocabulary = str(root / "vocabulary.json")
    ended = command_line.run(
        "data", "convert", "a.png", "--vocabulary", vocabulary, "--out", "o", *options
    )
    assert ended.code == 0, ended.err
    assert np.asarray(Image.open(tmp_path / "o" / "a.png")).tolist() == expected


def test_convert_from_palette(command_line: CommandLine, root: Path, tmp_path: Path) -> None:
    image = Image.fromarray(IDS)
    image.putpalette([1, 1, 1, 2, 2, 2, 3, 3, 3])
    image.save(tmp_path / "a.png")
    base = ("data", "convert", tmp_path / "a.png", "--vocabulary", root / "vocabulary.json")
    assert command_line.run(*base, "--out", tmp_path / "o", "--from-palette").code == 0
    assert np.array_equal(np.asarray(Image.open(tmp_path / "o" / "a.png")), IDS)
    message = command_line.refuse(*base, "--out", tmp_path / "p", "--from-palette", "--from-ids")
    assert message.startswith("--from-palette and --from-ids say in different ways")


def test_vocabulary(command_line: CommandLine, tmp_path: Path) -> None:
    listed = command_line.run("data", "vocabulary").out
    assert "landscape            8 classes" in listed and "coco-stuff         182" in listed
    shown = command_line.run("data", "vocabulary", "camvid").out.splitlines()
    assert shown[:2] == ["camvid: 11 classes", "source ids of unlabeled pixels: 11, 255"]
    assert shown[3] == "   0          0  #808080  stuff  sky"
    out = tmp_path / "v.json"
    assert command_line.run("data", "vocabulary", "landscape", "--shift", 1, "--out", out).code == 0
    shifted = Vocabulary.read(out)
    assert shifted.classes[0].source_id == 1 and shifted.unlabeled_source_ids == (0,)
    again = command_line.refuse("data", "vocabulary", "landscape", "--out", out)
    assert "exists already and is not overwritten" in again
    assert "need the name of a vocabulary" in command_line.refuse(
        "data", "vocabulary", "--shift", 1
    )
    assert "no built-in vocabulary 'moon'" in command_line.refuse("data", "vocabulary", "moon")


@pytest.mark.parametrize("verb", ["doctor", "preview", "convert", "vocabulary"])
def test_help_has_three_examples(command_line: CommandLine, verb: str) -> None:
    ended = command_line.run("data", verb, "--help")
    assert ended.code == 0
    assert sum(line.strip().startswith("sinopia data") for line in ended.out.splitlines()) == 3


def test_help_explains_the_folder(command_line: CommandLine) -> None:
    text = " ".join(command_line.run("data", "--help").out.split())
    assert "unlabeled_source_ids, and classes, each with name, color and source_id" in text


def test_data_commands_never_import_torch(root: Path) -> None:
    code = (
        "import sys; from sinopia.cli.data import app\n"
        f"app(['doctor', {str(root)!r}], standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
