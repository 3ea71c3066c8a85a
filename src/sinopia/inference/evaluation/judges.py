"""The networks that look at pictures: feature networks for distances, a segmenter for agreement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from sinopia import config as configs
from sinopia.errors import ConfigError, ModelError
from sinopia.files import file_sha256
from sinopia.inference.evaluation.results import NAMES_IN_RUNS, JudgeFacts
from sinopia.metrics.feature_extractor import FeatureExtractor, SqueezeNetExtractor
from sinopia.metrics.inception import InceptionExtractor
from sinopia.models.published_segmenters import PublishedNetwork, PublishedSegmenter
from sinopia.models.segmenter import Segmenter
from sinopia.scene.batch import images_to_tensor
from sinopia.scene.image import ImageArray
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.catalog import find_model, weights_folder
from sinopia.zoo.manifest import read_manifest
from sinopia.zoo.segmenters import load_segmenter

__all__ = ["Judges", "SegmentationJudge", "load_judges"]

_SQUEEZENET_FILES = (
    "squeezenet1_0/model.safetensors",
    "squeezenet1_0.safetensors",
    "squeezenet1_0-b66bff10.pth",
)


@dataclass(frozen=True)
class ClassSource:
    """A class of the vocabulary and the numbers that a published network has for it."""

    name: str
    source_classes: tuple[int, ...]


@dataclass(frozen=True)
class PublishedJudge:
    """The JSON file that makes a published network a judge of a vocabulary."""

    network: PublishedNetwork
    weights: str
    """Path of the weight file, from the folder of the JSON file."""
    classes: tuple[ClassSource, ...]
    """Classes that are left out can never be read in a picture."""


class SegmentationJudge:
    """A segmenter with its name and hash."""

    def __init__(self, segmenter: Segmenter, facts: JudgeFacts, *, device: torch.device) -> None:
        self._segmenter = segmenter
        self._device = device
        self.facts = facts

    @torch.inference_mode()
    def read(self, images: Sequence[ImageArray]) -> NDArray[np.int64]:
        """Class ids (B, H, W) of pictures (H, W, 3) uint8 of one size."""
        logits = self._segmenter(images_to_tensor(images).to(self._device))
        return logits.argmax(dim=1).cpu().numpy()


@dataclass(frozen=True, eq=False)
class Judges:
    """Everything that looks at pictures; at least one of the first two is there."""

    extractors: tuple[FeatureExtractor, ...]
    segmenter: SegmentationJudge | None
    squeezenet: SqueezeNetExtractor | None
    """Also compares two pictures, for the diversity."""


def load_judges(
    *,
    inception: str | Path | None,
    segmenter: str | Path | None,
    weights: str | Path | None,
    vocabulary: Vocabulary,
    device: torch.device,
) -> Judges:
    """Load what was given.

    Args:
        inception: the published file of FID's network.
        segmenter: a model folder or name, or a JSON file such as `PublishedJudge`.
        weights: folder with SqueezeNet 1.0; by default where `sinopia models pull` puts files, and
            then it may be missing.
        vocabulary: of the maps; the segmenter's classes must be the same.

    Raises:
        ModelError: when a file is missing or is not that network's.
        LabelError: when the segmenter is of another vocabulary.
        ConfigError: when there is nothing to judge with.
    """
    extractors: list[FeatureExtractor] = []
    if inception is not None:
        legacy = InceptionExtractor.from_file(inception, resize="legacy", device=device)
        extractors += [legacy, legacy.with_resize("clean")]
    squeezenet = None
    path = _find_squeezenet(Path(weights or weights_folder()))
    if path is not None:
        squeezenet = SqueezeNetExtractor.from_file(path, device=device)
        extractors.append(squeezenet)
    elif weights is not None:
        raise ModelError(
            f"--weights: {weights} holds no SqueezeNet 1.0; expected one of "
            f"{', '.join(_SQUEEZENET_FILES)} in it."
        )
    judge = None
    if segmenter is not None:
        judge = _load_segmenter(segmenter, vocabulary=vocabulary, device=device)
    if not extractors and judge is None:
        raise ConfigError(
            "there is no network to measure with: give --inception (FID and KID), --weights (a "
            "folder with SqueezeNet 1.0) or --segmenter (agreement with the maps)."
        )
    return Judges(tuple(extractors), judge, squeezenet)


def _find_squeezenet(folder: Path) -> Path | None:
    return next((folder / each for each in _SQUEEZENET_FILES if (folder / each).is_file()), None)


def _load_segmenter(
    path: str | Path, *, vocabulary: Vocabulary, device: torch.device
) -> SegmentationJudge:
    if str(path).endswith(".json"):
        return _load_published(Path(path), vocabulary=vocabulary, device=device)
    folder = find_model(path)
    network = load_segmenter(folder, vocabulary=vocabulary, option="--segmenter", device=device)
    manifest = read_manifest(folder)
    parts = folder.resolve().parts
    facts = JudgeFacts(
        name="/".join(parts[-2:] if parts[-1] in NAMES_IN_RUNS else parts[-1:]),
        network=f"{manifest.family}, see its model folder",
        weights_sha256=manifest.weights.sha256,
        size_hw=_trained_size(manifest.facts),
    )
    return SegmentationJudge(network, facts, device=device)


def _trained_size(facts: Any) -> tuple[int, int] | None:
    """Height and width from the facts of a model, which are free and may hold none."""
    size = facts.get("size_hw") if isinstance(facts, dict) else None  # type: ignore[union-attr]
    match cast("object", size):
        case [int(height), int(width)]:
            return (height, width)
        case _:
            return None


def _load_published(
    path: Path, *, vocabulary: Vocabulary, device: torch.device
) -> SegmentationJudge:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"{path} is not JSON: {error}.") from None
    described = configs.from_json(PublishedJudge, data, where=str(path))
    sources: list[tuple[int, ...]] = [()] * len(vocabulary)
    for each in described.classes:
        sources[vocabulary.id_of(each.name)] = each.source_classes
    weights = path.parent / described.weights
    network = PublishedSegmenter.from_file(
        weights, network=described.network, source_classes=sources
    )
    network.to(device)
    facts = JudgeFacts(
        name=path.stem,
        network=f"{described.network} of torchvision, classes mapped by {path.name}",
        weights_sha256=file_sha256(weights),
    )
    return SegmentationJudge(network, facts, device=device)
