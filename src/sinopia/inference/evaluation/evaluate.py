"""Paints the maps of a protocol with one model after the other and lets the judges look."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import ConfigError, DatasetError
from sinopia.inference.benchmark.machine import describe_machine
from sinopia.inference.device import find_device
from sinopia.inference.evaluation.gallery import Gallery, Row, encode_jpeg, encode_map
from sinopia.inference.evaluation.judges import Judges, SegmentationJudge, load_judges
from sinopia.inference.evaluation.painting import Painter, load_painters, size_warnings
from sinopia.inference.evaluation.results import (
    Agreement,
    DataFacts,
    EvaluationResult,
    MapAgreement,
    ModelResult,
    NamedValue,
)
from sinopia.inference.evaluation.scenes import (
    EvaluationScenes,
    evenly_spread,
    open_scenes,
    photo_of,
    scene_content,
)
from sinopia.metrics.diversity import pairwise_distance
from sinopia.metrics.feature_extractor import FeatureExtractor, SqueezeNetExtractor
from sinopia.metrics.frechet import frechet_distance
from sinopia.metrics.gaussian import fit_gaussian
from sinopia.metrics.kernel import kernel_distance
from sinopia.metrics.protocols import Measurement, Protocol, count_warnings, library_versions
from sinopia.metrics.segmentation import confusion_matrix, score_segmentation
from sinopia.nn.precision import PrecisionChoice
from sinopia.scene.image import ImageArray
from sinopia.scene.sample import Scene
from sinopia.zoo.manifest import describe_model

__all__ = ["EvaluationPlan", "run_evaluation"]

_BATCH_SIZE = 8
_VARIETY_ROWS = 4

T = TypeVar("T")


@dataclass(frozen=True)
class EvaluationPlan:
    """What is measured, on what, and by whom.

    Raises:
        ConfigError: for no model, a model that is named twice, or counts below 1.
    """

    models: tuple[str, ...]
    """Names or folders; the first decides the size where the protocol does not."""
    data: Path
    protocol: Protocol
    num_seeds: int = 2
    """Pictures of each map, where the style is drawn from seeds."""
    seed: int = 0
    """The first seed."""
    limit: int | None = None
    """At most so many maps."""
    inception: Path | None = None
    segmenter: str | None = None
    weights: Path | None = None
    device: str = "cpu"
    precision: PrecisionChoice = "fp32"

    def __post_init__(self) -> None:
        if not self.models:
            raise ConfigError("expected at least one model.")
        if self.num_seeds < 1 or (self.limit is not None and self.limit < 2):
            raise ConfigError(
                f"expected at least 1 seed and 2 maps, got {self.num_seeds} and {self.limit}."
            )

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, in order."""
        return tuple(range(self.seed, self.seed + self.num_seeds))


def run_evaluation(
    plan: EvaluationPlan, *, on_step: Callable[[str, int, int], None]
) -> tuple[EvaluationResult, Gallery]:
    """Measure all models of a plan on the same maps and seeds.

    `on_step` is told what is being looked at, how many scenes are done, and how many there are.

    Raises:
        SinopiaError: when models, data and judges do not fit together, before anything is painted;
            and what reading a scene raises.
    """
    device = find_device(plan.device)
    painters = load_painters(plan.models, device=plan.device, precision=plan.precision)
    size_hw = plan.protocol.size_hw or painters[0].synthesizer.native_size
    vocabulary = painters[0].synthesizer.vocabulary
    scenes = open_scenes(plan.data, "val", vocabulary=vocabulary, limit=plan.limit, size_hw=size_hw)
    reference = scenes
    if plan.protocol.reference_split == "train":
        reference = open_scenes(
            plan.data, "train", vocabulary=vocabulary, limit=plan.limit, size_hw=size_hw
        )
    if min(len(scenes), len(reference)) < 2:
        raise DatasetError(f"{plan.data} has a single scene; distances need two or more.")
    judges = load_judges(
        inception=plan.inception,
        segmenter=plan.segmenter,
        weights=plan.weights,
        vocabulary=scenes.vocabulary,
        device=device,
    )
    first = next(iter(scenes))
    for painter in painters:  # what cannot be painted is found out before hours of work
        painter.paint(first, plan.protocol, plan.seeds[:1])

    steps = _Steps(on_step, len(scenes) * (1 + len(painters)))
    if reference is not scenes:
        steps.total += len(reference)
    gallery = Gallery([], evenly_spread(len(scenes), _VARIETY_ROWS))
    photos = _look_at_photos(scenes, plan, judges, gallery, steps)
    photo_features = photos.features
    if reference is not scenes:
        photo_features = _Features(judges.extractors)
        for batch in _batches(reference.photos()):
            photo_features.add(batch)
            steps.done("training photos", len(batch))
    results = tuple(
        _measure_model(painter, plan, judges, scenes, gallery, photo_features, steps)
        for painter in painters
    )
    result = EvaluationResult(
        protocol=plan.protocol,
        size_hw=size_hw,
        seeds=plan.seeds,
        data=DataFacts(
            name=scenes.dataset.name,
            root=str(plan.data),
            split=scenes.split,
            vocabulary=scenes.vocabulary,
            num_maps=len(scenes),
            num_reference=len(reference),
            reference_split=reference.split,
            sha256=photos.sha256,
            class_pixels=photos.class_pixels,
        ),
        judge=None if judges.segmenter is None else judges.segmenter.facts,
        photos=photos.agreement,
        models=results,
        warnings=(
            *_general_warnings(plan, scenes, painters),
            *_judge_size_warnings(judges.segmenter, size_hw),
            *_judge_warnings(photos.agreement, results),
        ),
        machine=describe_machine(device),
        versions=tuple(NamedValue(*each) for each in library_versions().items()),
    )
    return result, gallery


