"""`sinopia evaluate --study` and `--study-scores`: which of two models people prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sinopia.errors import ConfigError

if TYPE_CHECKING:
    from sinopia.inference.evaluation.study import StudyFiles
    from sinopia.inference.evaluation.study_scores import StudyResults

__all__ = ["print_study", "refuse_beside", "run_study_scores"]


def refuse_beside(option: str, given: Mapping[str, bool], *, reason: str) -> None:
    """Refuse options that mean nothing beside another.

    Raises:
        ConfigError: naming those of `given` that were given, and the reason.
    """
    names = [name for name, is_given in given.items() if is_given]
    if names:
        raise ConfigError(
            f"{option} was given together with {', '.join(names)}, but {reason}; leave "
            f"{'it' if len(names) == 1 else 'them'} out."
        )


def print_study(files: StudyFiles) -> None:
    """Say what a study wrote, and what to do with it."""
    trials = len(files.key.trials)
    for warning in files.key.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"wrote {files.page} ({trials} trials) and {files.key_file}")
    typer.echo(f"Give people {files.page.name} alone: the key says which picture is whose.")
    typer.echo(f"Then: sinopia evaluate --study-scores {files.page.parent} --votes FILE ...")


def run_study_scores(folder: Path, votes: Sequence[Path]) -> None:
    """Count votes, write study_results.json and print it in words."""
    from sinopia.inference.evaluation.study_key import read_key
    from sinopia.inference.evaluation.study_scores import score_votes, write_study_results

    if not votes:
        raise ConfigError(
            f"expected at least one votes file, as in: sinopia evaluate --study-scores {folder} "
            f"--votes FILE --votes FILE."
        )
    results = score_votes(read_key(folder), votes)
    path = write_study_results(folder, results)
    _print_results(results)
    typer.echo(f"wrote {path}")


def _print_results(results: StudyResults) -> None:
    tally, total = results.tally, results.num_answers
    full = results.num_people * results.num_trials
    typer.echo(
        f"{results.num_people} {'person' if results.num_people == 1 else 'people'}, {total} of "
        f"{full} answers"
    )
    for letter, count, name in (
        ("A", tally.a, results.models[0].name),
        ("B", tally.b, results.models[1].name),
        ("neither", tally.neither, ""),
    ):
        typer.echo(f"  {letter:8}{count:5}  {count / total:6.1%}  {name}".rstrip())
    if results.share_a is None or results.interval is None or results.p_value is None:
        typer.echo("Nobody preferred either: there is no share to speak of.")
        return
    decided = tally.a + tally.b
    low, high = results.interval
    typer.echo(
        f"A was preferred in {results.share_a:.1%} of {decided} decided answers "
        f"({results.confidence:.0%} interval {low:.1%} to {high:.1%}, Wilson)"
    )
    verdict = "beyond chance" if results.is_beyond_chance else "not beyond chance"
    typer.echo(f"The difference is {verdict} (two-sided binomial test, p = {results.p_value:.2g})")
    typer.echo(f"The left picture was chosen in {results.num_left} of the {decided}")
