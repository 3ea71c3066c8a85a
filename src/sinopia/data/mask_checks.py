"""What the label maps of a data set hold, held against its vocabulary, and how to mend it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinopia.data.mask_groups import (
    MaskGroups,
    class_codes,
    frequent_colors,
    propose_vocabulary,
)
from sinopia.data.masks import (
    MAX_COLORS,
    MaskFile,
    color_name,
    color_of_code,
    list_masks,
    pack_colors,
)
from sinopia.data.number_checks import check_numbers, count_classes
from sinopia.data.report import ClassUse, FileNote, Finding, UnknownId, counted
from sinopia.data.survey import PartSurvey
from sinopia.scene.vocabulary import MAX_CLASSES, Vocabulary

__all__ = ["MaskContext", "MaskVerdict", "check_masks"]

_SMOOTHED = 64
"""Masks of more colours than this one, and than the vocabulary, are photos or smoothed."""


@dataclass(frozen=True)
class MaskContext:
    """What the label maps are held against."""

    folder: Path
    vocabulary: Vocabulary | None
    argument: str
    """What a command line calls the vocabulary: a name or a path."""


@dataclass(frozen=True)
class MaskVerdict:
    """What there is to say of all label maps together."""

    findings: list[Finding]
    classes: tuple[ClassUse, ...]
    unlabeled_pixels: int
    unlabeled_share: float
    num_maps_with_unlabeled: int
    unknown_ids: tuple[UnknownId, ...]
    proposed_vocabulary: Vocabulary | None


def check_masks(surveys: Sequence[PartSurvey], context: MaskContext) -> MaskVerdict:
    """Findings about the label maps of all parts, and the class histogram."""
    masks = [mask for survey in surveys for mask in survey.masks]
    groups = MaskGroups.of(masks, context.vocabulary)
    findings: list[Finding] = []
    proposed = None
    if context.vocabulary is None:
        proposed = propose_vocabulary(groups, context.folder.resolve().name)
        findings.append(_no_vocabulary(proposed, context))
    vocabulary = context.vocabulary or proposed
    argument = shlex.quote(context.argument)
    for make in (_binary, _colors, _grey_colors, _palette_colors, _lossy, _floats):
        findings.extend(make(groups, vocabulary, argument, surveys))
    if vocabulary is None:
        return MaskVerdict(findings, (), 0, 0.0, 0, (), None)
    if context.vocabulary is not None:
        findings.extend(_plain_palettes(groups, vocabulary, argument, surveys))
    usage = count_classes(groups.numbers, vocabulary)
    findings.extend(
        check_numbers(
            groups.numbers, usage, vocabulary, folder=context.folder, argument=context.argument
        )
    )
    return MaskVerdict(
        findings,
        usage.classes,
        usage.unlabeled_pixels,
        usage.unlabeled_share,
        usage.num_maps_with_unlabeled,
        usage.unknown_ids,
        proposed,
    )


def _no_vocabulary(proposed: Vocabulary | None, context: MaskContext) -> Finding:
    missing = "there is no vocabulary.json, and no vocabulary was named."
    built_in = Vocabulary.built_in_names()
    if proposed is None:
        return Finding(
            "no-vocabulary",
            "error",
            f"{missing} None can be proposed: no label map can be read, or they hold more than "
            f"{MAX_CLASSES} different numbers or colours. Write one (a name, and classes with "
            f"name, color and source_id), or name a built-in one with --vocabulary: "
            f"{', '.join(built_in)}.",
        )
    if proposed.name in built_in and proposed == Vocabulary.built_in(proposed.name):
        says = f"The colours are those of the built-in vocabulary {proposed.name!r}."
    else:
        says = (
            f"One of {len(proposed)} classes can be made from what the label maps hold; then give "
            f"the classes their names in that file. Built-in ones, for --vocabulary: "
            f"{', '.join(built_in)}."
        )
    folder, out = shlex.quote(str(context.folder)), shlex.quote(context.argument)
    return Finding(
        "no-vocabulary",
        "error",
        f"{missing} {says}",
        commands=(f"sinopia data doctor {folder} --propose {out}",),
    )


def _binary(
    groups: MaskGroups, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if not groups.binary:
        return
    names = list(vocabulary.names) if vocabulary else ["background", "foreground"]
    two = names[:2] if len(names) > 1 else ["unlabeled", names[0]]
    # With one class, 0 and 255 may well be what they say: the class, and unlabeled.
    doubtful = len(names) == 1 and all(mask.storage == "numbers" for mask in groups.binary)
    yield Finding(
        "binary-masks",
        "warning" if doubtful else "error",
        f"{_files(groups.binary)} of 0 and 255 only: black and white masks, where 255 would be "
        f"read as unlabeled. Convert them, naming the classes that 0 and 255 stand for (the "
        f"command names two of the vocabulary).",
        _notes(groups.binary),
        _convert(groups.binary, argument, surveys, f"--binary {shlex.join(two)}", origin="binary"),
    )


def _colors(
    groups: MaskGroups, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if not groups.colors:
        return
    own = class_codes(vocabulary)
    most = max(_SMOOTHED, len(own))
    smoothed = [mask for mask in groups.colors if len(mask.counts.values) > most]
    frequent = frequent_colors(groups.colors)
    missing = [color for color in frequent if int(pack_colors(np.array(color))) not in own]
    says = ""
    option = ""
    if vocabulary is not None and frequent and len(missing) == len(frequent):
        says += (
            f" Vocabulary {vocabulary.name!r} has none of their colours: declare them in a file of "
            f"lines `R G B name`, here palette.txt."
        )
        option = "--palette palette.txt"
    elif missing:
        names = ", ".join(color_name(color) for color in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        says += f" Not in the vocabulary: {names}{more}; the conversion lists every such colour."
    if smoothed:
        says += (
            f" {_files(smoothed)} of more than {most} colours: photos, or masks whose "
            f"edges were smoothed."
        )
    yield Finding(
        "color-masks",
        "error",
        f"{_files(groups.colors)} in colours (RGB or RGBA), where one number a pixel is expected. "
        f"Convert them, then put the new files in the place of the old ones.{says}",
        tuple(
            FileNote(
                str(mask.path),
                f"{mask.mode}, {_color_count(mask)}, of which {_num_known(mask, own)} are classes'",
            )
            for mask in groups.colors
        ),
        _convert(groups.colors, argument, surveys, option, origin="colors"),
    )


def _grey_colors(
    groups: MaskGroups, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if groups.grey_colors:
        yield Finding(
            "ids-in-color-channels",
            "error",
            f"{_files(groups.grey_colors)} with several equal channels: ids that were saved as "
            f"RGB. Convert them, taking the grey values as ids.",
            tuple(
                FileNote(str(mask.path), f"{mask.mode}, greys {_some(mask.counts.values & 255)}")
                for mask in groups.grey_colors
            ),
            _convert(groups.grey_colors, argument, surveys, "--from-ids", origin="greys"),
        )


def _palette_colors(
    groups: MaskGroups, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if groups.palette_colors:
        yield Finding(
            "palette-by-color",
            "error",
            f"{_files(groups.palette_colors)} with a palette (PNG mode P) that has the "
            f"vocabulary's colours at other numbers: the colours are right, the numbers are no "
            f"ids. Convert them by colour.",
            _notes(groups.palette_colors),
            _convert(groups.palette_colors, argument, surveys, "", origin="palette-colors"),
        )


def _plain_palettes(
    groups: MaskGroups, vocabulary: Vocabulary, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    """Palette files whose numbers are ids, in colours of their own."""
    color_of = {each.source_id: each.color for each in vocabulary.classes}
    masks = [
        mask
        for mask in groups.numbers
        if mask.palette_codes is not None
        and any(
            number in color_of and color_of[number] != color_of_code(code)
            for number, code in zip(
                mask.counts.values.tolist(), mask.palette_codes.tolist(), strict=True
            )
        )
    ]
    if masks:
        yield Finding(
            "palette-png",
            "note",
            f"{_files(masks)} with a palette (PNG mode P) in colours of its own. The numbers are "
            f"taken as ids, as in Pascal VOC, and nothing need be done; the command stores them "
            f"in the vocabulary's colours.",
            _notes(masks),
            _convert(masks, argument, surveys, "--from-palette", origin="palette"),
        )


def _lossy(
    groups: MaskGroups, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if not groups.lossy:
        return
    in_color = not all(_is_nearly_grey(mask) for mask in groups.lossy)
    way_out = (
        "If they cannot be exported anew, this takes the nearest colour; look at the result."
        if in_color
        else "Nothing can restore ids that are lost."
    )
    yield Finding(
        "lossy-label-maps",
        "error",
        f"{_files(groups.lossy)} in JPEG or WebP, whose compression changes values. Export the "
        f"masks anew as PNG. {way_out}",
        tuple(
            FileNote(str(mask.path), f"{mask.format}, {mask.mode}, {_color_count(mask)}")
            for mask in groups.lossy
        ),
        _convert(groups.lossy, argument, surveys, "--tolerance 60", origin="lossy")
        if in_color
        else (),
    )


def _floats(
    groups: MaskGroups, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if groups.floats:
        yield Finding(
            "float-label-maps",
            "error",
            f"{_files(groups.floats)} of floating-point numbers. Export them as integers, 8 or "
            f"16 bit, in PNG files.",
            _notes(groups.floats),
        )


def _convert(
    masks: list[MaskFile],
    argument: str,
    surveys: Sequence[PartSurvey],
    option: str,
    *,
    origin: str,
) -> tuple[str, ...]:
    """A command for each folder of label maps: of the whole folder where all its files need it."""
    commands: list[str] = []
    for survey in surveys:
        labels = survey.part.labels
        own = {path for paths in labels.by_key.values() for path in paths}
        files = [mask.path for mask in masks if mask.path in own]
        if files:
            whole = set(files) == set(list_masks(labels.folder))
            sources = shlex.join([str(labels.folder)] if whole else [str(file) for file in files])
            out = shlex.quote(f"{labels.folder}-{'ids' if whole else f'from-{origin}'}")
            extra = f" {option}" if option else ""
            commands.append(
                f"sinopia data convert {sources} --vocabulary {argument} --out {out}{extra}"
            )
    return tuple(commands)


def _is_nearly_grey(mask: MaskFile) -> bool:
    codes = mask.counts.values
    parts = np.stack([codes >> 16, codes >> 8 & 255, codes & 255])
    return bool((np.ptp(parts, axis=0) <= 8).all())


def _num_known(mask: MaskFile, own: NDArray[np.int64]) -> int:
    return int(np.isin(mask.counts.values, own).sum())


def _color_count(mask: MaskFile) -> str:
    count = len(mask.counts.values)
    return f"more than {count} colours" if count >= MAX_COLORS else f"{count} colours"


def _files(masks: Sequence[MaskFile]) -> str:
    return counted(len(masks), "label map")


def _notes(masks: Iterable[MaskFile]) -> tuple[FileNote, ...]:
    return tuple(FileNote(str(mask.path), f"{mask.mode}, {_stored(mask)}") for mask in masks)


def _stored(mask: MaskFile) -> str:
    if mask.storage == "floats":
        return "fractions"
    values = mask.counts.values & 255 if mask.storage == "colors" else mask.counts.values
    return f"values {_some(values)}"


def _some(values: NDArray[np.int64], most: int = 8) -> str:
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(str(each) for each in values[:most].tolist()) + more
