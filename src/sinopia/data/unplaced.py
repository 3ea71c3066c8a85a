"""The values of masks that stand for no class: counted, compared with the classes, explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinopia.data.masks import (
    MAX_COLORS,
    TRANSPARENT,
    Storage,
    ValueCounts,
    color_name,
    color_of_code,
)
from sinopia.data.report import counted

__all__ = ["Tally", "Unplaced", "count_mixtures"]

_LISTED = 30
_FILES_NAMED = 3
_MIXED = 0.5
"""Edges were smoothed when this part of the unplaced pixels lies between two classes' colours."""
_SPREAD = 3
"""Levels by which a mixture of two colours may miss the line between them, by rounding."""


@dataclass(frozen=True)
class Unplaced:
    """A colour or number that stands for no class."""

    what: str
    """"#804080 (128, 64, 128)", "transparent" or "id 37"."""
    pixels: int
    files: tuple[str, ...]
    nearest: str | None = None
    """Name of the class with the nearest colour."""
    distance: float | None = None
    """To that colour: straight through the RGB cube, 0..442."""


@dataclass(eq=False)
class _Entry:
    nearest: str | None
    distance: float | None
    pixels: int = 0
    files: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Tally:
    """Collects the unplaced values of many files."""

    entries: dict[int, _Entry] = field(default_factory=dict)
    more_pixels: int = 0
    """Of rare colours in files with very many, which are not listed one by one."""
    mixed_pixels: int = 0
    files_by_storage: dict[Storage, list[str]] = field(default_factory=dict)
    """Files with unplaced values."""
    binary_files: list[str] = field(default_factory=list)
    """Of these, files that hold 0 and 255 only."""

    def add(
        self,
        path: Path,
        storage: Storage,
        counts: ValueCounts,
        *,
        nearest: Mapping[int, tuple[str, float]],
        mixed_pixels: int = 0,
    ) -> None:
        """Note the unplaced values of a file; `nearest` names a class and its distance by code."""
        listed = counts.most_frequent(MAX_COLORS)
        for value, pixels in zip(listed.values.tolist(), listed.pixels.tolist(), strict=True):
            entry = self.entries.setdefault(value, _Entry(*nearest.get(value, (None, None))))
            entry.pixels += pixels
            entry.files.append(str(path))
        self.more_pixels += int(counts.pixels.sum() - listed.pixels.sum())
        self.mixed_pixels += mixed_pixels
        self.files_by_storage.setdefault(storage, []).append(str(path))

    def listed(self, *, are_ids: bool) -> tuple[Unplaced, ...]:
        """All values, the most frequent first."""
        ranked = sorted(self.entries.items(), key=lambda item: (-item[1].pixels, item[0]))
        return tuple(
            Unplaced(
                f"id {value}" if are_ids else color_name(color_of_code(value)),
                entry.pixels,
                tuple(entry.files),
                entry.nearest,
                entry.distance,
            )
            for value, entry in ranked
        )

    def explanations(self) -> list[str]:
        """What may have happened, and what to do in that case."""
        says: list[str] = []
        opaque = sum(each.pixels for code, each in self.entries.items() if code != TRANSPARENT)
        if self.mixed_pixels > _MIXED * (opaque + self.more_pixels) > 0:
            says.append(
                f"{self.mixed_pixels} of these pixels lie between two classes and have a mixture "
                f"of their colours: edges were smoothed (anti-aliased) when the masks were drawn "
                f"or scaled. Best export them anew without smoothing, scaled by nearest "
                f"neighbour; `--unknown unlabeled` leaves such edges without a class; with "
                f"--tolerance a mixture can come nearest to a third class."
            )
        if lossy := self.files_by_storage.get("lossy"):
            says.append(
                f"{_some(lossy)}: JPEG or WebP, whose compression changes colours. Best export "
                f"PNG files; `--tolerance 60` takes the nearest colour."
            )
        if self.binary_files:
            says.append(
                f"{_some(self.binary_files)}: 0 and 255 only, black and white masks; "
                f"`--binary BACKGROUND FOREGROUND` names the two classes."
            )
        if palettes := self.files_by_storage.get("palette"):
            says.append(
                f"{_some(palettes)}: palette PNG; if the palette numbers are ids, as in Pascal "
                f"VOC, use --from-palette."
            )
        grey = [
            path
            for path in self.files_by_storage.get("numbers", ())
            if path not in set(self.binary_files)
        ]
        if grey:
            says.append(
                f"{_some(grey)}: one channel of numbers, not colours; if these are ids already, "
                f"use --from-ids."
            )
        if TRANSPARENT in self.entries:
            says.append(
                "Pixels that are not opaque have no colour to go by; `--unknown unlabeled` takes "
                "them as unlabeled."
            )
        return says

    def table(self, *, are_ids: bool) -> list[str]:
        """A line for each value, the most frequent first, up to a readable number."""
        everything = self.listed(are_ids=are_ids)
        lines = []
        for each in everything[:_LISTED]:
            near = ""
            if each.nearest is not None:
                near = f", nearest class {each.nearest!r} at distance {each.distance:.1f}"
            lines.append(
                f"{each.what}: {counted(each.pixels, 'pixel')} in {_some(each.files)}{near}"
            )
        if len(everything) > _LISTED:
            rest = everything[_LISTED:]
            lines.append(f"and {len(rest)} more: {sum(each.pixels for each in rest)} pixels")
        if self.more_pixels:
            lines.append(f"and rarer colours: {self.more_pixels} pixels")
        return lines


def count_mixtures(colors: NDArray[np.uint8], is_unplaced: NDArray[np.bool_]) -> int:
    """How many unplaced pixels mix the colours of the two placed ones at their sides.

    Takes (H, W, 3) colours and an (H, W) mask. The sides are one or two pixels away, left and
    right or above and below.
    """
    height, width = is_unplaced.shape
    ys, xs = np.nonzero(is_unplaced)
    mixed = np.zeros(len(ys), np.bool_)
    for dy, dx in ((0, 1), (0, 2), (1, 0), (2, 0)):
        inside = (ys >= dy) & (ys < height - dy) & (xs >= dx) & (xs < width - dx) & ~mixed
        at = np.flatnonzero(inside)
        before, after = (ys[at] - dy, xs[at] - dx), (ys[at] + dy, xs[at] + dx)
        at_kept = ~is_unplaced[before] & ~is_unplaced[after]
        start = colors[before].astype(np.float64)
        line = colors[after] - start
        offset = colors[ys[at], xs[at]] - start
        length = (line**2).sum(1)
        share = (offset * line).sum(1) / np.maximum(length, 1)
        miss = np.abs(offset - share[:, None] * line).max(1, initial=0)
        mixed[at] = at_kept & (length > 0) & (share > 0) & (share < 1) & (miss <= _SPREAD)
    return int(mixed.sum())


def _some(files: Any) -> str:
    names = [Path(file).name for file in files[:_FILES_NAMED]]
    more = f" and {len(files) - _FILES_NAMED} more" if len(files) > _FILES_NAMED else ""
    return ", ".join(names) + more
