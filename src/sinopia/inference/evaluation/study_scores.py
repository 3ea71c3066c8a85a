"""Votes of a blind study become numbers: study_key.json and votes in, study_results.json out.

Votes come from people and are trusted in nothing: every file is checked before any is counted.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sinopia import config as configs
from sinopia.errors import FileFormatError
from sinopia.files import write_text
from sinopia.inference.evaluation.study_key import (
    StudyKey,
    StudyModel,
    StudyTrial,
    read_limited_json,
)
from sinopia.metrics.preference import CONFIDENCE, binomial_p_value, wilson_interval

__all__ = [
    "STUDY_RESULTS_FILE",
    "Answer",
    "PersonCounts",
    "StudyResults",
    "Tally",
    "TrialCounts",
    "Votes",
    "read_votes",
    "score_votes",
    "write_study_results",
]

STUDY_RESULTS_FILE = "study_results.json"

_MAX_VOTES_BYTES = 4 * 2**20
_MAX_MILLISECONDS = 86_400_000
"""The page counts no longer than a day."""
_WAY_OUT = "Take the file that the last screen of study.html saves, unchanged."


@dataclass(frozen=True)
class Answer:
    """What one person said in one trial."""

    trial: int
    choice: Literal["left", "right", "neither"]
    milliseconds: int
    """From the sight of the trial to the answer."""


@dataclass(frozen=True)
class Votes:
    """A votes file: the answers of one person, to all trials or to some."""

    format_version: int
    study: str
    voter: str
    """A random number, in hexadecimal."""
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Tally:
    """How often each model was preferred."""

    a: int
    b: int
    neither: int


@dataclass(frozen=True)
class PersonCounts:
    """One person's answers."""

    voter: str
    tally: Tally
    median_seconds: float


@dataclass(frozen=True)
class TrialCounts:
    """All answers to one trial."""

    trial: int
    map: str
    seed: int
    tally: Tally


@dataclass(frozen=True)
class StudyResults:
    """Everything that the votes of a study say."""

    study: str
    models: tuple[StudyModel, StudyModel]
    """A and B."""
    num_trials: int
    num_people: int
    num_answers: int
    tally: Tally
    share_a: float | None
    """Of A among the answers that decide; None when none does."""
    interval: tuple[float, float] | None
    """Wilson's, of that share."""
    confidence: float
    p_value: float | None
    """Exact, two-sided, against a fair coin."""
    is_beyond_chance: bool
    """Whether the p-value is below 1 - confidence."""
    num_left: int
    """Answers for the picture on the left, whosever it was; far from half of those that decide,
    people chose sides."""
    people: tuple[PersonCounts, ...]
    trials: tuple[TrialCounts, ...]
    """In the page's order."""
    format_version: int = 1


def read_votes(path: str | Path, key: StudyKey) -> Votes:
    """Read a votes file of a study.

    Raises:
        FileFormatError: when it is no votes file, of another study, or holds answers that its page
            cannot give.
    """
    path = Path(path)
    votes = read_limited_json(Votes, path, max_bytes=_MAX_VOTES_BYTES, way_out=_WAY_OUT)
    fault = _fault_of(votes, key)
    if fault is not None:
        raise FileFormatError(f"{path}: {fault}. {_WAY_OUT}")
    return votes


def _fault_of(votes: Votes, key: StudyKey) -> str | None:
    """What is wrong with votes: what was expected, and what came."""
    if votes.format_version != 1:
        return f"expected format version 1, got {_short(votes.format_version)}"
    if votes.study != key.study:
        return f"expected votes of study {key.study}, got those of {_short(votes.study)}"
    if not re.fullmatch("[0-9a-f]{16}", votes.voter):
        return f"expected a voter of 16 hexadecimal digits, got {_short(votes.voter)}"
    if not votes.answers:
        return "expected at least one answer, got none"
    seen: set[int] = set()
    for each in votes.answers:
        if not 1 <= each.trial <= len(key.trials):
            return f"expected trials 1 to {len(key.trials)}, got trial {_short(each.trial)}"
        if each.trial in seen:
            return f"expected one answer a trial, got several to trial {each.trial}"
        if not 0 <= each.milliseconds <= _MAX_MILLISECONDS:
            return (
                f"expected 0 to {_MAX_MILLISECONDS:,} milliseconds, got "
                f"{_short(each.milliseconds)} in trial {each.trial}"
            )
        seen.add(each.trial)
    return None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]} ..."


def score_votes(key: StudyKey, paths: Sequence[str | Path]) -> StudyResults:
    """Count the votes of all people.

    Raises:
        FileFormatError: as `read_votes`, and when two files are of one voter.
    """
    people: dict[str, Votes] = {}
    files: dict[str, str | Path] = {}
    for path in paths:
        votes = read_votes(path, key)
        if votes.voter in people:
            raise FileFormatError(
                f"expected one votes file a person, but {files[votes.voter]} and {path} are both "
                f"of voter {votes.voter}. Leave one of them out."
            )
        people[votes.voter], files[votes.voter] = votes, path
    by_trial = {each.trial: each for each in key.trials}
    verdicts = [
        (answer.trial, _verdict(answer, by_trial[answer.trial]))
        for votes in people.values()
        for answer in votes.answers
    ]
    tally = _tally([verdict for _, verdict in verdicts])
    decided = tally.a + tally.b
    p_value = binomial_p_value(tally.a, decided) if decided else None
    return StudyResults(
        study=key.study,
        models=key.models,
        num_trials=len(key.trials),
        num_people=len(people),
        num_answers=len(verdicts),
        tally=tally,
        share_a=tally.a / decided if decided else None,
        interval=wilson_interval(tally.a, decided) if decided else None,
        confidence=CONFIDENCE,
        p_value=p_value,
        is_beyond_chance=p_value is not None and p_value < 1 - CONFIDENCE,
        num_left=sum(
            answer.choice == "left" for votes in people.values() for answer in votes.answers
        ),
        people=tuple(
            PersonCounts(
                voter=voter,
                tally=_tally([_verdict(each, by_trial[each.trial]) for each in votes.answers]),
                median_seconds=statistics.median(e.milliseconds for e in votes.answers) / 1000,
            )
            for voter, votes in people.items()
        ),
        trials=tuple(
            TrialCounts(
                trial=each.trial,
                map=each.map,
                seed=each.seed,
                tally=_tally([verdict for trial, verdict in verdicts if trial == each.trial]),
            )
            for each in key.trials
        ),
    )


def _verdict(answer: Answer, trial: StudyTrial) -> Literal["A", "B", "neither"]:
    """The model whose picture was chosen."""
    if answer.choice == "neither":
        return "neither"
    if answer.choice == "left":
        return trial.left
    return "B" if trial.left == "A" else "A"


def _tally(verdicts: Sequence[str]) -> Tally:
    return Tally(verdicts.count("A"), verdicts.count("B"), verdicts.count("neither"))


def write_study_results(folder: str | Path, results: StudyResults) -> Path:
    """Write study_results.json into a folder; returns its path.

    Raises:
        OSError: when the place cannot be written; nothing is left behind.
    """
    path = Path(folder) / STUDY_RESULTS_FILE
    write_text(path, json.dumps(configs.to_json(results), indent=1, allow_nan=False) + "\n")
    return path
