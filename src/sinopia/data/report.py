"""What the doctor found in a data set, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sinopia import config
from sinopia.data.dataset import DatasetKind
from sinopia.scene.vocabulary import Vocabulary

__all__ = [
    "ClassUse",
    "FileNote",
    "Finding",
    "IdPlace",
    "PartCount",
    "Report",
    "Severity",
    "SizeUse",
    "UnknownId",
    "counted",
]

Severity = Literal["error", "warning", "note"]
"""error: training would stop or learn nonsense. warning: look at it. note: good to know."""


@dataclass(frozen=True)
class FileNote:
    """What is said of one file."""

    path: str
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """One kind of trouble and all the files that have it."""

    code: str
    """Names the kind, stable between versions: "color-masks"."""
    severity: Severity
    message: str
    """What is wrong and the way out."""
    files: tuple[FileNote, ...] = ()
    commands: tuple[str, ...] = ()
    """Commands for a shell that mend it."""


@dataclass(frozen=True)
class ClassUse:
    """How much of the data one class is."""

    class_id: int
    name: str
    source_id: int
    color: tuple[int, int, int]
    pixels: int
    share: float
    """Of all pixels that were counted, 0..1."""
    num_maps: int
    """Label maps that hold the class."""


@dataclass(frozen=True)
class IdPlace:
    """Where a file holds an id: its first pixel and how many there are."""

    path: str
    x: int
    y: int
    pixels: int


@dataclass(frozen=True)
class UnknownId:
    """A number in label maps that no class of the vocabulary has."""

    source_id: int
    pixels: int
    places: tuple[IdPlace, ...]


@dataclass(frozen=True)
class PartCount:
    """The files of one split."""

    name: str
    num_label_maps: int
    num_images: int
    num_instance_maps: int
    num_pairs: int


@dataclass(frozen=True)
class SizeUse:
    """How many label maps have a size."""

    height: int
    width: int
    num_maps: int


@dataclass(frozen=True)
class Report:
    """Everything that was found in one data set."""

    folder: str
    kind: DatasetKind
    vocabulary: str | None
    """Name of the vocabulary that the label maps were held against; None when there is none."""
    parts: tuple[PartCount, ...]
    classes: tuple[ClassUse, ...]
    """Every class, by id; without a vocabulary, those of the proposed one."""
    unlabeled_pixels: int
    unlabeled_share: float
    num_maps_with_unlabeled: int
    unknown_ids: tuple[UnknownId, ...]
    sizes: tuple[SizeUse, ...]
    """The most frequent first."""
    findings: tuple[Finding, ...]
    """Errors first, then warnings, then notes."""
    proposed_vocabulary: Vocabulary | None = None
    """Made from what the label maps hold, where there is no vocabulary."""

    @property
    def is_fit(self) -> bool:
        """Whether nothing stands against training on the data."""
        return not any(each.severity == "error" for each in self.findings)

    @property
    def never_seen(self) -> tuple[str, ...]:
        """Names of the classes that no label map holds."""
        return tuple(each.name for each in self.classes if each.pixels == 0)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {"fit": self.is_fit, **config.to_json(self), "never_seen": list(self.never_seen)}


def counted(number: int, what: str) -> str:
    """ "1 label map", "3 label maps": a number and what it counts."""
    return f"{number} {what}{'' if number == 1 else 's'}"
