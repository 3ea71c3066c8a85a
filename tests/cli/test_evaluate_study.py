from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sinopia.models.spade import SpadeConfig
from sinopia.scene import SemanticClass, Vocabulary
from tests.cli.command_line import CommandLine
from tests.inference.evaluation.cases import write_scenes
from tests.inference.evaluation.study_cases import key_of, write_models, write_votes


@pytest.fixture(scope="module")
def case(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> tuple[Path, Path, Path]:
    root = tmp_path_factory.mktemp("study")
    write_scenes(root / "park" / "val", tiny_vocabulary, count=4)
    (root / "park" / "vocabulary.json").write_text(json.dumps(tiny_vocabulary.to_json()))
    return (*write_models(root, tiny_config, tiny_vocabulary), root / "park")


def test_from_models_to_scores(
    command_line: CommandLine, case: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    a, b, data = case
    out = tmp_path / "out"
    made = command_line.run(
        "evaluate", "--study", a, b, "--data", data, "--out", out, "--limit", 3, "--seeds", 2
    )
    assert made.code == 0, made.err
    assert "study.html (6 trials)" in made.out and "study.html alone" in made.out
    assert {each.name for each in out.iterdir()} == {"study.html", "study_key.json"}
    key = json.loads((out / "study_key.json").read_text())
    assert key["data"]["num_maps"] == 3 and key["seeds"] == [0, 1]

    answers = [  # for A, whatever its side
        {
            "trial": each["trial"],
            "choice": "left" if each["left"] == "A" else "right",
            "milliseconds": 900,
        }
        for each in key["trials"]
    ]
    for voter, given in (("a" * 16, answers), ("b" * 16, answers[:5])):
        votes = {"format_version": 1, "study": key["study"], "voter": voter, "answers": given}
        (tmp_path / f"{voter}.json").write_text(json.dumps(votes))
    scored = command_line.run(
        "evaluate", "--study-scores", out,
        "--votes", tmp_path / f"{'a' * 16}.json", "--votes", tmp_path / f"{'b' * 16}.json",
    )  # fmt: skip
    assert scored.code == 0, scored.err
    results = json.loads((out / "study_results.json").read_text())
    assert results["tally"] == {"a": 11, "b": 0, "neither": 0}
    left = sum(each["choice"] == "left" for each in [*answers, *answers[:5]])
    assert scored.out.splitlines()[:-1] == [
        "2 people, 11 of 12 answers",
        "  A          11  100.0%  zebra_model",
        "  B           0    0.0%  okapi_model",
        "  neither     0    0.0%",
        "A was preferred in 100.0% of 11 decided answers (95% interval 74.1% to 100.0%, Wilson)",
        "The difference is beyond chance (two-sided binomial test, p = 0.00098)",
        f"The left picture was chosen in {left} of the 11",
    ]
    assert scored.out.splitlines()[-1] == f"wrote {out / 'study_results.json'}"


def test_scores_that_say_little(command_line: CommandLine, tmp_path: Path) -> None:
    key = key_of("AB", tmp_path)
    votes = write_votes(tmp_path / "v.json", key, "n.")
    outcome = command_line.run("evaluate", "--study-scores", tmp_path, "--votes", votes)
    assert outcome.code == 0
    assert "1 person, 1 of 2 answers" in outcome.out
    assert "Nobody preferred either" in outcome.out
    write_votes(votes, key, "lr")
    outcome = command_line.run("evaluate", "--study-scores", tmp_path, "--votes", votes)
    assert "The difference is not beyond chance (two-sided binomial test, p = 0.5)" in outcome.out


def test_what_a_study_does_not_take(
    command_line: CommandLine, case: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    a, b, data = case
    refuse, out = command_line.refuse, tmp_path / "out"
    base = ("evaluate", "--study", a, b, "--data", data, "--out", out)
    for extra in (
        (a,), ("--compare", a), ("--segmenter", a), ("--inception", a), ("--weights", tmp_path),
    ):  # fmt: skip
        name = "MODEL" if extra == (a,) else str(extra[0])
        message = refuse(*base, *extra)
        assert f"--study was given together with {name}, but it names both models" in message
        assert message.endswith("leave it out.")
    assert "--compare, --weights" in refuse(*base, "--compare", a, "--weights", a)
    assert "expected --data DIR and --out DIR" in refuse("evaluate", "--study", a, b)
    assert "use --protocol validation" in refuse(*base, "--protocol", "train_reference")
    assert "no protocol 'fid'" in refuse(*base, "--protocol", "fid")
    assert "leave --seeds out" in refuse(
        *base, "--protocol", "validation_photo_style", "--seeds", 2
    )
    assert "compared with itself" in refuse(
        "evaluate", "--study", a, a, "--data", data, "--out", out
    )
    missing = ("evaluate", "--study", a, "none", "--data", data, "--out", out)
    assert "none" in refuse(*missing)
    assert not list(out.iterdir())
    (out / "study_key.json").write_text("{}")
    assert "has a study" in refuse(*base)
    alone = command_line.run("evaluate", "--study", a)
    assert alone.code == 2 and "requires 2 arguments" in alone.err


def test_models_of_other_classes(
    command_line: CommandLine,
    case: tuple[Path, Path, Path],
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    tmp_path: Path,
) -> None:
    lava = SemanticClass("lava", (255, 0, 0), 0)
    other = dataclasses.replace(
        tiny_vocabulary, name="hot", classes=(lava, *tiny_vocabulary.classes[1:])
    )
    hot = write_models(tmp_path, tiny_config, other)[1]
    message = command_line.refuse(
        "evaluate", "--study", case[0], hot, "--data", case[2], "--out", tmp_path / "out"
    )
    assert "hot" in message and "tiny" in message


def test_other_protocols_paint_in_their_way(
    command_line: CommandLine, case: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    a, b, data = case
    outcome = command_line.run(
        "evaluate", "--study", a, b, "--data", data, "--out", tmp_path / "out", "--limit", 2,
        "--protocol", "validation_photo_style",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    key = json.loads((tmp_path / "out" / "study_key.json").read_text())
    assert key["protocol"]["name"] == "validation_photo_style"
    assert {each["style"] for each in key["models"]} == {
        "the encoder's mean of the map's own photo"
    }


def test_what_cannot_be_scored(command_line: CommandLine, tmp_path: Path) -> None:
    refuse = command_line.refuse
    key = key_of("AB", tmp_path)
    votes = write_votes(tmp_path / "v.json", key, "lr")
    base = ("evaluate", "--study-scores", tmp_path, "--votes", votes)
    assert "expected --study-scores DIR beside --votes" in refuse("evaluate", "--votes", votes)
    assert "at least one votes file" in refuse("evaluate", "--study-scores", tmp_path)
    assert "holds no study" in refuse("evaluate", "--study-scores", "none", "--votes", votes)
    for extra in (
        ("scenery",), ("--out", tmp_path), ("--data", tmp_path), ("--seed", 1), ("--limit", 3),
        ("--seeds", 2), ("--study", "a", "b"), ("--protocol", "validation_256"),
        ("--precision", "bf16"), ("--device", "cuda"), ("--compare", "street"),
    ):  # fmt: skip
        assert "it paints nothing and takes only --votes" in refuse(*base, *extra)
    assert "both of voter" in refuse(*base, "--votes", votes)
    votes.write_text("{")
    message = refuse(*base)
    assert "v.json is not JSON" in message and "\n" not in message
    other = key_of("BA")
    write_votes(votes, other, "lr")
    assert f"expected votes of study {key.study}, got those of '{other.study}'" in refuse(*base)
    assert not (tmp_path / "study_results.json").exists()


def test_help_has_three_examples(command_line: CommandLine) -> None:
    lines = command_line.run("evaluate", "--help").out.splitlines()
    start = lines.index("  Examples:")
    assert all(line.startswith("    sinopia evaluate ") for line in lines[start + 1 : start + 4])
    assert lines[start + 4] == ""
