"""Style codes as text, and the styles that a model brings along by name, such as dusk."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import ModelError, RequestError

__all__ = ["NamedStyle", "check_styles", "decode_style_code", "encode_style_code"]

_MAX_NAME = 40


@dataclass(frozen=True)
class NamedStyle:
    """A style code that can be asked for by name."""

    name: str
    style_code: str
    """Little-endian float32 in base64."""


def encode_style_code(code: NDArray[np.float32]) -> str:
    """A style code (D,) as text: little-endian float32 in base64."""
    return base64.b64encode(code.astype("<f4").tobytes()).decode("ascii")


def decode_style_code(
    text: str, style_dim: int | None, *, where: str = "the style code"
) -> NDArray[np.float32]:
    """A style code, (D,) float32, from its text; without `style_dim`, of any length.

    Raises:
        RequestError: when it is damaged, of another length, or holds values that are not numbers.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise RequestError(f"{where} is not base64: {error}.") from None
    expected = len(content) // 4 * 4 if style_dim is None else 4 * style_dim
    if len(content) != expected:
        raise RequestError(
            f"{where}: expected {expected // 4} numbers of 4 bytes, got {len(content)} bytes. The "
            f"code may be of another model."
        )
    code = np.frombuffer(content, "<f4").astype(np.float32)
    if not np.isfinite(code).all():
        raise RequestError(f"{where} holds values that are not numbers.")
    return code


def check_styles(styles: Sequence[NamedStyle], style_dim: int | None, *, where: str) -> None:
    """Check the named styles of a model whose style codes have `style_dim` numbers.

    Raises:
        ModelError: for a name that can be no part of a file's name, is long or there twice, a
            damaged code, and styles of a model that has none.
    """
    names: set[str] = set()
    for name in (style.name for style in styles):
        is_clean = name.isprintable() and name == name.strip(" .") and 0 < len(name) <= _MAX_NAME
        if not is_clean or set(name) & set("/\\:") or name in names:
            raise ModelError(
                f"{where}: style name {name!r} is there twice, or is not of 1 to {_MAX_NAME} "
                f"printable characters that can stand in a file's name."
            )
        names.add(name)
    if styles and style_dim is None:
        raise ModelError(f"{where}: the model has no style code, so it can have no named styles.")
    for style in styles:
        assert style_dim is not None
        try:
            decode_style_code(style.style_code, style_dim, where=f"style {style.name!r}")
        except RequestError as error:
            raise ModelError(f"{where}: {error}") from None
