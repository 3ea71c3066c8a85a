"""What a picture depends on, as a value that travels inside the picture."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sinopia import config
from sinopia.errors import ConfigError, FileFormatError, RequestError
from sinopia.scene.image import MAX_PIXELS, ImageArray, png_text, read_png_text, write_image
from sinopia.zoo.styles import decode_style_code

__all__ = [
    "MAX_EMBEDDED_CHARACTERS",
    "REQUEST_KEY",
    "Precision",
    "RecordedMap",
    "SynthesisRequest",
    "encode_picture",
    "parse_request",
    "read_request",
    "write_picture",
]

Precision = Literal["fp32", "bf16"]

REQUEST_KEY = "sinopia-request"
"""PNG text chunk that holds the request of a picture that we wrote."""

MAX_EMBEDDED_CHARACTERS = 256 * 1024
"""A map whose compressed form is longer is recorded by its hash alone."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RecordedMap:
    """A label map or instance map as a request carries it: its hash, and the map itself if small.

    Raises:
        ConfigError: for a size or hash that cannot be one.
    """

    size_hw: tuple[int, int]
    sha256: str
    """Of the values in row-major order, as the smallest of uint8, uint16 and int64
    (little-endian) that holds them all."""
    png_base64: str | None
    """A greyscale PNG of the values; none when it is too long or values exceed 65535."""

    def __post_init__(self) -> None:
        _check_sha256("sha256", self.sha256)
        height, width = self.size_hw
        if min(self.size_hw) < 1 or height * width > MAX_PIXELS:
            raise ConfigError(
                f"size_hw: {height}x{width} is no size of a map of up to {MAX_PIXELS:,} pixels."
            )

    @classmethod
    def of(cls, ids: NDArray[Any]) -> RecordedMap:
        """Record (H, W) integers."""
        values = _narrowed(ids)
        text = None
        if values.dtype.itemsize <= 2:
            buffer = io.BytesIO()
            Image.fromarray(values).save(buffer, format="PNG", compress_level=9)
            text = base64.b64encode(buffer.getvalue()).decode("ascii")
            if len(text) > MAX_EMBEDDED_CHARACTERS:
                text = None
        return cls((values.shape[0], values.shape[1]), _hash_of(values), text)

    def restore(self) -> NDArray[Any]:
        """The map again, (H, W) uint8 or uint16.

        Raises:
            RequestError: when the request holds the hash alone, or the embedded map is damaged.
        """
        if self.png_base64 is None:
            raise RequestError(
                f"the request names its {self.size_hw[0]}x{self.size_hw[1]} map by its hash "
                f"{self.sha256[:12]}... alone: it was too large to be embedded. Give the map file."
            )
        try:
            content = base64.b64decode(self.png_base64, validate=True)
            with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
                if (image.height, image.width) != self.size_hw:
                    raise RequestError(f"{_DAMAGED} its size is not the one declared.")
                values = np.asarray(image)
        except _BROKEN as error:
            raise RequestError(f"{_DAMAGED} {error}.") from None
        if values.ndim != 2 or _hash_of(_narrowed(values)) != self.sha256:
            raise RequestError(f"{_DAMAGED} it does not have the declared hash.")
        return values


