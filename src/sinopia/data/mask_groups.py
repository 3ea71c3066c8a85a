"""Label maps sorted by what they store, and the vocabulary that can be made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sinopia.data.masks import Color, MaskFile, color_of_code, pack_colors
from sinopia.data.proposals import (
    built_in_with_colors,
    propose_binary,
    propose_from_colors,
    propose_from_ids,
)
from sinopia.scene.vocabulary import UNLABELED, Vocabulary

__all__ = ["MaskGroups", "class_codes", "frequent_colors", "propose_vocabulary"]

_BLACK = (0, 0, 0)
_OWN_PALETTE = 0.75
"""Palette files are colour masks when the vocabulary has this part of the colours they use."""
_RARE = 1e-4
"""Colours of a smaller share are edges, not classes, when a vocabulary is proposed."""


@dataclass(eq=False)
class MaskGroups:
    """Label maps by what must be done with them."""

    numbers: list[MaskFile] = field(default_factory=list)
    """Whose numbers are taken as ids."""
    binary: list[MaskFile] = field(default_factory=list)
    colors: list[MaskFile] = field(default_factory=list)
    grey_colors: list[MaskFile] = field(default_factory=list)
    """Several channels, all equal: numbers in a colour picture."""
    palette_colors: list[MaskFile] = field(default_factory=list)
    """Palette files whose colours, not numbers, name the classes."""
    lossy: list[MaskFile] = field(default_factory=list)
    floats: list[MaskFile] = field(default_factory=list)

    @classmethod
    def of(cls, masks: Sequence[MaskFile], vocabulary: Vocabulary | None) -> MaskGroups:
        """Sort the label maps of a whole data set: what one means may show in the others."""
        groups = cls()
        has_class_255 = vocabulary is not None and any(
            each.source_id == UNLABELED for each in vocabulary.classes
        )
        for mask in masks:
            match mask.storage:
                case "lossy":
                    groups.lossy.append(mask)
                case "floats":
                    groups.floats.append(mask)
                case "colors":
                    groups.colors.append(mask)
                case "bits" if not has_class_255:
                    groups.binary.append(mask)
                case _:
                    groups.numbers.append(mask)
        groups._sort_colors(vocabulary)
        groups._sort_palettes(vocabulary)
        held = [set(mask.counts.values.tolist()) for mask in groups.numbers]
        is_binary = {0, UNLABELED} in held and all(each <= {0, UNLABELED} for each in held)
        if is_binary and not has_class_255:
            groups.binary += groups.numbers
            groups.numbers = []
        return groups

    def _sort_colors(self, vocabulary: Vocabulary | None) -> None:
        """Grey pictures hold numbers, unless there are others in colour or greys are classes."""
        own = class_codes(vocabulary)
        if all(_is_grey(mask) for mask in self.colors) and not all(
            np.isin(mask.counts.values, own).all() for mask in self.colors
        ):
            for mask in self.colors:
                held = set((mask.counts.values & 255).tolist())
                is_binary = UNLABELED in held and held <= {0, UNLABELED}
                (self.binary if is_binary else self.grey_colors).append(mask)
            self.colors = []

    def _sort_palettes(self, vocabulary: Vocabulary | None) -> None:
        if _palettes_are_colors(self.numbers, vocabulary):
            self.palette_colors = [mask for mask in self.numbers if mask.storage == "palette"]
            self.numbers = [mask for mask in self.numbers if mask.storage != "palette"]


def _palettes_are_colors(masks: Sequence[MaskFile], vocabulary: Vocabulary | None) -> bool:
    """Whether palette files mean their colours: the classes' colours, at other numbers.

    Without a vocabulary: whether one number has different colours in different files.
    """
    pairs = {
        (number, color)
        for mask in masks
        for number, color in _palette_pairs(mask)
        if color not in (None, _BLACK)
    }
    colors = {color for _, color in pairs}
    if vocabulary is None:
        return len({number for number, _ in pairs}) < len(pairs)
    number_of = {each.color: each.source_id for each in vocabulary.classes}
    known = colors & number_of.keys()
    if not colors or len(known) < _OWN_PALETTE * len(colors):
        return False
    return any(number_of[color] != number for number, color in pairs if color in known)


def propose_vocabulary(groups: MaskGroups, name: str) -> Vocabulary | None:
    """A vocabulary made from numbers, else from colours, else for 0/255 masks; None without any.

    A built-in one where that has all the colours.
    """
    numbered = groups.numbers + groups.grey_colors
    if numbered:
        numbers: set[int] = set()
        colors: dict[int, Color] = {}
        for mask in numbered:
            values = mask.counts.values & 255 if mask.storage == "colors" else mask.counts.values
            numbers.update(values.tolist())
            for number, color in _palette_pairs(mask):
                if color is not None:
                    colors.setdefault(number, color)
        return propose_from_ids(numbers, name=name, colors=colors)
    seen = frequent_colors(groups.colors + groups.palette_colors)
    if seen:
        built_in = built_in_with_colors(seen)
        if built_in is not None:
            return Vocabulary.built_in(built_in)
        return propose_from_colors(seen, name=name)
    return propose_binary(name=name) if groups.binary else None


def frequent_colors(masks: Iterable[MaskFile]) -> list[Color]:
    """Colours of more than a rare share of the pixels, the most frequent first."""
    pixels: Counter[int] = Counter()
    for mask in masks:
        codes = mask.counts.values if mask.palette_codes is None else mask.palette_codes
        for code, count in zip(codes.tolist(), mask.counts.pixels.tolist(), strict=True):
            pixels[code] += count
    least = _RARE * pixels.total()
    colors = (color_of_code(code) for code, count in pixels.most_common() if count >= least)
    return [color for color in colors if color is not None]


def class_codes(vocabulary: Vocabulary | None) -> NDArray[np.int64]:
    """Colour codes of the classes, (K,)."""
    if vocabulary is None:
        return np.empty(0, np.int64)
    return pack_colors(np.array([each.color for each in vocabulary.classes])).astype(np.int64)


def _palette_pairs(mask: MaskFile) -> list[tuple[int, Color | None]]:
    """The numbers that a palette file uses, with their colours; empty for other files."""
    if mask.palette_codes is None:
        return []
    colors = map(color_of_code, mask.palette_codes.tolist())
    return list(zip(mask.counts.values.tolist(), colors, strict=True))


def _is_grey(mask: MaskFile) -> bool:
    codes = mask.counts.values
    return bool(((codes >> 16 == codes & 255) & (codes >> 8 & 255 == codes & 255)).all())
