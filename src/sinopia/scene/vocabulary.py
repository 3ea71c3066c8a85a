"""The classes that a label map may hold: names, colours, and the numbers that files give them.

Everything that turns one numbering into another happens here; no other module does arithmetic
with labels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinopia import config
from sinopia.errors import FileFormatError, LabelError

__all__ = ["MAX_CLASSES", "UNLABELED", "SemanticClass", "Vocabulary"]

UNLABELED = 255
"""The id of a pixel that belongs to no class, in every vocabulary."""

MAX_CLASSES = 255
"""Ids are bytes and 255 is taken."""

UNLABELED_COLOR = (0, 0, 0)
_NO_CLASS = -1


@dataclass(frozen=True, slots=True)
class SemanticClass:
    """One class of a vocabulary."""

    name: str
    """Lower-case English, unique within the vocabulary."""
    color: tuple[int, int, int]
    """RGB in 0..255, unique within the vocabulary, for display and for colour masks."""
    source_id: int
    """The number that the data set's own files use, 0..65535."""
    is_thing: bool = False
    """Countable (a car), not amorphous (the sky)."""


@dataclass(frozen=True)
class Vocabulary:
    """An ordered list of classes; the id of a class is its position.

    Raises:
        LabelError: for no class, more than 255, or names, colours or source ids that repeat.
    """

    name: str
    classes: tuple[SemanticClass, ...]
    unlabeled_source_ids: tuple[int, ...] = field(default=())
    """Numbers in the data set's files, besides 255, that mean "no class"."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.classes) <= MAX_CLASSES:
            raise LabelError(
                f"vocabulary {self.name!r} has {len(self.classes)} classes; 1 to {MAX_CLASSES} "
                f"can be numbered."
            )
        for what in ("name", "color", "source_id"):
            seen: dict[Any, str] = {}
            for each in self.classes:
                value = getattr(each, what)
                if value in seen:
                    raise LabelError(
                        f"vocabulary {self.name!r}: classes {seen[value]!r} and {each.name!r} "
                        f"share the {what} {value!r}; each class needs its own."
                    )
                seen[value] = each.name
        for each in self.classes:
            if not all(0 <= part <= 255 for part in each.color):
                raise LabelError(
                    f"vocabulary {self.name!r}: colour {each.color} of {each.name!r} is not three "
                    f"values in 0..255."
                )
            if not 0 <= each.source_id <= 65535 or each.source_id in self.unlabeled_source_ids:
                raise LabelError(
                    f"vocabulary {self.name!r}: source id {each.source_id} of {each.name!r} is "
                    f"outside 0..65535 or listed as unlabeled."
                )
        for source_id in self.unlabeled_source_ids:
            if not 0 <= source_id <= 65535:
                raise LabelError(
                    f"vocabulary {self.name!r}: unlabeled source id {source_id} is outside "
                    f"0..65535."
                )

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of their ids."""
        return tuple(each.name for each in self.classes)

    def id_of(self, name: str) -> int:
        """The id of the class of that name.

        Raises:
            LabelError: when there is none.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise LabelError(
                f"vocabulary {self.name!r} has no class {name!r}. "
                f"Its classes: {', '.join(self.names)}."
            ) from None

    def name_of(self, class_id: int) -> str:
        """The name of a class id; "unlabeled" for 255."""
        return "unlabeled" if class_id == UNLABELED else self.classes[class_id].name

    @cached_property
    def palette(self) -> NDArray[np.uint8]:
        """Colours by id, (256, 3) uint8; ids without a class, 255 among them, are black."""
        palette = np.tile(np.array(UNLABELED_COLOR, np.uint8), (256, 1))
        for class_id, each in enumerate(self.classes):
            palette[class_id] = each.color
        return palette

    @cached_property
    def _id_of_source(self) -> NDArray[np.int32]:
        table = np.full(65536, _NO_CLASS, np.int32)
        table[[UNLABELED, *self.unlabeled_source_ids]] = UNLABELED
        for class_id, each in enumerate(self.classes):
            table[each.source_id] = class_id
        return table

    def ids_from_source(
        self, source_ids: NDArray[Any]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Class ids of an array of the data set's own numbers, and where these are in no class.

        Takes integers of any shape; returns uint8 ids (255 also where the number is unknown) and
        a mask of the unknown ones, both of that shape.
        """
        inside = (source_ids >= 0) & (source_ids < len(self._id_of_source))
        ids = self._id_of_source[np.where(inside, source_ids, 0)]
        unknown = ~inside | (ids == _NO_CLASS)
        return np.where(unknown, UNLABELED, ids).astype(np.uint8), unknown

    def source_from_ids(self, ids: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """The data set's own numbers of class ids, uint16.

        Unlabeled becomes the first of `unlabeled_source_ids`, or 255 when there is none.
        """
        table = np.full(
            256, self.unlabeled_source_ids[0] if self.unlabeled_source_ids else UNLABELED, np.uint16
        )
        table[: len(self)] = [each.source_id for each in self.classes]
        return table[ids]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as in a `vocabulary.json`."""
        return config.to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str = "vocabulary") -> Vocabulary:
        """Build from the values of a `vocabulary.json`.

        Raises:
            ConfigError: for unknown or missing keys.
            LabelError: for classes that repeat or do not fit.
        """
        return config.from_json(cls, data, where=where)

    @classmethod
    def read(cls, path: str | Path) -> Vocabulary:
        """Read a `vocabulary.json`.

        Raises:
            FileFormatError: when the file is missing or not JSON.
            ConfigError, LabelError: as `from_json`.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise FileFormatError(
                f"no vocabulary at {path}. It is a JSON file of a name and classes; see "
                f"`sinopia data --help`."
            ) from None
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise FileFormatError(f"{path} is not JSON: {error}.") from None
        return cls.from_json(data, where=str(path))

    @classmethod
    def built_in(cls, name: str) -> Vocabulary:
        """A vocabulary that comes with sinopia, by name.

        Raises:
            LabelError: when there is none of that name; the message lists all.
        """
        names = cls.built_in_names()
        if name not in names:
            raise LabelError(
                f"no built-in vocabulary {name!r}. There are {', '.join(names)}; a file of "
                f"your own also works."
            )
        text = (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
        return cls.from_json(json.loads(text), where=name)

    @classmethod
    def built_in_names(cls) -> tuple[str, ...]:
        """Names of the vocabularies that come with sinopia."""
        files = (entry.name for entry in _FOLDER.iterdir())
        return tuple(sorted(name.removesuffix(".json") for name in files if name.endswith(".json")))

    @classmethod
    def find(cls, name_or_path: str | Path) -> Vocabulary:
        """A built-in vocabulary by name, or one read from a path that ends in .json."""
        if str(name_or_path).endswith(".json"):
            return cls.read(name_or_path)
        return cls.built_in(str(name_or_path))


_FOLDER = resources.files("sinopia.scene") / "vocabularies"
