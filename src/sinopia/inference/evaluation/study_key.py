"""study_key.json: which picture of a blind study is of which model, and how they were made.

Nothing else knows; the page that people look at holds the id of the study alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from sinopia import config as configs
from sinopia.errors import ConfigError, FileFormatError
from sinopia.files import write_text
from sinopia.metrics.protocols import Protocol

__all__ = [
    "KEY_FILE",
    "Letter",
    "StudyData",
    "StudyKey",
    "StudyModel",
    "StudyTrial",
    "read_key",
    "read_limited_json",
    "seal_key",
    "write_key",
]

KEY_FILE = "study_key.json"

Letter = Literal["A", "B"]
"""The two models, in the order in which they were named."""

_MAX_KEY_BYTES = 16 * 2**20
_ID_LENGTH = 16
_WAY_OUT = "Take the file that `sinopia evaluate --study` wrote."

T = TypeVar("T")


@dataclass(frozen=True)
class StudyModel:
    """One of the two models."""

    name: str
    weights_sha256: str
    precision: str
    style: str
    """How the style of each picture was chosen."""


@dataclass(frozen=True)
class StudyData:
    """The maps that were painted."""

    name: str
    split: str
    """val, or all for a data set of one part."""
    vocabulary: str
    num_scenes: int
    """In that part of the data set."""
    num_maps: int
    """Of them painted."""
    sha256: str
    """Of keys, ids and photos, after they were brought to the protocol's size; results.json has the
    same for the same maps."""


@dataclass(frozen=True)
class StudyTrial:
    """One question of the page."""

    trial: int
    """From 1, as the page counts."""
    map: str
    """Key of the scene."""
    seed: int
    left: Letter
    """The model on the left; the other is on the right."""
    left_sha256: str
    """Of the JPEG file in the page."""
    right_sha256: str


@dataclass(frozen=True)
class StudyKey:
    """Everything about a study that its page must not tell."""

    study: str
    """Hash of all the rest, which votes must name."""
    protocol: Protocol
    picture_format: str
    """Of what people see; the protocol's says what metrics see."""
    size_hw: tuple[int, int]
    seed: int
    """Draws sides and order; the first of the style seeds."""
    seeds: tuple[int, ...]
    data: StudyData
    models: tuple[StudyModel, StudyModel]
    """A and B."""
    trials: tuple[StudyTrial, ...]
    """In the page's order."""
    warnings: tuple[str, ...]
    device: str
    versions: tuple[str, ...]
    format_version: int = 1


def seal_key(key: StudyKey) -> StudyKey:
    """The key with its own hash as the id of the study."""
    values = configs.to_json(dataclasses.replace(key, study=""))
    content = json.dumps(values, sort_keys=True, allow_nan=False)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return dataclasses.replace(key, study=digest[:_ID_LENGTH])


def write_key(folder: str | Path, key: StudyKey) -> Path:
    """Write study_key.json into a folder; returns its path.

    Raises:
        OSError: when the place cannot be written; nothing is left behind.
    """
    path = Path(folder) / KEY_FILE
    write_text(path, json.dumps(configs.to_json(key), indent=1, allow_nan=False) + "\n")
    return path


def read_key(folder: str | Path) -> StudyKey:
    """Read study_key.json of a folder.

    Raises:
        FileFormatError: when it is missing, no key of a study, or was changed since it was written.
    """
    path = Path(folder) / KEY_FILE
    if not path.is_file():
        raise FileFormatError(
            f"{folder} holds no study: expected {KEY_FILE} there, which `sinopia evaluate --study` "
            f"writes."
        )
    key = read_limited_json(StudyKey, path, max_bytes=_MAX_KEY_BYTES, way_out=_WAY_OUT)
    if key.format_version != 1:
        raise FileFormatError(
            f"{path} has format version {key.format_version}; this sinopia reads 1. Upgrade it: "
            f"pip install --upgrade sinopia."
        )
    if seal_key(key).study != key.study:
        raise FileFormatError(
            f"{path} was changed since it was written: its content no longer gives the id "
            f"{_one_line(repr(key.study))}. {_WAY_OUT}"
        )
    return key


def read_limited_json(kind: type[T], path: Path, *, max_bytes: int, way_out: str) -> T:
    """Read a JSON file that anybody may have written as a dataclass.

    `way_out` ends every message; messages are one line of bounded length, whatever the file holds.

    Raises:
        FileFormatError: when it is no ordinary file, too large, not JSON, or holds other fields or
            values than the dataclass.
    """
    if not path.is_file():
        raise FileFormatError(f"expected a JSON file, but {path} is none. {way_out}")
    with open(path, "rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise FileFormatError(
            f"expected a JSON file of up to {max_bytes:,} bytes, but {path} is larger. {way_out}"
        )
    try:
        return configs.from_json(kind, json.loads(content))
    except ConfigError as error:
        raise FileFormatError(f"{path}: {_one_line(str(error))} {way_out}") from None
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path} is not JSON: {_one_line(str(error))}. {way_out}") from None


def _one_line(text: str, limit: int = 300) -> str:
    """What may stand on a terminal: a hostile key could hold control characters, or a novel."""
    printable = "".join(each if each.isprintable() else "?" for each in text[: limit + 1])
    return printable if len(text) <= limit else f"{printable[:limit]} ..."
