"""Mask files as they lie on the disk: which numbers or colours they hold, how often and where.

Masks are flat: neighbours mostly share a value. Counting runs of equal values instead of pixels
makes every question here cheap, and is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sinopia.data.pairing import natural_key
from sinopia.scene.image import SUFFIXES, open_image

__all__ = [
    "MAX_COLORS",
    "TRANSPARENT",
    "Color",
    "MaskFile",
    "Storage",
    "ValueCounts",
    "ValueRuns",
    "color_codes",
    "color_name",
    "color_of_code",
    "list_masks",
    "mask_numbers",
    "pack_colors",
    "read_mask_file",
    "storage_of",
]

Color = tuple[int, int, int]
"""RGB in 0..255."""

MAX_COLORS = 4096
"""Masks with more colours are photos or smoothed; only the most frequent ones are kept."""

TRANSPARENT = 1 << 24
"""Stands among colour codes for every pixel that is not opaque; what colour it hides is unknown."""

Storage = Literal["numbers", "palette", "bits", "colors", "lossy", "floats"]

_LOSSY = ("JPEG", "WEBP")
_WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True, eq=False)
class ValueCounts:
    """Which integers an (H, W) array holds."""

    size_hw: tuple[int, int]
    values: NDArray[np.int64]
    """The distinct values, rising, (N,)."""
    pixels: NDArray[np.int64]
    """How often each occurs, (N,)."""
    firsts: NDArray[np.int64]
    """Where each occurs first in the flattened array, (N,)."""

    def first_xy(self, index: int) -> tuple[int, int]:
        """Column and row of the first pixel of the value at that index."""
        y, x = divmod(int(self.firsts[index]), self.size_hw[1])
        return x, y

    def most_frequent(self, count: int) -> ValueCounts:
        """Only the most frequent values, at most `count`."""
        return self.where(np.sort(np.argsort(-self.pixels, kind="stable")[:count]))

    def where(self, kept: NDArray[Any]) -> ValueCounts:
        """Only some of the values, by a mask or by indices."""
        return ValueCounts(self.size_hw, self.values[kept], self.pixels[kept], self.firsts[kept])


@dataclass(frozen=True, eq=False)
class ValueRuns:
    """An (H, W) array of integers as runs of equal values, row after row."""

    counts: ValueCounts
    positions: NDArray[np.intp]
    """Which value each run has, (R,) indices into `counts.values`."""
    lengths: NDArray[np.int64]
    """Pixels of each run, (R,)."""

    @classmethod
    def of(cls, array: NDArray[Any]) -> ValueRuns:
        """The runs of an (H, W) array of integers with at least one pixel."""
        flat = array.ravel()
        starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))
        lengths = np.diff(np.append(starts, flat.size))
        values, first_runs, positions = np.unique(
            flat[starts], return_index=True, return_inverse=True
        )
        counts = ValueCounts(
            size_hw=(array.shape[0], array.shape[1]),
            values=values.astype(np.int64),
            pixels=np.bincount(positions, weights=lengths).astype(np.int64),
            firsts=starts[first_runs],
        )
        return cls(counts, positions, lengths)

    def replaced(self, new_values: NDArray[Any]) -> NDArray[Any]:
        """The array with each value replaced: (N,) of any dtype to (H, W) of that dtype."""
        return np.repeat(new_values[self.positions], self.lengths).reshape(self.counts.size_hw)


@dataclass(frozen=True, eq=False)
class MaskFile:
    """What a mask file holds, however it stores it."""

    path: Path
    format: str
    """Of the content, not of the name: PNG, JPEG, ..."""
    mode: str
    """Pillow's name of the pixel layout."""
    storage: Storage
    """numbers: one channel. palette: numbers with a colour each. bits: one bit a pixel. colors:
    several channels. lossy: of a format that changes values. floats: no integers."""
    counts: ValueCounts
    """Of the stored numbers (bits: 0 and 255), of colour codes where storage is colors or lossy;
    floats are not counted."""
    palette_codes: NDArray[np.int64] | None = None
    """The colour code of each of `counts.values`, for storage palette."""

    @property
    def is_wide(self) -> bool:
        """Stored in more than eight bits a pixel."""
        return self.mode in _WIDE_MODES


def read_mask_file(path: str | Path) -> MaskFile:
    """Decode a mask file once and count what it holds.

    Raises:
        FileFormatError: when the file is missing, truncated, no picture, or too large.
        OSError: when it may not be read.
    """
    with open_image(path) as image:
        storage = storage_of(image)
        palette_codes = None
        if storage in ("colors", "lossy"):
            values = color_codes(image)
        elif storage == "floats":
            values = np.zeros((image.height, image.width), np.uint8)
        else:
            values = mask_numbers(image)
        counts = ValueRuns.of(values).counts
        if storage == "palette":
            strip = image.crop((0, 0, len(counts.values), 1))
            strip.putdata(counts.values.tolist())
            palette_codes = color_codes(strip).ravel().astype(np.int64)
        return MaskFile(Path(path), image.format or "", image.mode, storage, counts, palette_codes)


def mask_numbers(image: Image.Image) -> NDArray[Any]:
    """The stored numbers of a one-channel or palette picture, (H, W); single bits: 0 and 255."""
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8) * 255
    return np.asarray(image)


def color_codes(image: Image.Image) -> NDArray[np.uint32]:
    """One number a pixel for its colour, (H, W): as `pack_colors`, or TRANSPARENT."""
    rgba = np.asarray(image.convert("RGBA"))
    codes = pack_colors(rgba)
    codes[rgba[..., 3] != 255] = TRANSPARENT
    return codes


def pack_colors(colors: NDArray[Any]) -> NDArray[np.uint32]:
    """Colours (..., 3) of 0..255 as numbers R * 65536 + G * 256 + B, (...); alpha is ignored."""
    parts = colors.astype(np.uint32)
    packed = (parts[..., 0] << 16) | (parts[..., 1] << 8) | parts[..., 2]
    return np.asarray(packed, np.uint32)


def color_of_code(code: int) -> Color | None:
    """The colour that a code stands for; None for TRANSPARENT."""
    return None if code == TRANSPARENT else (code >> 16, code >> 8 & 255, code & 255)


def color_name(color: Color | None) -> str:
    """A colour as text: "#804080 (128, 64, 128)", or "transparent"."""
    if color is None:
        return "transparent"
    return "#{:02x}{:02x}{:02x} ({}, {}, {})".format(*color, *color)


def list_masks(folder: str | Path) -> list[Path]:
    """Picture files of a folder and its sub-folders, in natural order; hidden ones are left out."""
    folder = Path(folder)
    files = [
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    return sorted(files, key=lambda file: natural_key(str(file.relative_to(folder))))


def storage_of(image: Image.Image) -> Storage:
    """How a decoded picture stores its values."""
    if image.format in _LOSSY:
        return "lossy"
    if image.mode == "1":
        return "bits"
    if image.mode == "P":
        return "palette"
    if image.mode == "L" or image.mode in _WIDE_MODES:
        return "numbers"
    return "floats" if image.mode == "F" else "colors"
