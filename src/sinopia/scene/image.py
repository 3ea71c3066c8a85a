"""Pictures as (H, W, 3) uint8 arrays: safe reading, atomic writing, resizing."""

from __future__ import annotations

import contextlib
import struct
import warnings
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from sinopia.errors import FileFormatError
from sinopia.files import atomic_path

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "SUFFIXES",
    "ImageArray",
    "open_image",
    "read_image",
    "read_png_text",
    "resize_image",
    "write_image",
]

ImageArray = NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "PPM", "TIFF")
"""The only formats that are ever decoded."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".ppm", ".tif", ".tiff")

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are decoded."""


@contextlib.contextmanager
def open_image(
    source: str | Path | IO[bytes],
    formats: tuple[str, ...] = FORMATS,
    *,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Generator[Image.Image]:
    """Open and fully decode a picture file, with its mode unchanged.

    Args:
        source: a path, or a binary stream.
        formats: as Pillow names them; no other is decoded.
        name: what messages call the picture; by default its path.
        max_pixels: larger pictures are refused before they are decoded.

    Raises:
        FileFormatError: when the file is missing, truncated, of another format, or too large.
    """
    name = str(source) if name is None else name
    with contextlib.ExitStack() as stack:
        with _explained_errors(name, formats), warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = stack.enter_context(Image.open(source, formats=formats))
            if image.width * image.height > max_pixels:
                raise FileFormatError(
                    f"{name} is too large: {image.width}x{image.height}; pictures of up to "
                    f"{max_pixels:,} pixels are read."
                )
            image.load()
        yield image


@contextlib.contextmanager
def _explained_errors(path: str, formats: tuple[str, ...] = FORMATS) -> Generator[None]:
    """Turn what Pillow raises for a file into FileFormatError."""
    try:
        yield
    except FileNotFoundError:
        raise FileFormatError(f"no picture at {path}.") from None
    except IsADirectoryError:
        raise FileFormatError(f"{path} is a folder; a picture file is expected.") from None
    except UnidentifiedImageError:
        raise FileFormatError(
            f"{path} is not a picture that can be read. Formats: {', '.join(formats)}."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileFormatError(f"{path} is too large: {error}") from None
    except (FileFormatError, PermissionError):
        raise
    except (OSError, SyntaxError, ValueError, struct.error) as error:  # Pillow, for broken data
        raise FileFormatError(
            f"{path} is damaged or cut short: {error}. Copy it again from its source."
        ) from None


def read_image(
    source: str | Path | IO[bytes],
    *,
    formats: tuple[str, ...] = FORMATS,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
) -> ImageArray:
    """Read a photo as (H, W, 3) uint8 RGB, turned as its EXIF orientation says.

    Transparency is dropped. The arguments are those of `open_image`.

    Raises:
        FileFormatError: as `open_image`.
    """
    name = str(source) if name is None else name
    with (
        open_image(source, formats, name=name, max_pixels=max_pixels) as image,
        _explained_errors(name, formats),
    ):
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def write_image(
    path: str | Path, image: ImageArray, *, text: Mapping[str, str] | None = None, quality: int = 92
) -> None:
    """Write (H, W, 3) uint8 RGB in the format of the path's suffix; `text` into PNG text chunks.

    Raises:
        FileFormatError: when the suffix names no format that can be written.
        OSError: when the place cannot be written; nothing is left behind.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise FileFormatError(
            f"cannot write {path}: use a name that ends in {', '.join(SUFFIXES)}."
        )
    picture = Image.fromarray(image)
    with atomic_path(path) as temporary:
        if suffix == ".png":
            picture.save(temporary, pnginfo=png_text(text or {}))
        elif suffix in (".jpg", ".jpeg", ".webp"):
            picture.save(temporary, quality=quality)
        else:
            picture.save(temporary)


def png_text(text: Mapping[str, str]) -> PngInfo:
    """Text chunks for Pillow's PNG writer."""
    info = PngInfo()
    for key, value in text.items():
        info.add_itxt(key, value)
    return info


def read_png_text(
    source: str | Path | IO[bytes], *, name: str | None = None, max_pixels: int = MAX_PIXELS
) -> dict[str, str]:
    """The text chunks of a PNG file; empty when it has none. Arguments as of `open_image`.

    Raises:
        FileFormatError: as `open_image`, and when the file is no PNG.
    """
    with open_image(source, ("PNG",), name=name, max_pixels=max_pixels) as image:
        return {key: str(value) for key, value in getattr(image, "text", {}).items()}


def resize_image(
    image: ImageArray,
    size_hw: tuple[int, int],
    *,
    method: Literal["bicubic", "bilinear"] = "bicubic",
) -> ImageArray:
    """Resize (H, W, 3) uint8 to (h, w) with an antialiased filter."""
    if image.shape[:2] == size_hw:
        return image
    resample = Image.Resampling.BICUBIC if method == "bicubic" else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(image).resize((size_hw[1], size_hw[0]), resample))
