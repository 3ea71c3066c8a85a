"""Looks at all files of a data set and says everything that stands against training on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sinopia.data.dataset import DatasetKind
from sinopia.data.layouts import Part, find_parts, kind_of_folder
from sinopia.data.mask_checks import MaskContext, check_masks
from sinopia.data.pair_checks import check_pairs
from sinopia.data.report import Finding, PartCount, Report, Severity, SizeUse
from sinopia.data.survey import PartSurvey, survey_part
from sinopia.errors import SinopiaError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["examine"]

_BUILT_IN_OF_KIND: dict[DatasetKind, str] = {
    "camvid": "camvid",
    "coco-stuff": "coco-stuff",
    "ade20k": "ade20k",
    "cityscapes": "cityscapes",
}

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


def examine(
    folder: str | Path,
    *,
    vocabulary: Vocabulary | str | Path | None = None,
    kind: DatasetKind | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Read every file of a data set once and report all that is wrong with it.

    Without a vocabulary, that of the data set is used; without a kind, that of the layout.
    `on_progress` is told the number of files read and of all files.

    Raises:
        DatasetError: when the folder is missing or holds no label maps in any known place.
        FileFormatError, ConfigError, LabelError: when the given vocabulary cannot be read.
    """
    folder = Path(folder)
    kind = kind or kind_of_folder(folder)
    parts = find_parts(folder, kind)
    findings: list[Finding] = []
    reference = _find_vocabulary(folder, parts, kind, vocabulary, findings)

    total, done = sum(_count(part) for part in parts), 0

    def on_file() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)

    surveys = [survey_part(part, on_file=on_file) for part in parts]
    for survey in surveys:
        findings.extend(check_pairs(survey))
    masks = check_masks(
        surveys,
        MaskContext(
            folder,
            reference.vocabulary if reference else None,
            reference.argument if reference else str(folder / "vocabulary.json"),
        ),
    )
    findings.extend(masks.findings)
    sizes = Counter(size for survey in surveys for size in survey.label_sizes.values())
    return Report(
        folder=str(folder),
        kind=kind,
        vocabulary=reference.vocabulary.name if reference else None,
        parts=tuple(_part_count(survey) for survey in surveys),
        classes=masks.classes,
        unlabeled_pixels=masks.unlabeled_pixels,
        unlabeled_share=masks.unlabeled_share,
        num_maps_with_unlabeled=masks.num_maps_with_unlabeled,
        unknown_ids=masks.unknown_ids,
        sizes=tuple(SizeUse(*size_hw, count) for size_hw, count in sizes.most_common()),
        findings=tuple(sorted(findings, key=lambda each: _ORDER[each.severity])),
        proposed_vocabulary=masks.proposed_vocabulary,
    )


@dataclass(frozen=True)
class _Reference:
    vocabulary: Vocabulary
    argument: str
    """What a command line calls it."""


def _find_vocabulary(
    folder: Path,
    parts: list[Part],
    kind: DatasetKind,
    given: Vocabulary | str | Path | None,
    findings: list[Finding],
) -> _Reference | None:
    if isinstance(given, Vocabulary):
        return _Reference(given, _argument_of(given))
    if given is not None:
        return _Reference(Vocabulary.find(given), str(given))
    places = list(dict.fromkeys(place for part in parts for place in part.vocabulary_places))
    found = next((place for place in places if place.is_file()), None)
    if found is not None:
        try:
            return _Reference(Vocabulary.read(found), str(found))
        except (SinopiaError, OSError) as error:
            findings.append(Finding("bad-vocabulary", "error", str(error)))
            return None
    if kind in _BUILT_IN_OF_KIND:
        name = _BUILT_IN_OF_KIND[kind]
        return _Reference(Vocabulary.built_in(name), name)
    return None


def _argument_of(vocabulary: Vocabulary) -> str:
    name = vocabulary.name
    if name in Vocabulary.built_in_names() and vocabulary == Vocabulary.built_in(name):
        return name
    return "vocabulary.json"


def _count(part: Part) -> int:
    return sum(len(files) for files in (part.labels, part.images, part.instances) if files)


def _part_count(survey: PartSurvey) -> PartCount:
    part = survey.part
    images = part.images.by_key if part.images else {}
    return PartCount(
        name=part.name,
        num_label_maps=len(part.labels),
        num_images=len(part.images) if part.images else 0,
        num_instance_maps=len(part.instances) if part.instances else 0,
        num_pairs=sum(key in images for key in part.labels.by_key),
    )
