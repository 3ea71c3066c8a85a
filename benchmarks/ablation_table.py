"""The table of `ablation.py`, as Markdown."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from sinopia.files import write_text
from sinopia.inference.benchmark.machine import Machine
from sinopia.inference.benchmark.report import markdown_table

__all__ = ["DIVERSITY", "FRECHET", "KERNEL", "Row", "write_table"]

FRECHET = "squeezenet1_0_frechet"
KERNEL = "squeezenet1_0_kernel"
DIVERSITY = "squeezenet1_0_diversity"

_ASKED_FRECHET = -0.30
_ASKED_AGREEMENT = 0.25


@dataclass(frozen=True)
class Row:
    """One variant on one data set."""

    data: str
    variant: str
    title: str
    seconds: float
    """Of training, measured once on a machine that did other things too."""
    distances: dict[str, float]
    """Frechet, kernel and diversity on SqueezeNet 1.0."""
    agreement: float
    """Mean IoU of what the judge reads in the pictures; unlabeled pixels are left out."""
    agreement_of_photos: float
    """The same for the photos of these maps."""
    painted_agreement: float | None
    """The same for pictures of maps painted by hand, if there are any of these classes."""


def write_table(path: Path, rows: list[Row], *, images: int, machine: Machine, notes: str) -> None:
    """Write a table for each data set under a head that says what it is, and the notes below.

    Raises:
        OSError: when the file cannot be written.
    """
    parts = [
        "# What each option of training is worth",
        _paragraph(f"Made by `benchmarks/ablation.py`: {machine.to_text()}."),
        _paragraph(
            f"All variants of a data set see {images:,} images of the same data, with the same "
            "seed but for the one that says otherwise. Those with a + add to the one before; the "
            "others change the taught variant. Networks are small and runs short, so that the "
            "whole table can be made on a CPU in hours: it tells what helps, not how good pictures "
            "can get."
        ),
        _paragraph(
            "Distances are between the pictures of the validation maps, styles drawn from seeds, "
            "and the validation photos, on features of SqueezeNet 1.0; they are not FID, and with "
            "so few pictures they are biased upward. The judge is a segmenter on SqueezeNet 1.0 "
            "that taught no one; the teacher is another, on SqueezeNet 1.1, with other random "
            "numbers. Painted: what the judge scores on pictures of maps that a script drew as a "
            "hand does. Runs shared the machine with others, so their seconds tell little."
        ),
    ]
    for data in dict.fromkeys(row.data for row in rows):
        parts += _section(data, [row for row in rows if row.data == data])
    write_text(path, "\n\n".join([*parts, notes]))


def _section(data: str, rows: list[Row]) -> list[str]:
    first = rows[0]
    table = [
        (
            row.title,
            f"{row.distances[FRECHET]:.0f}",
            _change(row.distances[FRECHET], first.distances[FRECHET]),
            f"{row.distances[KERNEL]:.2f}",
            f"{row.agreement:.3f}",
            _change(row.agreement, first.agreement),
            f"{row.agreement / row.agreement_of_photos:.2f}",
            "-" if row.painted_agreement is None else f"{row.painted_agreement:.3f}",
            f"{row.distances[DIVERSITY]:.3f}",
            f"{row.seconds:.0f}",
        )
        for row in rows
    ]
    head = (
        "variant",
        "Frechet",
        "change",
        "kernel",
        "judge mIoU",
        "change",
        "of photos'",
        "painted",
        "diversity",
        "seconds",
    )
    photos = f"The judge scores {first.agreement_of_photos:.3f} on the photos themselves."
    return [
        f"## {data}",
        markdown_table(head, table),
        _paragraph(f"{photos} {_against_the_aim(rows)}".strip()),
    ]


def _against_the_aim(rows: list[Row]) -> str:
    """The best variant by agreement against the published one; nothing if that was not run."""
    published = next((row for row in rows if row.variant == "published"), None)
    if published is None:
        return ""
    best = max(rows, key=lambda row: row.agreement)
    return (
        f"The aim is Frechet {_ASKED_FRECHET:+.0%} and judge mIoU {_ASKED_AGREEMENT:+.0%} against "
        f"the first row, and 0.6 of the photos' mIoU. Reached by the variant of the highest mIoU: "
        f"Frechet {_change(best.distances[FRECHET], published.distances[FRECHET])}, judge mIoU "
        f"{_change(best.agreement, published.agreement)}, "
        f"{best.agreement / best.agreement_of_photos:.2f} of the photos'."
    )


def _paragraph(text: str) -> str:
    return textwrap.fill(text, width=100)


def _change(value: float, base: float) -> str:
    return f"{value / base - 1:+.0%}"