@dataclass
class _Steps:
    """Counts scenes for the progress bar."""

    report: Callable[[str, int, int], None]
    total: int
    count: int = 0

    def done(self, what: str, number: int) -> None:
        self.count += number
        self.report(what, self.count, self.total)


class _Features:
    """Feature vectors of pictures, from every extractor."""

    def __init__(self, extractors: Sequence[FeatureExtractor]) -> None:
        self._extractors = extractors
        self._parts: list[list[NDArray[np.float32]]] = [[] for _ in extractors]

    def add(self, images: Sequence[ImageArray]) -> None:
        for extractor, parts in zip(self._extractors, self._parts, strict=True):
            parts.append(extractor(images))

    def of(self, index: int) -> NDArray[np.float32]:
        """(N, D) of one extractor."""
        return np.concatenate(self._parts[index])


class _Agreement:
    """What the judge reads in pictures, counted against their maps."""

    def __init__(self, judge: SegmentationJudge | None, protocol: Protocol) -> None:
        self._judge = judge
        self._protocol = protocol
        self._total: NDArray[np.int64] | None = None
        self.maps: list[MapAgreement] = []

    def add(self, images: Sequence[ImageArray], scenes: Sequence[Scene]) -> None:
        if self._judge is None:
            return
        for predicted, scene in zip(self._judge.read(images), scenes, strict=True):
            confusion = confusion_matrix(
                predicted, scene.label_map.ids, num_classes=len(scene.label_map.vocabulary)
            )
            self._total = confusion if self._total is None else self._total + confusion
            scores = score_segmentation(confusion, unlabeled=self._protocol.unlabeled)
            self.maps.append(MapAgreement(scene.key, scores.pixel_accuracy))

    def result(self) -> Agreement | None:
        if self._total is None:
            return None
        return Agreement(
            ignored=score_segmentation(self._total, unlabeled="ignored"),
            counted=score_segmentation(self._total, unlabeled="counted"),
        )


@dataclass(frozen=True)
class _Photos:
    features: _Features
    agreement: Agreement | None
    sha256: str
    class_pixels: tuple[int, ...]


def _look_at_photos(
    scenes: EvaluationScenes,
    plan: EvaluationPlan,
    judges: Judges,
    gallery: Gallery,
    steps: _Steps,
) -> _Photos:
    is_reference = plan.protocol.reference_split == "val"
    features = _Features(judges.extractors)
    agreement = _Agreement(judges.segmenter, plan.protocol)
    digest = hashlib.sha256()
    pixels = np.zeros(256, np.int64)
    for batch in _batches(scenes):
        images = [photo_of(scene) for scene in batch]
        if is_reference:
            features.add(images)
        agreement.add(images, batch)
        for scene, image in zip(batch, images, strict=True):
            digest.update(scene_content(scene))
            pixels += scene.label_map.pixel_counts()
            gallery.rows.append(Row(scene.key, encode_map(scene.label_map), encode_jpeg(image)))
        steps.done("photos", len(batch))
    class_pixels = (*pixels[: len(scenes.vocabulary)].tolist(), int(pixels[255]))
    return _Photos(features, agreement.result(), digest.hexdigest(), class_pixels)


