"""What an evaluation found, as a value that results.json holds whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sinopia import config as configs
from sinopia.files import write_text
from sinopia.inference.benchmark.machine import Machine
from sinopia.metrics.protocols import Measurement, Protocol
from sinopia.metrics.segmentation import SegmentationScores
from sinopia.scene.vocabulary import Vocabulary

__all__ = [
    "NAMES_IN_RUNS",
    "RESULTS_FILE",
    "Agreement",
    "DataFacts",
    "EvaluationResult",
    "JudgeFacts",
    "MapAgreement",
    "ModelResult",
    "NamedValue",
    "write_results",
]

RESULTS_FILE = "results.json"

NAMES_IN_RUNS = ("model", "best")
"""Every run calls its model folders so; the run's own name tells them apart."""


@dataclass(frozen=True)
class DataFacts:
    """The scenes that were painted and the photos that were compared with."""

    name: str
    root: str
    """As it was given."""
    split: str
    """val, or all for a data set of one part."""
    vocabulary: Vocabulary
    num_maps: int
    num_reference: int
    reference_split: str
    sha256: str
    """Of keys, ids and photos, after they were brought to the protocol's size."""
    class_pixels: tuple[int, ...]
    """Pixels of each class in the maps, then those of unlabeled ones."""


@dataclass(frozen=True)
class JudgeFacts:
    """The segmenter that reads the pictures."""

    name: str
    network: str
    weights_sha256: str
    size_hw: tuple[int, int] | None = None
    """Height and width of the photos that it learnt from; None: not known."""


@dataclass(frozen=True)
class Agreement:
    """What the judge reads in pictures, against the maps; both treatments of unlabeled pixels."""

    ignored: SegmentationScores
    counted: SegmentationScores

    def headline(self, protocol: Protocol) -> SegmentationScores:
        """The scores under the protocol's treatment."""
        return self.ignored if protocol.unlabeled == "ignored" else self.counted


@dataclass(frozen=True)
class MapAgreement:
    """One map: the share of its pixels that the judge reads as the map says."""

    key: str
    pixel_accuracy: float | None
    """Under the protocol's treatment of unlabeled pixels; None without a pixel to count."""


@dataclass(frozen=True)
class NamedValue:
    """A version, or another fact of a name."""

    name: str
    value: str


@dataclass(frozen=True)
class ModelResult:
    """All numbers of one model."""

    name: str
    folder: str
    weights_sha256: str
    num_parameters: int
    num_bytes: int
    precision: str
    style: str
    """How the style of each picture was chosen."""
    num_seeds: int
    """Pictures of each map; the first is measured, all of them give the diversity."""
    measurements: tuple[Measurement, ...]
    agreement: Agreement | None
    """None without a segmenter."""
    maps: tuple[MapAgreement, ...]
    """In the order of the data set; empty without a segmenter."""


@dataclass(frozen=True)
class EvaluationResult:
    """Several models on the same maps, seeds and judges."""

    protocol: Protocol
    size_hw: tuple[int, int]
    seeds: tuple[int, ...]
    data: DataFacts
    judge: JudgeFacts | None
    photos: Agreement | None
    """The judge on the photos themselves: what perfect pictures would get."""
    models: tuple[ModelResult, ...]
    warnings: tuple[str, ...]
    machine: Machine
    versions: tuple[NamedValue, ...]
    format_version: int = 1


def write_results(folder: str | Path, result: EvaluationResult) -> Path:
    """Write results.json into a folder; returns its path.

    Raises:
        OSError: when the place cannot be written; nothing is left behind.
    """
    path = Path(folder) / RESULTS_FILE
    write_text(path, json.dumps(configs.to_json(result), indent=1, allow_nan=False) + "\n")
    return path
