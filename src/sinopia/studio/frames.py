"""Frames: a JSON header and raw bytes in one message, as the studio and its pages exchange them.

uint32, little-endian: length N of the header | N bytes of UTF-8 JSON, an object | payload
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sinopia.errors import ConfigError, FileFormatError

__all__ = [
    "FRAME_TYPE",
    "MAX_HEADER_BYTES",
    "decode_frame",
    "describe",
    "encode_frame",
    "parse_frame",
    "parse_json",
]

FRAME_TYPE = "application/x-sinopia-frame"
"""Media type of a frame in an HTTP body."""

MAX_HEADER_BYTES = 1 << 20

_LENGTH = struct.Struct("<I")
_SHOWN = 80

_Header = TypeVar("_Header", bound=BaseModel)


def encode_frame(header: Mapping[str, Any] | BaseModel, *parts: bytes | memoryview) -> bytes:
    """One frame of a header and the parts of its payload, one after another."""
    if isinstance(header, BaseModel):
        text = header.model_dump_json(by_alias=True).encode()
    else:
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    assert len(text) <= MAX_HEADER_BYTES, "headers are short"
    return b"".join((_LENGTH.pack(len(text)), text, *parts))


def decode_frame(content: bytes) -> tuple[bytes, memoryview]:
    """The header, still as JSON text, and the payload of a frame.

    Raises:
        FileFormatError: when the content is shorter than it says, or its header longer than 1 MiB.
    """
    if len(content) < _LENGTH.size:
        raise FileFormatError(
            f"expected a frame, which begins with the 4 bytes of its header's length; got "
            f"{len(content)} bytes."
        )
    (length,) = _LENGTH.unpack_from(content)
    if length > MAX_HEADER_BYTES:
        raise FileFormatError(
            f"the frame declares a header of {length:,} bytes; up to {MAX_HEADER_BYTES:,} are read."
        )
    end = _LENGTH.size + length
    if len(content) < end:
        raise FileFormatError(
            f"the frame is cut short: its header ends at byte {end:,}, but there are "
            f"{len(content):,}. Send it again."
        )
    return content[_LENGTH.size : end], memoryview(content)[end:]


def parse_frame(content: bytes, kind: type[_Header]) -> tuple[_Header, memoryview]:
    """The checked header and the payload of a frame.

    Raises:
        FileFormatError: as `decode_frame`.
        ConfigError: when the header does not fit `kind`.
    """
    text, payload = decode_frame(content)
    return parse_json(text, kind, where="frame header"), payload


def parse_json(text: bytes, kind: type[_Header], *, where: str) -> _Header:
    """Strictly checked JSON.

    Raises:
        ConfigError: when it is no JSON, or does not fit `kind`; `where` opens the message.
    """
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ConfigError(f"{where}: {describe(error)}") from None


def describe(error: ValidationError) -> str:
    """What does not fit, in one sentence."""
    errors = error.errors(include_url=False, include_context=False)
    # Of the kinds that a value could have been, the one with a wrong value was meant.
    first = min(errors, key=lambda each: each["type"] in ("missing", "extra_forbidden"))
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"][0].lower() + first["msg"][1:]
    got = "" if first["type"] in ("missing", "json_invalid") else _shown(first.get("input"))
    return f"{place + ': ' if place else ''}{message}{got}."


def _shown(value: Any) -> str:
    text = repr(value)
    return f", got {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}"
