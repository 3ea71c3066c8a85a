"""The pictures that a report shows, kept compressed while an evaluation runs."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image

from sinopia.scene.image import ImageArray
from sinopia.scene.label_map import LabelMap

__all__ = ["JPEG_QUALITY", "Gallery", "Row", "encode_jpeg", "encode_map"]

JPEG_QUALITY = 88


@dataclass(frozen=True)
class Row:
    """One map with its photo and pictures, as files in memory."""

    key: str
    map_png: bytes
    photo_jpeg: bytes
    pictures_jpeg: list[list[bytes]] = field(default_factory=list)
    """Of each model, one a seed; beyond the first seed only where variety is shown."""


@dataclass(frozen=True)
class Gallery:
    """Rows in the order of the data set, and which of them show several seeds."""

    rows: list[Row]
    variety: tuple[int, ...]


def encode_jpeg(image: ImageArray) -> bytes:
    """A picture (H, W, 3) uint8 as a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def encode_map(label_map: LabelMap) -> bytes:
    """A map in its colours as a PNG file with a palette; JPEG would smear its borders."""
    image = Image.fromarray(label_map.ids)
    image.putpalette(label_map.vocabulary.palette.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
