"""Twenty landscapes as a hand paints them, and what a model makes of them, as one contact sheet.

    python benchmarks/painted_maps.py scenery --out painted.jpg

The maps are drawn with a few strokes each: hard edges, straight lines and round blobs, areas of one
class as large as the canvas. Maps of photos have none of that, so a model that only knows those
falls apart here. Nothing is measured; look at it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sinopia import load
from sinopia.scene import LabelMap, Vocabulary, write_image
from sinopia.scene.contact_sheet import contact_sheet

_NUM_MAPS = 20
_PER_ROW = 2

Point = tuple[float, float]


class Painting:
    """A canvas of ids, painted in fractions of its size."""

    def __init__(self, vocabulary: Vocabulary, size_hw: tuple[int, int], seed: int) -> None:
        self._vocabulary = vocabulary
        self._image = Image.new("L", (size_hw[1], size_hw[0]), vocabulary.id_of("sky"))
        self._draw = ImageDraw.Draw(self._image)
        self.random = np.random.default_rng(seed)

    def area(self, name: str, corners: list[Point]) -> None:
        """A polygon."""
        self._draw.polygon([self._pixel(each) for each in corners], fill=self._id(name))

    def blob(self, name: str, center: Point, radius: Point) -> None:
        """An ellipse."""
        (x, y), (width, height) = center, radius
        box = [self._pixel((x - width, y - height)), self._pixel((x + width, y + height))]
        self._draw.ellipse(box, fill=self._id(name))

    def stroke(self, name: str, points: list[Point], width: float) -> None:
        """A line with a brush."""
        thickness = max(1, round(width * self._image.width))
        self._draw.line(
            [self._pixel(each) for each in points],
            fill=self._id(name),
            width=thickness,
            joint="curve",
        )

    def below(self, name: str, heights: list[float]) -> None:
        """All that lies under a line through evenly spaced heights."""
        xs = np.linspace(0, 1, len(heights)).tolist()
        self.area(name, [*zip(xs, heights, strict=True), (1.0, 1.0), (0.0, 1.0)])

    @property
    def ids(self) -> NDArray[np.uint8]:
        """(H, W) uint8."""
        return np.asarray(self._image)

    def _id(self, name: str) -> int:
        return self._vocabulary.id_of(name)

    def _pixel(self, point: Point) -> tuple[int, int]:
        return (round(point[0] * self._image.width), round(point[1] * self._image.height))


def paint(vocabulary: Vocabulary, size_hw: tuple[int, int], seed: int) -> LabelMap:
    """One landscape: a horizon, something far, something near, and details."""
    painting = Painting(vocabulary, size_hw, seed)
    random = painting.random
    horizon = random.uniform(0.35, 0.6)
    if random.random() < 0.7:
        peaks = (horizon - random.uniform(0.02, 0.3, random.integers(3, 8))).tolist()
        painting.below("mountain", [horizon, *peaks, horizon])
    if random.random() < 0.5:
        tops = (horizon + random.uniform(-0.06, 0.02, random.integers(3, 9))).tolist()
        painting.below("tree", tops)
    near = str(random.choice(["grass", "water", "ground", "grass", "water"]))
    painting.below(near, [horizon + 0.04, horizon + random.uniform(0.02, 0.08)])
    if near == "water":
        shore = random.uniform(0.7, 0.95, 3).tolist()
        painting.below(str(random.choice(["grass", "ground"])), shore)
    else:
        way = [(random.uniform(0.2, 0.8), 1.0), (0.5, 0.8), (random.uniform(0.3, 0.7), horizon)]
        painting.stroke(str(random.choice(["ground", "water"])), way, random.uniform(0.03, 0.15))
    for _ in range(random.integers(0, 5)):
        x, size = random.uniform(0, 1), random.uniform(0.03, 0.14)
        y = random.uniform(horizon, 0.85)
        painting.stroke("tree", [(x, y), (x, y - size)], 0.02)
        painting.blob("tree", (x, y - 1.4 * size), (size, size))
    for _ in range(random.integers(0, 3)):
        x, y, size = random.uniform(0, 0.8), random.uniform(horizon, 0.8), random.uniform(0.06, 0.2)
        roof = [(x, y - size), (x + size / 2, y - 1.5 * size), (x + size, y - size)]
        painting.area("building", [(x, y), *roof, (x + size, y)])
    return LabelMap(painting.ids, vocabulary)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="name or folder of a model of the landscape classes")
    parser.add_argument("--out", type=Path, required=True, help="the contact sheet, .jpg or .png")
    arguments = parser.parse_args()
    model = load(arguments.model)
    cells = []
    for seed in range(_NUM_MAPS):
        label_map = paint(model.vocabulary, model.native_size, seed)
        model.set_label_map(label_map)
        cells += [label_map.colored(), *model.synthesize_seeds((seed, seed + 1))]
    across = 3 * _PER_ROW
    rows = [cells[start : start + across] for start in range(0, len(cells), across)]
    labels = ["map", "a style", "another"] * _PER_ROW
    write_image(arguments.out, contact_sheet(rows, labels=labels))


if __name__ == "__main__":
    main()
