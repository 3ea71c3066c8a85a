"""Vocabularies made or changed by rule: proposed for masks that have none, renumbered, written."""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sinopia.data.masks import Color
from sinopia.errors import ConfigError
from sinopia.files import write_text
from sinopia.scene.vocabulary import MAX_CLASSES, UNLABELED, SemanticClass, Vocabulary

__all__ = [
    "built_in_with_colors",
    "propose_binary",
    "propose_from_colors",
    "propose_from_ids",
    "shifted_vocabulary",
    "write_vocabulary",
]

_BLACK = (0, 0, 0)


def propose_from_ids(
    source_ids: Iterable[int], *, name: str, colors: Mapping[int, Color] | None = None
) -> Vocabulary | None:
    """A class for each number but 255, in the given colours where all differ; None if too many."""
    numbers = sorted(set(source_ids) - {UNLABELED})
    if not 1 <= len(numbers) <= MAX_CLASSES or numbers[0] < 0 or numbers[-1] > 65535:
        return None
    wanted = colors or {}
    own = [wanted.get(number) for number in numbers]
    if None in own or len(set(own)) < len(own):
        own = _distinct_colors(len(numbers))
    return Vocabulary(
        name,
        tuple(
            SemanticClass(f"class {number}", color, number)
            for number, color in zip(numbers, own, strict=True)
            if color is not None
        ),
    )


def propose_from_colors(colors: Iterable[Color], *, name: str) -> Vocabulary | None:
    """A class for each colour, numbered in the given order; None if none or too many."""
    kept = list(dict.fromkeys(colors))
    if not 1 <= len(kept) <= MAX_CLASSES:
        return None
    return Vocabulary(
        name,
        tuple(
            SemanticClass("color {:02x}{:02x}{:02x}".format(*color), color, number)
            for number, color in enumerate(kept)
        ),
    )


def propose_binary(*, name: str) -> Vocabulary:
    """Two classes for 0/255 masks, once these are converted."""
    return Vocabulary(
        name,
        (
            SemanticClass("background", (70, 90, 110), 0),
            SemanticClass("foreground", (240, 180, 60), 1, is_thing=True),
        ),
    )


def built_in_with_colors(colors: Iterable[Color]) -> str | None:
    """Name of the smallest built-in vocabulary that has all colours but black, two at least."""
    wanted = set(colors) - {_BLACK}
    if len(wanted) < 2:
        return None
    vocabularies = sorted(map(Vocabulary.built_in, Vocabulary.built_in_names()), key=len)
    for vocabulary in vocabularies:
        if wanted <= {each.color for each in vocabulary.classes}:
            return vocabulary.name
    return None


def shifted_vocabulary(vocabulary: Vocabulary, shift: int) -> Vocabulary:
    """The same classes for files whose numbers are all larger by `shift`.

    Numbers below the first class that have become free mean unlabeled.

    Raises:
        LabelError: when a number leaves 0..65535.
    """
    lowest = min(each.source_id for each in vocabulary.classes)
    unlabeled = {each + shift for each in vocabulary.unlabeled_source_ids}
    unlabeled |= set(range(lowest, lowest + shift))
    return replace(
        vocabulary,
        classes=tuple(
            replace(each, source_id=each.source_id + shift) for each in vocabulary.classes
        ),
        unlabeled_source_ids=tuple(sorted(unlabeled)),
    )


def write_vocabulary(path: str | Path, vocabulary: Vocabulary) -> None:
    """Write a new vocabulary.json, a line for each class.

    Raises:
        ConfigError: when there is such a file already: names typed by hand are not overwritten.
        OSError: when the place cannot be written.
    """
    if Path(path).exists():
        raise ConfigError(
            f"{path} exists already and is not overwritten. Remove it, or choose another name."
        )
    values = vocabulary.to_json()
    classes = ",\n".join(f"    {json.dumps(each)}" for each in values["classes"])
    write_text(
        path,
        f'{{\n  "name": {json.dumps(vocabulary.name)},\n'
        f'  "unlabeled_source_ids": {json.dumps(values["unlabeled_source_ids"])},\n'
        f'  "classes": [\n{classes}\n  ]\n}}\n',
    )


def _distinct_colors(count: int) -> list[Color | None]:
    """Colours that neighbours in number tell apart: hues by the golden section, in three tones."""
    colors: list[Color | None] = []
    for index in range(count):
        saturation, value = ((0.65, 0.9), (0.85, 0.65), (0.4, 0.75))[index % 3]
        red, green, blue = colorsys.hsv_to_rgb(index * 0.618034 % 1, saturation, value)
        color = (round(red * 255), round(green * 255), round(blue * 255))
        while color in colors:
            color = ((color[0] + 1) % 256, color[1], color[2])
        colors.append(color)
    return colors