_BROKEN = (
    binascii.Error,
    OSError,
    SyntaxError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What base64 and Pillow raise for broken data."""

_DAMAGED = "the map embedded in the request is damaged:"


@dataclass(frozen=True)
class SynthesisRequest:
    """Everything that a picture depends on: equal requests, equal pictures.

    The style is drawn from `seed`, or is `style_code`, or neither for a model without style.

    Raises:
        ConfigError: for values that contradict each other or cannot be.
    """

    model: str
    """Name of the model, for people; the hash is what counts."""
    weights_sha256: str
    """SHA-256 of the model's weight file."""
    vocabulary: str
    """Name of the model's vocabulary."""
    label_map: RecordedMap
    """The map as it was given."""
    size_hw: tuple[int, int]
    """Height and width of the picture; the maps are resized to it by nearest neighbour."""
    instance_map: RecordedMap | None = None
    """For a model that was trained with instance edges."""
    seed: int | None = None
    """Seed of the random style code."""
    style_code: str | None = None
    """The style code, little-endian float32 in base64."""
    style_photo_sha256: str | None = None
    """Hash of the pixels of the photo that the style code was made from."""
    precision: Precision = "fp32"
    """The numbers that the network computes with."""
    version: Literal[1] = 1
    """Raised when an older sinopia could misread a newer request."""

    def __post_init__(self) -> None:
        _check_sha256("weights_sha256", self.weights_sha256)
        if self.seed is not None and self.style_code is not None:
            raise ConfigError("a request has a seed or a style code, not both.")
        if self.style_photo_sha256 is not None:
            _check_sha256("style_photo_sha256", self.style_photo_sha256)
            if self.style_code is None:
                raise ConfigError("style_photo_sha256: the style code of the photo is missing.")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return config.to_json(self)

    @classmethod
    def from_json(cls, data: Any, *, where: str = "request") -> SynthesisRequest:
        """Build from the values that `to_json` gives.

        Raises:
            ConfigError: for an unknown or missing key, or a value that cannot be.
        """
        return config.from_json(cls, data, where=where)

    def to_text(self) -> str:
        """The request as one line of JSON."""
        return json.dumps(self.to_json(), separators=(",", ":"), allow_nan=False)

    def style_values(self) -> NDArray[np.float32] | None:
        """The style code, (D,) float32, if there is one.

        Raises:
            RequestError: when it is damaged.
        """
        if self.style_code is None:
            return None
        return decode_style_code(self.style_code, None, where="the style code of the request")


def hash_pixels(image: ImageArray) -> str:
    """SHA-256 of the pixels of a picture (H, W, 3) uint8, in hexadecimal."""
    return _hash_of(image)


def write_picture(path: str | Path, image: ImageArray, request: SynthesisRequest) -> None:
    """Write a picture (H, W, 3) uint8 as a PNG file that carries its request.

    Raises:
        FileFormatError: when the path does not end in .png; other formats carry no request.
        OSError: when the place cannot be written; nothing is left behind.
    """
    if Path(path).suffix.lower() != ".png":
        raise FileFormatError(
            f"cannot write {path}: the name must end in .png, which carries the request."
        )
    write_image(path, image, text={REQUEST_KEY: request.to_text()})


def encode_picture(image: ImageArray, request: SynthesisRequest) -> bytes:
    """The PNG file that `write_picture` writes, as bytes."""
    buffer = io.BytesIO()
    text = png_text({REQUEST_KEY: request.to_text()})
    Image.fromarray(image).save(buffer, format="PNG", pnginfo=text)
    return buffer.getvalue()


def read_request(path: str | Path) -> SynthesisRequest:
    """The request that a picture was made from.

    Raises:
        FileFormatError: when the file is no PNG, is damaged, or carries no request.
        ConfigError: when the request has unknown or missing fields.
    """
    return parse_request(read_png_text(path), where=str(path))


def parse_request(text: Mapping[str, str], *, where: str) -> SynthesisRequest:
    """The request in the text chunks of a PNG file; `where` opens the messages.

    Raises:
        FileFormatError: when there is none.
        ConfigError: when the request has unknown or missing fields.
    """
    if REQUEST_KEY not in text:
        raise FileFormatError(
            f"{where} carries no request. Pictures that sinopia writes do, until another program "
            f"saves them again."
        )
    try:
        data = json.loads(text[REQUEST_KEY])
    except (json.JSONDecodeError, RecursionError) as error:
        raise FileFormatError(f"{where}: its request is not JSON: {error}.") from None
    return SynthesisRequest.from_json(data, where=f"{where}: request")


def _narrowed(ids: NDArray[Any]) -> NDArray[Any]:
    lowest, highest = int(ids.min()), int(ids.max())
    if lowest < 0 or highest > 65535:
        return ids.astype("<i8")
    return ids.astype(np.uint8 if highest <= 255 else "<u2")


def _hash_of(values: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def _check_sha256(name: str, value: str) -> None:
    if not _SHA256.fullmatch(value):
        raise ConfigError(f"{name}: expected 64 hexadecimal digits, got {value[:80]!r}.")
