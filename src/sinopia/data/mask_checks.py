"""What the label maps of a data set hold, held against its vocabulary, and how to mend it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinopia.data.masks import (
    MAX_COLORS,
    Color,
    MaskFile,
    color_name,
    color_of_code,
    list_masks,
    pack_colors,
)
from sinopia.data.number_checks import check_numbers, count_classes
from sinopia.data.proposals import (
    built_in_with_colors,
    propose_binary,
    propose_from_colors,
    propose_from_ids,
)
from sinopia.data.report import ClassUse, FileNote, Finding, UnknownId
from sinopia.data.survey import PartSurvey
from sinopia.scene.vocabulary import MAX_CLASSES, UNLABELED, Vocabulary

__all__ = ["MaskContext", "MaskVerdict", "check_masks"]

_BLACK = (0, 0, 0)
_OWN_PALETTE = 0.75
"""Palette files are colour masks when the vocabulary has this part of the colours they use."""
_RARE = 1e-4
"""Colours of a smaller share are edges, not classes, when a vocabulary is proposed."""
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


@dataclass(eq=False)
class _Sorted:
    """Label maps by what must be done with them."""

    numbers: list[MaskFile]
    """Whose numbers are taken as ids."""
    binary: list[MaskFile]
    colors: list[MaskFile]
    grey_colors: list[MaskFile]
    """Several channels, all equal: numbers in a colour picture."""
    palette_colors: list[MaskFile]
    """Palette files whose colours, not numbers, name the classes."""
    lossy: list[MaskFile]
    floats: list[MaskFile]


def check_masks(surveys: Sequence[PartSurvey], context: MaskContext) -> MaskVerdict:
    """Findings about the label maps of all parts, and the class histogram."""
    masks = [mask for survey in surveys for mask in survey.masks]
    groups = _sort(masks, context.vocabulary)
    findings: list[Finding] = []
    proposed = None
    if context.vocabulary is None:
        proposed = _propose(groups, context.folder.resolve().name)
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


def _sort(masks: list[MaskFile], vocabulary: Vocabulary | None) -> _Sorted:
    groups = _Sorted([], [], [], [], [], [], [])
    own_colors = _codes_of(vocabulary)
    for mask in masks:
        match mask.storage:
            case "lossy":
                groups.lossy.append(mask)
            case "floats":
                groups.floats.append(mask)
            case "bits":
                groups.binary.append(mask)
            case "colors":
                if not _is_grey(mask) or np.isin(mask.counts.values, own_colors).all():
                    groups.colors.append(mask)
                elif _is_binary(mask.counts.values & 255):
                    groups.binary.append(mask)
                else:
                    groups.grey_colors.append(mask)
            case "palette" | "numbers":
                groups.numbers.append(mask)
    if vocabulary is not None and _palettes_are_colors(groups.numbers, vocabulary):
        groups.palette_colors = [mask for mask in groups.numbers if mask.storage == "palette"]
        groups.numbers = [mask for mask in groups.numbers if mask.storage != "palette"]
    has_class_255 = vocabulary is not None and any(
        each.source_id == UNLABELED for each in vocabulary.classes
    )
    seen = set().union(*(mask.counts.values.tolist() for mask in groups.numbers))
    if seen and seen <= {0, UNLABELED} and UNLABELED in seen and not has_class_255:
        groups.binary += groups.numbers
        groups.numbers = []
    return groups


def _palettes_are_colors(masks: list[MaskFile], vocabulary: Vocabulary) -> bool:
    """Whether palette files mean their colours: known ones, at other numbers than the classes'."""
    pairs = {
        (number, color)
        for mask in masks
        if mask.palette_codes is not None
        for number, code in zip(mask.counts.values, mask.palette_codes.tolist(), strict=True)
        if (color := color_of_code(code)) not in (None, _BLACK)
    }
    colors = {color for _, color in pairs}
    number_of = {each.color: each.source_id for each in vocabulary.classes}
    known = colors & number_of.keys()
    if not colors or len(known) < _OWN_PALETTE * len(colors):
        return False
    return any(number_of[color] != number for number, color in pairs if color in known)


def _propose(groups: _Sorted, name: str) -> Vocabulary | None:
    numbered = groups.numbers + groups.grey_colors
    if numbered:
        numbers: set[int] = set()
        colors: dict[int, Color] = {}
        for mask in numbered:
            values = mask.counts.values & 255 if mask.storage == "colors" else mask.counts.values
            numbers.update(values.tolist())
            if mask.palette_codes is not None:
                for number, code in zip(values.tolist(), mask.palette_codes.tolist(), strict=True):
                    color = color_of_code(code)
                    if color is not None:
                        colors.setdefault(number, color)
        return propose_from_ids(numbers, name=name, colors=colors)
    if groups.colors:
        colors_seen = _frequent_colors(groups.colors)
        built_in = built_in_with_colors(colors_seen)
        if built_in is not None:
            return Vocabulary.built_in(built_in)
        return propose_from_colors(colors_seen, name=name)
    return propose_binary(name=name) if groups.binary else None


