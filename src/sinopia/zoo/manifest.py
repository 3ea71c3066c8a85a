"""model.json and the header of weights.safetensors: what can be known of a model without torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sinopia import config as configs
from sinopia.errors import ConfigError, LabelError, ModelError
from sinopia.files import write_text
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.styles import NamedStyle, check_styles, encode_style_code

__all__ = [
    "CARD_FILE",
    "FORMAT_VERSION",
    "MANIFEST_FILE",
    "PREVIEW_FILE",
    "WEIGHTS_FILE",
    "Manifest",
    "ModelDescription",
    "TensorHeader",
    "WeightsEntry",
    "add_style",
    "describe_model",
    "read_manifest",
    "read_tensor_headers",
    "remove_style",
    "write_manifest",
]

FORMAT_VERSION = 1
"""Raised when an older sinopia could misread a newer folder."""

MANIFEST_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"
CARD_FILE = "README.md"
PREVIEW_FILE = "preview.jpg"

_MAX_MANIFEST_BYTES = 8 * 2**20
_MAX_HEADER_BYTES = 8 * 2**20
_BUFFERS = (".running_mean", ".running_var", ".num_batches_tracked")  # counted as no parameter


@dataclass(frozen=True)
class WeightsEntry:
    """What model.json says of the weight file, so that a damaged one is found out."""

    num_bytes: int
    sha256: str
    dtype: str
    """Type in which the parameters are stored: float32, float16 or bfloat16."""


@dataclass(frozen=True)
class Manifest:
    """The content of model.json; `config` and `vocabulary` are still plain JSON values."""

    format_version: int
    family: str
    config: Any
    """The config the model was trained with. The weights beside it hold spectral norm folded in,
    whatever the config says: they fit the networks of that config without spectral norm."""
    vocabulary: Any
    facts: Any
    """Free JSON: images_seen, data, licence, metrics ..."""
    weights: WeightsEntry
    styles: tuple[NamedStyle, ...] = ()
    """Styles that can be asked for by name."""


@dataclass(frozen=True)
class TensorHeader:
    """What the header of a safetensors file says of one tensor."""

    dtype: str
    """As the format names it: F32, BF16, I64 ..."""
    shape: tuple[int, ...]


@dataclass(frozen=True)
class ModelDescription:
    """A model folder at a glance."""

    folder: Path
    family: str
    config: dict[str, Any]
    vocabulary: Vocabulary
    facts: dict[str, Any]
    dtype: str
    num_parameters: int
    """Weights and biases of all networks, without running statistics."""
    num_bytes: int
    """Size of the weight file."""
    styles: tuple[NamedStyle, ...] = ()
    """Styles that can be asked for by name."""


def read_manifest(folder: str | Path) -> Manifest:
    """Read model.json of a model folder.

    Raises:
        ModelError: when it is missing, too large, not JSON, of a newer format, or lacks a field.
    """
    path = Path(folder) / MANIFEST_FILE
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            raise ModelError(
                f"{path} has {path.stat().st_size:,} bytes; up to {_MAX_MANIFEST_BYTES:,} are read."
            )
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(
            f"{folder} is not a model folder: it has no {MANIFEST_FILE}. A model folder holds "
            f"{MANIFEST_FILE} and {WEIGHTS_FILE}; `sinopia models import` makes one of a .pth file."
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {error}. Copy the model folder again.") from None
    if not isinstance(data, dict):
        raise ModelError(f"{path}: expected an object, got {type(data).__name__}.")
    version = cast("dict[str, Any]", data).get("format_version")
    if type(version) is not int or version < 1:
        raise ModelError(f"{path}: format_version is {version!r}; expected {FORMAT_VERSION}.")
    if version > FORMAT_VERSION:
        raise ModelError(
            f"{path} has format version {version}; this sinopia reads up to {FORMAT_VERSION}. "
            f"Upgrade it: pip install --upgrade sinopia."
        )
    try:
        manifest = configs.from_json(Manifest, data, where=str(path))
    except ConfigError as error:
        raise ModelError(str(error)) from None
    if manifest.styles:
        check_styles(manifest.styles, _style_dim(manifest, path), where=str(path))
    return manifest


def write_manifest(folder: str | Path, manifest: Manifest) -> None:
    """Write model.json of a model folder, whole or not at all.

    Raises:
        OSError: when it cannot be written; the older one stays.
    """
    text = json.dumps(configs.to_json(manifest), indent=1, allow_nan=False) + "\n"
    write_text(Path(folder) / MANIFEST_FILE, text)


def add_style(folder: str | Path, name: str, code: NDArray[np.float32]) -> None:
    """Name a style code (D,) of a model, in the place of an older one of that name.

    Raises:
        ModelError: when the name or the code does not fit the model.
        OSError: when model.json cannot be written; the older one stays.
    """
    manifest = read_manifest(folder)
    others = tuple(style for style in manifest.styles if style.name != name)
    styles = (*others, NamedStyle(name, encode_style_code(code)))
    check_styles(styles, _style_dim(manifest, Path(folder) / MANIFEST_FILE), where=str(folder))
    write_manifest(folder, replace(manifest, styles=styles))


def remove_style(folder: str | Path, name: str) -> None:
    """Take a named style out of a model.

    Raises:
        ModelError: when it has none of that name.
        OSError: when model.json cannot be written; the older one stays.
    """
    manifest = read_manifest(folder)
    others = tuple(style for style in manifest.styles if style.name != name)
    if len(others) == len(manifest.styles):
        names = ", ".join(style.name for style in others) or "none"
        raise ModelError(f"{folder} has no style {name!r}; it has {names}.")
    write_manifest(folder, replace(manifest, styles=others))


def read_tensor_headers(path: str | Path) -> dict[str, TensorHeader]:
    """Name, type and shape of every tensor of a safetensors file; reads only its header.

    Raises:
        ModelError: when the file is missing or is no whole safetensors file.
    """
    try:
        with open(path, "rb") as file:
            total = file.seek(0, 2)
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if total < 8 or length > min(total - 8, _MAX_HEADER_BYTES):
                raise ModelError(_damaged(path, f"a header of {length:,} bytes"))
            header = json.loads(file.read(length))
        headers: dict[str, TensorHeader] = {}
        end = 0
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            headers[name] = TensorHeader(str(entry["dtype"]), tuple(map(int, entry["shape"])))
            end = max(end, int(entry["data_offsets"][1]))
    except FileNotFoundError:
        raise ModelError(f"expected a file of weights at {path}, but there is none.") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(_damaged(path, f"an unreadable header: {error}")) from None
    if total != 8 + length + end:
        raise ModelError(_damaged(path, f"{total:,} bytes where {8 + length + end:,} belong"))
    return headers


def describe_model(folder: str | Path) -> ModelDescription:
    """What a model folder holds, from model.json and the header of the weights.

    Quick: the weights themselves are neither read nor verified.

    Raises:
        ModelError: when the folder is no model folder or a file of it is damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    headers = read_tensor_headers(folder / WEIGHTS_FILE)
    return ModelDescription(
        folder=folder,
        family=manifest.family,
        config=manifest_object(manifest.config, f"{folder / MANIFEST_FILE}: config"),
        vocabulary=manifest_vocabulary(manifest, folder),
        facts=manifest_object(manifest.facts, f"{folder / MANIFEST_FILE}: facts"),
        dtype=manifest.weights.dtype,
        num_parameters=sum(
            math.prod(header.shape)
            for name, header in headers.items()
            if not name.endswith(_BUFFERS)
        ),
        num_bytes=(folder / WEIGHTS_FILE).stat().st_size,
        styles=manifest.styles,
    )


def manifest_vocabulary(manifest: Manifest, folder: Path) -> Vocabulary:
    """The vocabulary of a manifest.

    Raises:
        ModelError: when it is none.
    """
    where = f"{folder / MANIFEST_FILE}: vocabulary"
    try:
        return Vocabulary.from_json(manifest.vocabulary, where=where)
    except (ConfigError, LabelError) as error:
        raise ModelError(str(error)) from None


def manifest_object(value: Any, where: str) -> dict[str, Any]:
    """A JSON object of a manifest.

    Raises:
        ModelError: when it is something else.
    """
    if not isinstance(value, dict):
        raise ModelError(f"{where}: expected an object, got {type(value).__name__}.")
    return cast("dict[str, Any]", value)


def _style_dim(manifest: Manifest, path: Path) -> int | None:
    """Length of the model's style codes, from a config that may be of any family."""
    style_dim = manifest_object(manifest.config, f"{path}: config").get("style_dim")
    return style_dim if isinstance(style_dim, int) else None


def _damaged(path: str | Path, what: str) -> str:
    return f"{path} is damaged or cut short: it has {what}. Copy or download it again."
