"""Label maps from PNG files as people have them, and to palette PNG files that say what they hold.

Nothing is guessed: a file that could mean two things, or nothing that the classes name, is refused.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sinopia.data.palettes import vocabulary_palette
from sinopia.errors import FileFormatError, LabelError
from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.image import open_image, png_text
from sinopia.scene.label_map import VOCABULARY_KEY
from sinopia.scene.vocabulary import UNLABELED
from sinopia.studio.pictures import MAX_PIXELS
from sinopia.studio.schemas import MAX_SIDE

__all__ = ["CLASSES_KEY", "ReadMap", "encode_label_map", "read_label_map"]

CLASSES_KEY = "sinopia-classes"
"""PNG text chunk of a label map: its class names in the order of their ids, as JSON."""

_NAME = "the label map"
_INDEX_MODES = ("L", "I", "I;16", "I;16B")
_OPAQUE = 255


@dataclass(frozen=True, eq=False)
class ReadMap:
    """Ids, (H, W) uint8, and what the reader should know of how they were found."""

    ids: NDArray[np.uint8]
    notes: tuple[str, ...]


def encode_label_map(label_map: LabelMap) -> bytes:
    """A palette PNG: values are ids, shown in the classes' colours; with the classes' names."""
    image = Image.fromarray(label_map.ids)
    image.putpalette(label_map.vocabulary.palette.tobytes())
    text = png_text(
        {
            VOCABULARY_KEY: label_map.vocabulary.name,
            CLASSES_KEY: json.dumps(label_map.vocabulary.names),
        }
    )
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=text)
    return buffer.getvalue()


def read_label_map(content: bytes, vocabulary: Vocabulary) -> ReadMap:
    """Read an index PNG, a palette PNG, or one in exactly the vocabulary's colours.

    Raises:
        FileFormatError: for other formats, damaged files, and sides above 4096.
        LabelError: for ids or colours of no class, maps of other classes, and files that could be
            read in two ways.
    """
    with open_image(io.BytesIO(content), ("PNG",), name=_NAME, max_pixels=MAX_PIXELS) as image:
        if max(image.size) > MAX_SIDE:
            raise FileFormatError(
                f"{_NAME} is {image.width}x{image.height}; sides of up to {MAX_SIDE} are read."
            )
        _check_declared(getattr(image, "text", {}), vocabulary)
        if image.mode == "P":
            return _from_palette(image, vocabulary)
        if image.mode in _INDEX_MODES:
            return ReadMap(_checked(np.asarray(image), vocabulary), ())
        if image.mode in ("RGB", "RGBA"):
            return ReadMap(_from_colors(image, vocabulary), ("Its colours were read as classes.",))
        raise LabelError(
            f"{_NAME} is a PNG of mode {image.mode}, whose values could mean several things; "
            f"expected class ids, a palette, or the colours of the classes in RGB. "
            f"`sinopia data convert` converts other masks."
        )


def _check_declared(text: Mapping[str, str], vocabulary: Vocabulary) -> None:
    """Refuse a map that says it is of other classes."""
    name = str(text.get(VOCABULARY_KEY, ""))[:80]
    declared: tuple[str, ...] | None = None
    if CLASSES_KEY in text:
        try:
            values = json.loads(text[CLASSES_KEY])
        except (json.JSONDecodeError, RecursionError) as error:
            raise FileFormatError(f"{_NAME}: its list of classes is not JSON: {error}.") from None
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise FileFormatError(f"{_NAME}: its list of classes is no list of names.")
        declared = tuple(values)
    elif name in Vocabulary.built_in_names():
        declared = Vocabulary.built_in(name).names
    if declared is not None and declared != vocabulary.names:
        shown = ", ".join(each[:40] for each in declared[:6])
        raise LabelError(
            f"{_NAME} was written with the classes of {name or 'another vocabulary'!r} ({shown}"
            f"{', ...' if len(declared) > 6 else ''}), but the model paints {vocabulary.name!r}. "
            f"Choose a model of these classes."
        )


def _from_palette(image: Image.Image, vocabulary: Vocabulary) -> ReadMap:
    """Ids of a palette PNG, whose numbers and colours can contradict each other."""
    numbers = np.asarray(image)
    colors = np.zeros((256, 3), np.uint8)
    palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    colors[: len(palette)] = palette
    used = np.unique(numbers)
    if (colors[used] == vocabulary.palette[used]).all():
        return ReadMap(_checked(numbers, vocabulary), ())
    by_color = vocabulary_palette(vocabulary)
    meanings = [by_color.get(_color(colors[number])) for number in used]
    numbers_fit = all(number < len(vocabulary) or number == UNLABELED for number in used)
    if None in meanings:
        ids = _checked(numbers, vocabulary)
        return ReadMap(
            ids, ("Its numbers were read as class ids; its palette is of other colours.",)
        )
    if numbers_fit:
        raise LabelError(
            f"{_NAME} can be read in two ways: its palette has the colours of the classes, but in "
            f"another order than its numbers say. Save it as RGB to go by the colours, or as a "
            f"greyscale PNG to go by the numbers."
        )
    table = np.zeros(256, np.uint8)
    table[used] = [meaning for meaning in meanings if meaning is not None]
    return ReadMap(
        table[numbers], ("Its colours were read as classes; its palette has another order.",)
    )


def _from_colors(image: Image.Image, vocabulary: Vocabulary) -> NDArray[np.uint8]:
    """Ids of a picture in exactly the colours of the classes; black is unlabeled."""
    pixels = np.asarray(image)
    if pixels.shape[2] == 4:
        clear = pixels[..., 3] != _OPAQUE
        if clear.any():
            y, x = (int(each) for each in np.argwhere(clear)[0])
            raise LabelError(
                f"{_NAME} has {int(clear.sum())} pixels that are not opaque, the first at "
                f"(x={x}, y={y}); which class they are is unknown. Fill them and save it again."
            )
    codes = pixels[..., :3].astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    values, inverse = np.unique(codes, return_inverse=True)
    by_code = {
        (red << 16) | (green << 8) | blue: class_id
        for (red, green, blue), class_id in vocabulary_palette(vocabulary).items()
    }
    meanings = [by_code.get(int(value)) for value in values]
    unknown = np.array([meaning is None for meaning in meanings])
    if unknown.any():
        where = unknown[inverse].reshape(codes.shape)
        y, x = (int(each) for each in np.argwhere(where)[0])
        raise LabelError(
            f"{_NAME} has {int(unknown.sum()):,} colours that are of no class, in "
            f"{int(where.sum()):,} pixels; the first is {_color(pixels[y, x])} at (x={x}, y={y}). "
            f"Smoothed edges make such colours: save it without, or use `sinopia data convert "
            f"--tolerance`."
        )
    table = np.array([meaning for meaning in meanings if meaning is not None], np.uint8)
    return table[inverse].reshape(codes.shape)


def _checked(values: NDArray[np.generic], vocabulary: Vocabulary) -> NDArray[np.uint8]:
    """Numbers as ids, all of which classes have."""
    bad = ((values >= len(vocabulary)) & (values != UNLABELED)) | (values < 0)  # type: ignore[operator]
    if bad.any():
        y, x = (int(each) for each in np.argwhere(bad)[0])
        raise LabelError(
            f"{_NAME} holds id {values[y, x]} at pixel (x={x}, y={y}), but the classes of "
            f"{vocabulary.name!r} end at {len(vocabulary) - 1} (255 = unlabeled). Maps of a data "
            f"set's own numbers are converted by `sinopia data convert`."
        )
    return values.astype(np.uint8)


def _color(pixel: NDArray[np.uint8]) -> tuple[int, int, int]:
    return (int(pixel[0]), int(pixel[1]), int(pixel[2]))