def _frequent_colors(masks: Iterable[MaskFile]) -> list[Color]:
    """Colours of more than a rare share of the pixels, the most frequent first."""
    pixels: Counter[int] = Counter()
    for mask in masks:
        pixels.update(
            dict(zip(mask.counts.values.tolist(), mask.counts.pixels.tolist(), strict=True))
        )
    least = _RARE * pixels.total()
    colors = (color_of_code(code) for code, count in pixels.most_common() if count >= least)
    return [color for color in colors if color is not None]


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
    groups: _Sorted, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
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
        f"{_files(groups.binary)} of 0 and 255 only: black and white masks, where 255 "
        f"would be read as unlabeled. Convert them, naming the classes that 0 and 255 stand for.",
        _notes(groups.binary),
        _convert(groups.binary, argument, surveys, f"--binary {shlex.join(two)}"),
    )


def _colors(
    groups: _Sorted, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if not groups.colors:
        return
    own = _codes_of(vocabulary)
    most = max(_SMOOTHED, len(own))
    smoothed = [mask for mask in groups.colors if len(mask.counts.values) > most]
    frequent = _frequent_colors(groups.colors)
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
        f"{_files(groups.colors)} in colours (RGB or RGBA); one number a pixel is "
        f"expected. Convert them, then put the new folder in the place of the old one.{says}",
        tuple(
            FileNote(
                str(mask.path),
                f"{mask.mode}, {_color_count(mask)}, of which {_num_known(mask, own)} are classes'",
            )
            for mask in groups.colors
        ),
        _convert(groups.colors, argument, surveys, option),
    )


def _grey_colors(
    groups: _Sorted, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if groups.grey_colors:
        yield Finding(
            "ids-in-color-channels",
            "error",
            f"{_files(groups.grey_colors)} that are colour pictures with equal channels: "
            f"ids that were saved as RGB. Convert them, taking the grey values as ids.",
            tuple(
                FileNote(str(mask.path), f"{mask.mode}, greys {_some(mask.counts.values & 255)}")
                for mask in groups.grey_colors
            ),
            _convert(groups.grey_colors, argument, surveys, "--from-ids"),
        )


def _palette_colors(
    groups: _Sorted, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
) -> Iterator[Finding]:
    if groups.palette_colors:
        yield Finding(
            "palette-by-color",
            "error",
            f"{_files(groups.palette_colors)} that are palette PNGs with the vocabulary's colours "
            f"at other numbers: the colours are right, the numbers are not ids. Convert them by "
            f"colour.",
            _notes(groups.palette_colors),
            _convert(groups.palette_colors, argument, surveys, ""),
        )


def _plain_palettes(
    groups: _Sorted, vocabulary: Vocabulary, argument: str, surveys: Sequence[PartSurvey]
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
            f"{_files(masks)} that are palette PNGs in colours of their own. Their numbers are "
            f"taken as ids, as in Pascal VOC, and nothing need be done; the command stores "
            f"them in the vocabulary's colours.",
            _notes(masks),
            _convert(masks, argument, surveys, "--from-palette"),
        )


def _lossy(
    groups: _Sorted, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
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
        _convert(groups.lossy, argument, surveys, "--tolerance 60") if in_color else (),
    )


def _floats(
    groups: _Sorted, vocabulary: Vocabulary | None, argument: str, surveys: Sequence[PartSurvey]
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
    masks: list[MaskFile], argument: str, surveys: Sequence[PartSurvey], option: str
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
            out = shlex.quote(f"{labels.folder}-ids")
            extra = f" {option}" if option else ""
            commands.append(
                f"sinopia data convert {sources} --vocabulary {argument} --out {out}{extra}"
            )
    return tuple(commands)


def _codes_of(vocabulary: Vocabulary | None) -> NDArray[np.int64]:
    if vocabulary is None:
        return np.empty(0, np.int64)
    return pack_colors(np.array([each.color for each in vocabulary.classes])).astype(np.int64)


def _is_grey(mask: MaskFile) -> bool:
    codes = mask.counts.values
    return bool(((codes >> 16 == codes & 255) & (codes >> 8 & 255 == codes & 255)).all())


def _is_nearly_grey(mask: MaskFile) -> bool:
    codes = mask.counts.values
    parts = np.stack([codes >> 16, codes >> 8 & 255, codes & 255])
    return bool((np.ptp(parts, axis=0) <= 8).all())


def _is_binary(values: NDArray[np.int64]) -> bool:
    return bool(np.isin(values, (0, UNLABELED)).all()) and UNLABELED in values


def _num_known(mask: MaskFile, own: NDArray[np.int64]) -> int:
    return int(np.isin(mask.counts.values, own).sum())


def _color_count(mask: MaskFile) -> str:
    count = len(mask.counts.values)
    return f"more than {count} colours" if count >= MAX_COLORS else f"{count} colours"


def _files(masks: Sequence[MaskFile]) -> str:
    return f"{len(masks)} label map{'' if len(masks) == 1 else 's'}"


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
