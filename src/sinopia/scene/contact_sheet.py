"""Contact sheets: pictures side by side in rows, with titles above the columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sinopia.errors import RequestError
from sinopia.scene.image import ImageArray

__all__ = ["contact_sheet"]

_GAP = 4
_TITLE_HEIGHT = 18
_FONT_SIZE = 12
_PAPER = (250, 248, 244)
_INK = (40, 36, 32)


def contact_sheet(
    rows: Sequence[Sequence[ImageArray]],
    *,
    labels: Sequence[str] | None = None,
    cell_hw: tuple[int, int] | None = None,
) -> ImageArray:
    """One picture of many: rows of (H, W, 3) uint8 pictures on a light ground.

    Each picture is fitted into its cell without changing its proportions; enlargement is by nearest
    neighbour, so that small pictures show their pixels. Rows may differ in length.

    Args:
        rows: at least one picture in all.
        labels: a title for each column, left to right; longer ones than the cell are cut.
        cell_hw: height and width of a cell; by default the largest of the pictures.

    Raises:
        RequestError: when there is no picture at all, or one is not (H, W, 3) uint8.
    """
    pictures = [picture for row in rows for picture in row]
    if not pictures:
        raise RequestError("a contact sheet needs at least one picture, got none.")
    for picture in pictures:
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise RequestError(
                f"contact sheet: expected pictures (H, W, 3) uint8, got {picture.shape} "
                f"{picture.dtype}."
            )
    if cell_hw is None:
        height = max(picture.shape[0] for picture in pictures)
        width = max(picture.shape[1] for picture in pictures)
    else:
        height, width = cell_hw
    titles = labels or ()
    top = _TITLE_HEIGHT if titles else 0
    columns = max(len(titles), *(len(row) for row in rows))

    sheet = Image.new(
        "RGB",
        (_GAP + columns * (width + _GAP), top + _GAP + len(rows) * (height + _GAP)),
        _PAPER,
    )
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_SIZE)
    for column, title in enumerate(titles):
        text = _cut(title, draw, font, width)
        draw.text((_GAP + column * (width + _GAP), _GAP), text, _INK, font=font)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            cell = _fit(picture, (height, width))
            left = _GAP + x * (width + _GAP) + (width - cell.width) // 2
            upper = top + _GAP + y * (height + _GAP) + (height - cell.height) // 2
            sheet.paste(cell, (left, upper))
    return np.asarray(sheet)


def _fit(picture: ImageArray, cell_hw: tuple[int, int]) -> Image.Image:
    """The picture as large as the cell allows, in its own proportions."""
    image = Image.fromarray(picture)
    scale = min(cell_hw[0] / image.height, cell_hw[1] / image.width)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size == image.size:
        return image
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return image.resize(size, method)


def _cut(
    title: str,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    width: int,
) -> str:
    """The longest beginning of a title that fits a width in pixels."""
    text = " ".join(title.split())
    while text and draw.textlength(text, font=font) > width:
        text = text[:-1]
    return text
