"""Declared palettes: which colour stands for which class, read from the files that tools write."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sinopia.data.masks import Color, color_name
from sinopia.errors import FileFormatError, LabelError
from sinopia.scene.vocabulary import UNLABELED, Vocabulary

__all__ = ["UNLABELED_NAME", "binary_palette", "read_palette", "vocabulary_palette"]

UNLABELED_NAME = "unlabeled"
"""In a palette, the name of pixels of no class."""

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_NUMBERS_FIRST = re.compile(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(\S.*)")  # 64 128 64  road
_NAME_FIRST = re.compile(r"([^:,]+)[:,]\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?::.*)?")  # road:1,2,3::
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


def vocabulary_palette(vocabulary: Vocabulary) -> dict[Color, int]:
    """Class id of each colour of a vocabulary; black is unlabeled, unless a class has it."""
    palette = {_BLACK: UNLABELED}
    palette |= {each.color: class_id for class_id, each in enumerate(vocabulary.classes)}
    return palette


def binary_palette(vocabulary: Vocabulary, background: str, foreground: str) -> dict[Color, int]:
    """Class ids of black and white, for 0/255 masks.

    Raises:
        LabelError: when the vocabulary has no class of a name.
    """
    return _with_ids([(_BLACK, background), (_WHITE, foreground)], vocabulary, where="binary masks")


def read_palette(path: str | Path, vocabulary: Vocabulary) -> dict[Color, int]:
    """Class id of each colour that a file declares; several colours may have one class.

    A file that ends in .json holds an object of names and colours, `{"road": [128, 64, 128]}` or
    `{"road": "#804080"}`, or lists of such colours. Any other is text with a line for each colour:
    `R G B name`, `name,R,G,B`, or `name:R,G,B::` as in CVAT's labelmap.txt; `#` opens a comment.
    The name "unlabeled" stands for no class.

    Raises:
        FileFormatError: when the file is missing or a line cannot be read.
        LabelError: when the vocabulary has no class of a name, or a colour has two names.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileFormatError(
            f"no palette at {path}. It is a text file of lines `R G B name`."
        ) from None
    except UnicodeDecodeError as error:
        raise FileFormatError(f"palette {path} is not UTF-8 text: {error}.") from None
    entries = list(_json_entries(text, path) if path.suffix == ".json" else _lines(text, path))
    if not entries:
        raise FileFormatError(
            f"palette {path} declares no colour; expected lines such as `128 64 128 road`."
        )
    return _with_ids(entries, vocabulary, where=f"palette {path}")


def _lines(text: str, path: Path) -> Iterator[tuple[Color, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if match := _NUMBERS_FIRST.fullmatch(line):
            *parts, name = match.groups()
        elif match := _NAME_FIRST.fullmatch(line):
            name, *parts = match.groups()
        elif number == 1 and re.fullmatch(r"name\W+r\W+g\W+b", line.lower()):
            continue
        else:
            raise FileFormatError(
                f"palette {path}, line {number}: expected `R G B name`, `name,R,G,B` or "
                f"`name:R,G,B::`, got {line!r}."
            )
        yield _color([int(part) for part in parts], f"palette {path}, line {number}"), name.strip()


def _json_entries(text: str, path: Path) -> Iterator[tuple[Color, str]]:
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileFormatError(f"palette {path} is not JSON: {error}.") from None
    if not isinstance(data, Mapping):
        raise FileFormatError(
            f'palette {path}: expected an object such as {{"road": [128, 64, 128]}}, got '
            f"{type(data).__name__}."
        )
    for name, value in data.items():
        several = isinstance(value, list) and bool(value) and isinstance(value[0], (list, str))
        for each in value if several else [value]:
            yield _color(each, f"palette {path}, {name!r}"), name


def _color(value: Any, where: str) -> Color:
    if isinstance(value, str) and (match := _HEX.fullmatch(value)):
        value = list(bytes.fromhex(match[1]))
    if (
        isinstance(value, list)
        and len(value) == 3
        and all(type(part) is int and 0 <= part <= 255 for part in value)
    ):
        return (value[0], value[1], value[2])
    raise FileFormatError(f"{where}: expected three values in 0..255 or #rrggbb, got {value!r}.")


def _with_ids(
    entries: list[tuple[Color, str]], vocabulary: Vocabulary, *, where: str
) -> dict[Color, int]:
    ids = {UNLABELED_NAME: UNLABELED}  # a class of that name goes first
    ids |= {name: class_id for class_id, name in enumerate(vocabulary.names)}
    unknown = list(dict.fromkeys(name for _, name in entries if name not in ids))
    if unknown:
        close = {
            name: found[0] for name in unknown if (found := difflib.get_close_matches(name, ids))
        }
        guess = "".join(f" {name!r}: did you mean {near!r}?" for name, near in close.items())
        raise LabelError(
            f"{where}: vocabulary {vocabulary.name!r} has no class "
            f"{', '.join(map(repr, unknown))}.{guess} Its classes: {', '.join(vocabulary.names)}; "
            f"use 'unlabeled' for pixels of no class."
        )
    palette: dict[Color, int] = {}
    for color, name in entries:
        if palette.setdefault(color, ids[name]) != ids[name]:
            first = next(name for name in ids if ids[name] == palette[color])
            raise LabelError(
                f"{where}: colour {color_name(color)} is declared for both {first!r} and {name!r}; "
                f"each colour needs one class."
            )
    return palette
