"""The table of `ablation.py`, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Row", "write_table"]


@dataclass(frozen=True)
class Row:
    """One variant on one data set."""

    data: str
    title: str
    seconds: float
    values: dict[str, float]


def write_table(path: Path, rows: list[Row], *, images: int) -> None:
    raise NotImplementedError
