from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sinopia.errors import FileFormatError
from sinopia.inference.evaluation.study_scores import (
    Tally,
    read_votes,
    score_votes,
    write_study_results,
)
from sinopia.metrics.preference import binomial_p_value, wilson_interval
from tests.inference.evaluation.study_cases import key_of, votes_of, write_votes


def test_counts_by_hand(tmp_path: Path) -> None:
    key = key_of("ABBA")
    one = write_votes(tmp_path / "one.json", key, "llrn", voter=1)  # A, B, A, neither
    two = write_votes(tmp_path / "two.json", key, ".rrl", voter=2)  # -, A, A, A
    results = score_votes(key, [one, two])
    assert (results.num_people, results.num_trials, results.num_answers) == (2, 4, 7)
    assert results.tally == Tally(a=5, b=1, neither=1)
    assert results.share_a == 5 / 6
    assert results.interval == wilson_interval(5, 6)
    assert results.p_value == binomial_p_value(5, 6) == 14 / 64
    assert not results.is_beyond_chance
    assert results.num_left == 3
    assert [(each.voter[-1], each.tally, each.median_seconds) for each in results.people] == [
        ("1", Tally(2, 1, 1), 2.5),
        ("2", Tally(3, 0, 0), 3.0),
    ]
    assert [each.tally for each in results.trials] == [
        Tally(1, 0, 0), Tally(1, 1, 0), Tally(2, 0, 0), Tally(1, 0, 1),
    ]  # fmt: skip
    path = write_study_results(tmp_path, results)
    written = json.loads(path.read_text())
    assert written["tally"] == {"a": 5, "b": 1, "neither": 1}
    assert [each["name"] for each in written["models"]] == ["zebra_model", "okapi_model"]
    assert written["study"] == key.study


def test_beyond_chance(tmp_path: Path) -> None:
    key = key_of("AB" * 10)
    votes = write_votes(tmp_path / "votes.json", key, "lr" * 8 + "rlrl")  # A 16 times, B 4 times
    results = score_votes(key, [votes])
    assert results.tally == Tally(16, 4, 0)
    assert results.is_beyond_chance
    assert results.p_value is not None and results.p_value < 0.05
    assert results.interval is not None and results.interval[0] > 0.5


def test_nobody_decided(tmp_path: Path) -> None:
    key = key_of("AB")
    results = score_votes(key, [write_votes(tmp_path / "votes.json", key, "nn")])
    assert results.tally == Tally(0, 0, 2)
    assert (results.share_a, results.interval, results.p_value) == (None, None, None)
    assert not results.is_beyond_chance


def test_one_file_a_person(tmp_path: Path) -> None:
    key = key_of("AB")
    paths = [write_votes(tmp_path / f"{name}.json", key, "ln", voter=7) for name in "ab"]
    with pytest.raises(FileFormatError, match=r"a.json and .*b.json are both of voter 0+7. Leave"):
        score_votes(key, paths)
    with pytest.raises(FileFormatError, match="one votes file a person"):
        score_votes(key, [paths[0], paths[0]])


ANSWER = {"trial": 1, "choice": "left", "milliseconds": 5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"study": "0123456789abcdef"}, "got those of '0123456789abcdef'"),
        ({"format_version": 2}, "expected format version 1, got 2"),
        ({"voter": "../../etc/passwd"}, "expected a voter of 16 hexadecimal digits"),
        ({"voter": 5}, "voter: expected text, got 5"),
        ({"answers": []}, "expected at least one answer"),
        ({"answers": {"1": "left"}}, "answers: expected several of: Answer"),
        ({"answers": [{**ANSWER, "trial": 3}]}, "expected trials 1 to 2, got trial 3"),
        ({"answers": [{**ANSWER, "trial": 0}]}, "expected trials 1 to 2, got trial 0"),
        ({"answers": [{**ANSWER, "trial": True}]}, "expected int, got True"),
        ({"answers": [ANSWER, ANSWER]}, "several to trial 1"),
        ({"answers": [{**ANSWER, "choice": "A"}]}, "expected one of left, right, neither"),
        ({"answers": [{**ANSWER, "milliseconds": -1}]}, "milliseconds, got -1"),
        ({"answers": [{**ANSWER, "milliseconds": 10**12}]}, "0 to 86,400,000 milliseconds"),
        ({"answers": [{**ANSWER, "milliseconds": 1.5}]}, "expected int, got 1.5"),
        ({"answers": [{"trial": 1, "choice": "left"}]}, "milliseconds: this field is required"),
        ({"comment": "hello"}, "comment: no such field"),
    ],
)
def test_votes_that_the_page_cannot_give(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    key = key_of("AB")
    path = tmp_path / "votes.json"
    path.write_text(json.dumps({**votes_of(key, "lr"), **changes}))
    with pytest.raises(FileFormatError) as raised:
        read_votes(path, key)
    text = str(raised.value)
    assert message in text
    assert text.startswith(str(path)) and text.endswith("study.html saves, unchanged.")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b'"votes"', b"\xff\xfe", b"[" * 100_000, b"9" * 5_000,
        b'{"study": NaN}', b"\x89PNG\r\n",
    ],
)  # fmt: skip
def test_files_of_other_sorts(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "votes.json"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="Take the file that the last screen"):
        read_votes(path, key_of())


def test_hostile_files_end_in_one_short_line(tmp_path: Path) -> None:
    key, path = key_of(), tmp_path / "votes.json"
    for content in (
        {"\x1b[2J\n" + "x" * 10_000: 1},
        {**votes_of(key, "lrln"), "voter": "\x1b" * 10_000},
        {**votes_of(key, "lrln"), "study": "y\n" * 10_000},
        {**votes_of(key, "lrln"), "format_version": 10**4000},
        ["z" * 10_000],
    ):
        path.write_text(json.dumps(content))
        with pytest.raises(FileFormatError) as raised:
            read_votes(path, key)
        assert str(raised.value).isprintable()
        assert len(str(raised.value)) < 500 + len(str(path))


def test_files_that_are_none_or_endless(tmp_path: Path) -> None:
    key = key_of()
    with pytest.raises(FileFormatError, match=r"expected a JSON file, but .* is none"):
        read_votes(tmp_path / "missing.json", key)
    with pytest.raises(FileFormatError, match=r"expected a JSON file, but .* is none"):
        read_votes(tmp_path, key)
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(FileFormatError, match=r"expected a JSON file, but .* is none"):
        read_votes(tmp_path / "pipe.json", key)
    large = write_votes(tmp_path / "large.json", key, "lrln")
    large.write_text(large.read_text() + " " * 5_000_000)
    with pytest.raises(FileFormatError, match="up to 4,194,304 bytes"):
        read_votes(large, key)
