"""A contact sheet of a data set: what the label maps say beside what the pictures show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sinopia.data.dataset import Dataset
from sinopia.errors import DatasetError, RequestError
from sinopia.scene.contact_sheet import contact_sheet
from sinopia.scene.image import ImageArray
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import UNLABELED, Vocabulary
from sinopia.seeding import derive_seed

__all__ = ["blended", "draw_preview", "palette_legend", "pick_scenes"]

_PAPER = (250, 248, 244)
_INK = (40, 36, 32)
_EDGE = (170, 164, 156)
_EMPTY = (214, 209, 201)
_FONT_SIZE = 13
_LINE = 20
_SWATCH = 14
_GAP = 4
_MARGIN = 8
_SCENES_ABREAST = 2


def draw_preview(
    dataset: Dataset, *, num_scenes: int = 12, seed: int = 0, cell_hw: tuple[int, int] | None = None
) -> ImageArray:
    """Map in colours | picture | blend for some scenes, and the names of the classes in them.

    Returns (H, W, 3) uint8. A cell is by default as large as the first map, at most 256 a side.

    Raises:
        RequestError: when no scene is asked for.
        DatasetError: when the data set is empty.
        FileFormatError, LabelError, DatasetError: when a scene cannot be read.
    """
    scenes = pick_scenes(dataset, num_scenes, seed=seed)
    height, width = cell_hw or _cell(scenes[0].label_map.size_hw)
    strips = [_strip(scene, (height, width)) for scene in scenes]
    abreast = min(_SCENES_ABREAST, len(strips))
    body = contact_sheet([strips[at : at + abreast] for at in range(0, len(strips), abreast)])
    pixels = np.sum([scene.label_map.pixel_counts() for scene in scenes], axis=0)
    legend = palette_legend(dataset.vocabulary, pixels, width=body.shape[1])
    return np.concatenate([body, legend])


def pick_scenes(dataset: Dataset, num_scenes: int, *, seed: int) -> list[Scene]:
    """Different scenes drawn by the seed, in the order of the data set; all when there are fewer.

    Raises:
        RequestError, DatasetError: as `draw_preview`.
    """
    if num_scenes < 1:
        raise RequestError(f"a preview shows at least one scene, got {num_scenes}.")
    if len(dataset) == 0:
        raise DatasetError(f"data set {dataset.name!r} is empty; expected at least one scene.")
    rng = np.random.default_rng(derive_seed(seed, "preview"))
    count = min(num_scenes, len(dataset))
    return [
        dataset[index] for index in sorted(rng.choice(len(dataset), count, replace=False).tolist())
    ]


def blended(scene: Scene, *, opacity: float = 0.55) -> ImageArray:
    """The map's colours over the picture, (H, W, 3) uint8; unlabeled pixels show the picture."""
    colors = scene.label_map.colored()
    if scene.image is None:
        return colors
    mixed = np.rint(scene.image * (1 - opacity) + colors * opacity).astype(np.uint8)
    return np.where((scene.label_map.ids == UNLABELED)[..., None], scene.image, mixed)


def palette_legend(vocabulary: Vocabulary, pixels: NDArray[np.int64], *, width: int) -> ImageArray:
    """Colours and names of the classes that have pixels, the most frequent first.

    Takes pixels by id, (256,); returns (H, width, 3) uint8.
    """
    font = ImageFont.load_default(_FONT_SIZE)
    total = max(1, int(pixels.sum()))
    entries: list[tuple[tuple[int, int, int], str]] = []
    for class_id in np.argsort(-pixels, kind="stable").tolist():
        if pixels[class_id]:
            red, green, blue = vocabulary.palette[class_id].tolist()
            text = f"{vocabulary.name_of(class_id)}  {_percent(int(pixels[class_id]) / total)}"
            entries.append(((red, green, blue), text))
    room = _SWATCH + 6
    column = int(max(font.getlength(text) for _, text in entries)) + room + 18
    columns = max(1, (width - 2 * _MARGIN) // column)
    lines = -(-len(entries) // columns)
    legend = Image.new("RGB", (width, lines * _LINE + 3 * _GAP), _PAPER)
    draw = ImageDraw.Draw(legend)
    for index, (color, text) in enumerate(entries):
        row, at = divmod(index, columns)
        left, top = _MARGIN + at * column, _GAP + row * _LINE
        draw.rectangle((left, top, left + _SWATCH, top + _SWATCH), fill=color, outline=_EDGE)
        draw.text((left + room, top + _SWATCH / 2), text, _INK, font=font, anchor="lm")
    return np.asarray(legend)


def _strip(scene: Scene, cell_hw: tuple[int, int]) -> ImageArray:
    """One scene: its key above map, picture and blend."""
    image = scene.image
    if image is None:
        image = np.full((*scene.label_map.size_hw, 3), _EMPTY, np.uint8)
    cells: Sequence[ImageArray] = (scene.label_map.colored(), image, blended(scene))
    pictures = contact_sheet([cells], cell_hw=cell_hw)
    title = Image.new("RGB", (pictures.shape[1], _LINE), _PAPER)
    font = ImageFont.load_default(_FONT_SIZE)
    ImageDraw.Draw(title).text((_GAP, _LINE / 2 + 2), scene.key, _INK, font=font, anchor="lm")
    return np.concatenate([np.asarray(title), pictures])


def _cell(size_hw: tuple[int, int], longest: int = 256) -> tuple[int, int]:
    scale = min(1.0, longest / max(size_hw))
    return max(1, round(size_hw[0] * scale)), max(1, round(size_hw[1] * scale))


def _percent(share: float) -> str:
    return "<0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")
