"""Ids in label maps held against a vocabulary: the class histogram, and numbers of no class."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinopia.data.masks import MaskFile
from sinopia.data.report import ClassUse, FileNote, Finding, IdPlace, UnknownId, counted
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
            f"{counted(len(wide), 'label map')} "
            f"stored in more than eight bits a pixel. That is read, and "
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
            f"{counted(len(count.only_unlabeled), 'label map')} "
            f"without a single labelled pixel. Remove these "
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
                f"id {each.source_id} from pixel (x={at.x}, y={at.y}), "
                f"{counted(at.pixels, 'pixel')}"
            )
    numbers = [each.source_id for each in count.unknown_ids]
    listed = ", ".join(map(str, numbers[:_NAMED]))
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    yield Finding(
        "ids-outside-vocabulary",
        "error",
        f"{counted(len(notes), 'label map')} "
        f"with ids that no class of vocabulary {vocabulary.name!r} has: "
        f"{listed}{more}. Another vocabulary? Name it with --vocabulary. Of no class? List the "
        f"number in `unlabeled_source_ids` of the vocabulary. Else repaint these pixels."
        + (f" The built-in vocabulary {twin!r} has the same classes and all ids." if twin else ""),
        tuple(FileNote(path, "; ".join(details)) for path, details in notes.items()),
        (f"sinopia data doctor {shlex.quote(str(folder))} --vocabulary {twin}",) if twin else (),
    )
    if twin is None:
        yield from _shifted(seen, numbers, vocabulary, folder, argument)
        yield from _explained(masks, vocabulary)


def _built_in_twin(seen: NDArray[np.int64], vocabulary: Vocabulary) -> str | None:
    """Name of a built-in vocabulary of the same classes that has a meaning for all numbers seen."""
    for name in Vocabulary.built_in_names():
        built_in = Vocabulary.built_in(name)
        if built_in.names == vocabulary.names and not built_in.ids_from_source(seen)[1].any():
            return name
    return None


def _shifted(
    seen: NDArray[np.int64],
    unknown: list[int],
    vocabulary: Vocabulary,
    folder: Path,
    argument: str,
) -> Iterator[Finding]:
    """Whether all numbers of the data set would be classes, were they less by one."""
    labeled = _labeled(seen, vocabulary)
    sources = _sources(vocabulary)
    last = int(sources.max())
    if unknown != [last + 1] or not np.isin(labeled[labeled > 0] - 1, sources).all():
        return
    ambiguous = 0 in labeled
    either = (
        f"0 occurs too, so either 0 stands for unlabeled and the first class is 1, or {last + 1} "
        f"stands for unlabeled; look at a preview to decide. The commands are for the first; for "
        f"the second list {last + 1} in `unlabeled_source_ids`."
        if ambiguous
        else "0 never occurs. The commands write and try a vocabulary for files that begin at 1."
    )
    out = shlex.quote(str(folder / "vocabulary-from-1.json"))
    yield Finding(
        "shifted-ids",
        "warning" if ambiguous else "error",
        f"raw ids shifted by one? All ids, lessened by one, are classes of vocabulary "
        f"{vocabulary.name!r}. {either}",
        commands=(
            f"sinopia data vocabulary {shlex.quote(argument)} --shift 1 --out {out}",
            f"sinopia data doctor {shlex.quote(str(folder))} --vocabulary {out}",
        ),
    )


def _explained(masks: Sequence[MaskFile], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Rules that would turn every number of a file into a known one."""
    palette = np.array([each.color for each in vocabulary.classes], np.int64)
    # ITU-R 601 luma in Pillow's fixed point: what convert("L") makes of a colour mask.
    greys = (palette @ np.array([19595, 38470, 7471]) + 0x8000) >> 16
    sources = _sources(vocabulary)
    multiplied: list[FileNote] = []
    instances: list[FileNote] = []
    grey: list[FileNote] = []
    for mask in masks:
        if not vocabulary.ids_from_source(mask.counts.values)[1].any():
            continue
        labeled = _labeled(mask.counts.values, vocabulary)
        nonzero = labeled[labeled > 0]
        if len(nonzero) < 2:
            continue  # too little to see a rule in
        step = int(np.gcd.reduce(nonzero))
        if step > 1 and np.isin(labeled // step, sources).all():
            multiplied.append(FileNote(str(mask.path), f"multiples of {step}"))
        elif nonzero[-1] >= 1000 and np.isin(_class_parts(labeled), sources).all():
            instances.append(FileNote(str(mask.path), f"up to {nonzero[-1]}"))
        elif np.isin(nonzero, greys).all():
            grey.append(FileNote(str(mask.path)))
    if multiplied:
        yield Finding(
            "multiplied-ids",
            "warning",
            f"{counted(len(multiplied), 'label map')} "
            f"with ids multiplied, to be told apart by eye or stretched "
            f"to 16 bits? Divided again, all numbers are classes of vocabulary "
            f"{vocabulary.name!r}. Export the ids themselves.",
            tuple(multiplied),
        )
    if instances:
        yield Finding(
            "instance-ids",
            "warning",
            f"{counted(len(instances), 'label map')} "
            f"in the place of which there is an instance map? All numbers "
            f"have the form class * 1000 + object, as in Cityscapes. Put the files of class ids "
            f"here.",
            tuple(instances),
        )
    if grey:
        yield Finding(
            "greys-of-colors",
            "warning",
            f"{counted(len(grey), 'label map')} "
            f"in colour, but saved as grey? All numbers are the brightness of "
            f"the vocabulary's colours. Export the masks in colour and convert these.",
            tuple(grey),
        )


def _labeled(numbers: NDArray[np.int64], vocabulary: Vocabulary) -> NDArray[np.int64]:
    return numbers[(numbers != UNLABELED) & ~np.isin(numbers, vocabulary.unlabeled_source_ids)]


def _class_parts(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(numbers >= 1000, numbers // 1000, numbers)


def _sources(vocabulary: Vocabulary) -> NDArray[np.int64]:
    return np.array([each.source_id for each in vocabulary.classes], np.int64)
