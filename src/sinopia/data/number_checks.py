"""Ids in label maps held against a vocabulary: the class histogram, and numbers of no class."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinopia.data.masks import MaskFile
from sinopia.data.report import ClassUse, FileNote, Finding, IdPlace, UnknownId
from sinopia.scene.vocabulary import UNLABELED, Vocabulary

__all__ = ["ClassCount", "check_numbers", "count_classes"]

_NAMED = 12


@dataclass(frozen=True)
class ClassCount:
    """The class histogram of label maps."""

    classes: tuple[ClassUse, ...]
    unlabeled_pixels: int
    unlabeled_share: float
    num_maps_with_unlabeled: int
    only_unlabeled: tuple[MaskFile, ...]
    unknown_ids: tuple[UnknownId, ...]


def count_classes(masks: Sequence[MaskFile], vocabulary: Vocabulary) -> ClassCount:
    """Pixels and maps of each class, unlabeled pixels, and every number of no class with places."""
    pixels, maps = np.zeros(256, np.int64), np.zeros(256, np.int64)
    places: dict[int, list[IdPlace]] = {}
    only_unlabeled: list[MaskFile] = []
    for mask in masks:
        counts = mask.counts
        ids, unknown = vocabulary.ids_from_source(counts.values)
        known_pixels = np.bincount(ids[~unknown], counts.pixels[~unknown], minlength=256)
        pixels += known_pixels.astype(np.int64)
        maps += known_pixels > 0
        if (ids == UNLABELED).all() and not unknown.any():
            only_unlabeled.append(mask)
        for index in np.flatnonzero(unknown).tolist():
            x, y = counts.first_xy(index)
            place = IdPlace(str(mask.path), x, y, int(counts.pixels[index]))
            places.setdefault(int(counts.values[index]), []).append(place)
    unknown_ids = tuple(
        UnknownId(source_id, sum(each.pixels for each in found), tuple(found))
        for source_id, found in sorted(places.items())
    )
    total = int(pixels.sum()) + sum(each.pixels for each in unknown_ids)
    return ClassCount(
        classes=tuple(
            ClassUse(
                class_id=class_id,
                name=each.name,
                source_id=each.source_id,
                color=each.color,
                pixels=int(pixels[class_id]),
                share=int(pixels[class_id]) / max(1, total),
                num_maps=int(maps[class_id]),
            )
            for class_id, each in enumerate(vocabulary.classes)
        ),
        unlabeled_pixels=int(pixels[UNLABELED]),
        unlabeled_share=int(pixels[UNLABELED]) / max(1, total),
        num_maps_with_unlabeled=int(maps[UNLABELED]),
        only_unlabeled=tuple(only_unlabeled),
        unknown_ids=unknown_ids,
    )


def check_numbers(
    masks: Sequence[MaskFile],
    count: ClassCount,
    vocabulary: Vocabulary,
    *,
    folder: Path,
    argument: str,
) -> Iterator[Finding]:
    """Findings about the ids of label maps that store ids.

    `folder` is the data set's, `argument` what a command line calls the vocabulary.
    """
    if not masks:
        return
    if count.unknown_ids:
        yield from _unknown(masks, count, vocabulary, folder, argument)
    wide = [mask for mask in masks if mask.is_wide]
    if wide:
        yield Finding(
            "wide-label-maps",
            "note",
            f"{_maps(len(wide))} stored in more than eight bits a pixel. That is read, and "
            f"needed only for ids above 255.",
            tuple(FileNote(str(mask.path), mask.mode) for mask in wide),
        )
    unseen = [each.name for each in count.classes if each.pixels == 0]
    if unseen:
        names = ", ".join(unseen[:_NAMED])
        more = f" and {len(unseen) - _NAMED} more" if len(unseen) > _NAMED else ""
        yield Finding(
            "classes-never-seen",
            "warning",
            f"{len(unseen)} of {len(count.classes)} classes are in no label map, so that a model "
            f"cannot learn them: {names}{more}.",
        )
    if count.only_unlabeled:
        yield Finding(
            "only-unlabeled",
            "warning",
            f"{_maps(len(count.only_unlabeled))} without a single labelled pixel. Remove these "
            f"pairs, unless that is meant.",
            tuple(FileNote(str(mask.path)) for mask in count.only_unlabeled),
        )


def _unknown(
    masks: Sequence[MaskFile],
    count: ClassCount,
    vocabulary: Vocabulary,
    folder: Path,
    argument: str,
) -> Iterator[Finding]:
    seen = np.unique(np.concatenate([mask.counts.values for mask in masks]))
    twin = _built_in_twin(seen, vocabulary)
    notes: dict[str, list[str]] = {}
    for each in count.unknown_ids:
        for at in each.places:
            notes.setdefault(at.path, []).append(
                f"id {each.source_id} from pixel (x={at.x}, y={at.y}), {at.pixels} pixels"
            )
    numbers = [each.source_id for each in count.unknown_ids]
    listed = ", ".join(map(str, numbers[:_NAMED]))
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    yield Finding(
        "ids-outside-vocabulary",
        "error",
        f"{_maps(len(notes))} with ids that no class of vocabulary {vocabulary.name!r} has: "
        f"{listed}{more}. Another vocabulary? Name it with --vocabulary. Of no class? List the "
        f"number in `unlabeled_source_ids` of the vocabulary. Else repaint these pixels."
        + (f" The built-in vocabulary {twin!r} has the same classes and all ids." if twin else ""),
        tuple(FileNote(path, "; ".join(details)) for path, details in notes.items()),
        (f"sinopia data doctor {shlex.quote(str(folder))} --vocabulary {twin}",) if twin else (),
    )
    if twin is None:
        yield from _explanations(seen, numbers, vocabulary, argument)


def _built_in_twin(seen: NDArray[np.int64], vocabulary: Vocabulary) -> str | None:
    """Name of a built-in vocabulary of the same classes that has a meaning for all numbers seen."""
    for name in Vocabulary.built_in_names():
        built_in = Vocabulary.built_in(name)
        if built_in.names == vocabulary.names and not built_in.ids_from_source(seen)[1].any():
            return name
    return None


def _explanations(
    seen: NDArray[np.int64], unknown: list[int], vocabulary: Vocabulary, argument: str
) -> Iterator[Finding]:
    """Rules that would turn every number that was seen into a known one."""
    labeled = seen[(seen != UNLABELED) & ~np.isin(seen, vocabulary.unlabeled_source_ids)]
    sources = np.array([each.source_id for each in vocabulary.classes])
    nonzero = labeled[labeled > 0]
    if np.isin(nonzero - 1, sources).all() and unknown == [int(sources.max()) + 1]:
        ambiguous = 0 in labeled
        either = (
            f"0 occurs too, so either 0 stands for unlabeled and the first class is 1, or "
            f"{unknown[0]} stands for unlabeled; look at a preview to decide. The command is for "
            f"the first; for the second list {unknown[0]} in `unlabeled_source_ids`."
            if ambiguous
            else "0 never occurs. The command writes the vocabulary for files that begin at 1."
        )
        yield Finding(
            "shifted-ids",
            "warning" if ambiguous else "error",
            f"raw ids shifted by one? All ids, lessened by one, are classes of vocabulary "
            f"{vocabulary.name!r}. {either}",
            commands=(
                f"sinopia data vocabulary {shlex.quote(argument)} --shift 1 "
                f"--out vocabulary-from-1.json",
            ),
        )
    steps = [step for step in range(2, 1001) if not (labeled % step).any()]
    fitting = [step for step in steps if np.isin(labeled // step, sources).all()]
    if len(nonzero) > 1 and fitting:
        step = max(fitting)
        yield Finding(
            "multiplied-ids",
            "warning",
            f"ids multiplied by {step}, to be told apart by eye? All numbers divided by {step} are "
            f"classes of vocabulary {vocabulary.name!r}. Export the ids themselves.",
        )
    elif (nonzero >= 1000).any() and np.isin(
        np.where(labeled >= 1000, labeled // 1000, labeled), sources
    ).all():
        yield Finding(
            "instance-ids",
            "warning",
            "instance maps in the place of label maps? All numbers are of the form class * 1000 + "
            "object, as in Cityscapes. Put the files of class ids here.",
        )
    palette = np.array([each.color for each in vocabulary.classes], np.int64)
    # ITU-R 601 luma in Pillow's fixed point: what convert("L") makes of a colour mask.
    greys = (palette @ np.array([19595, 38470, 7471]) + 0x8000) >> 16
    if len(nonzero) > 1 and np.isin(nonzero, greys).all():
        yield Finding(
            "greys-of-colors",
            "warning",
            "colour masks that were saved as grey? All numbers are the brightness of the "
            "vocabulary's colours. Export the masks in colour and convert these.",
        )


def _maps(count: int) -> str:
    return f"{count} label map{'' if count == 1 else 's'}"