def _measure_model(
    painter: Painter,
    plan: EvaluationPlan,
    judges: Judges,
    scenes: EvaluationScenes,
    gallery: Gallery,
    photo_features: _Features,
    steps: _Steps,
) -> ModelResult:
    num_seeds = plan.num_seeds if painter.draws_styles(plan.protocol) else 1
    features = _Features(judges.extractors)
    agreement = _Agreement(judges.segmenter, plan.protocol)
    distances: list[float] = []
    rows = iter(enumerate(gallery.rows))
    for batch in _batches(scenes):
        firsts: list[ImageArray] = []
        for scene in batch:
            pictures = painter.paint(scene, plan.protocol, plan.seeds[:num_seeds])
            firsts.append(pictures[0])
            if num_seeds > 1 and judges.squeezenet is not None:
                distances.append(pairwise_distance(judges.squeezenet.taps(pictures)))
            index, row = next(rows)
            shown = pictures if index in gallery.variety else pictures[:1]
            row.pictures_jpeg.append([encode_jpeg(each) for each in shown])
        features.add(firsts)
        agreement.add(firsts, batch)
        steps.done(painter.name, len(batch))
    measurements: list[Measurement] = []
    for index, extractor in enumerate(judges.extractors):
        measurements += _distances(
            extractor, features.of(index), photo_features.of(index), seed=plan.seed
        )
    if distances and judges.squeezenet is not None:
        measurements.append(_diversity(distances, judges.squeezenet, num_seeds=num_seeds))
    description = describe_model(painter.folder)
    return ModelResult(
        name=painter.name,
        folder=str(painter.folder),
        weights_sha256=painter.weights_sha256,
        num_parameters=description.num_parameters,
        num_bytes=description.num_bytes,
        precision=painter.synthesizer.precision,
        style=painter.style_in_words(plan.protocol),
        num_seeds=num_seeds,
        measurements=tuple(measurements),
        agreement=agreement.result(),
        maps=tuple(agreement.maps),
    )


def _distances(
    extractor: FeatureExtractor,
    pictures: NDArray[np.float32],
    photos: NDArray[np.float32],
    *,
    seed: int,
) -> list[Measurement]:
    kernel = kernel_distance(pictures, photos, seed=seed)
    few = count_warnings(len(pictures), len(photos), dim=pictures.shape[1])
    value = frechet_distance(fit_gaussian([pictures]), fit_gaussian([photos]))
    return [
        Measurement(
            name=name,
            value=number,
            is_better="lower",
            deviation=deviation,
            num_pictures=len(pictures),
            num_reference=len(photos),
            network=extractor.network,
            resize=extractor.resize,
            weights_sha256=extractor.weights_sha256,
            warnings=(*extractor.warnings, *warnings),
        )
        for name, number, deviation, warnings in (
            (extractor.frechet_name, value, None, few),
            (extractor.kernel_name, kernel.mean, kernel.deviation, ()),
        )
    ]


def _diversity(
    distances: Sequence[float], extractor: SqueezeNetExtractor, *, num_seeds: int
) -> Measurement:
    return Measurement(
        name="squeezenet1_0_diversity",
        value=float(np.mean(distances)),
        is_better="higher",
        num_pictures=len(distances) * num_seeds,
        network="SqueezeNet 1.0, seven layers, LPIPS without fitted weights, pairs of seeds",
        resize=extractor.resize,
        weights_sha256=extractor.weights_sha256,
    )


def _general_warnings(
    plan: EvaluationPlan, scenes: EvaluationScenes, painters: Sequence[Painter]
) -> tuple[str, ...]:
    warnings = []
    if len(scenes) < len(scenes.dataset):
        warnings.append(
            f"{len(scenes)} of {len(scenes.dataset)} maps were painted (--limit): a first look, "
            f"no result."
        )
    if plan.inception is None:
        warnings.append("No Inception weights were given, so there is no FID or KID here.")
    return (*warnings, *size_warnings(painters, scenes.size_hw))


def _judge_size_warnings(judge: SegmentationJudge | None, size_hw: tuple[int, int]) -> list[str]:
    """A segmenter reads things best at the size that it saw them at."""
    if judge is None or judge.facts.size_hw in (None, size_hw):
        return []
    height, width = judge.facts.size_hw
    return [
        f"The segmenter learnt from photos of {height}x{width}, but pictures and photos here are "
        f"{size_hw[0]}x{size_hw[1]}: it reads both worse than it could."
    ]


def _judge_warnings(photos: Agreement | None, models: Sequence[ModelResult]) -> list[str]:
    """A judge that reads pictures better than photos tells little of how real they look."""
    if photos is None or photos.ignored.mean_iou is None:
        return []
    limit = photos.ignored.mean_iou
    return [
        f"The segmenter reads the pictures of {model.name} better (mIoU {value:.3f}) than the "
        f"photos ({limit:.3f}): it is too weak to judge them, or they are plainer than photos."
        for model in models
        if model.agreement is not None
        and (value := model.agreement.ignored.mean_iou) is not None
        and value > limit
    ]


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Lists of up to `_BATCH_SIZE` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH_SIZE)):
        yield batch
