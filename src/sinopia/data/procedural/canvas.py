"""The three sheets that a scene is painted on at once: picture, label map and instance map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinopia.data.procedural.noise import Array

__all__ = ["Brush", "Canvas", "color", "mix"]


def color(red: float, green: float, blue: float) -> Array:
    """A colour in [0, 1] as (3, 1, 1), ready to meet (3, H, W)."""
    return np.array((red, green, blue), np.float32).reshape(3, 1, 1)


def mix(first: Array, second: Array, weight: Array | float) -> Array:
    """`first` where the weight is 0, `second` where it is 1."""
    return first + (second - first) * np.asarray(weight, np.float32)


class Canvas:
    """A picture with its labels: whatever is painted changes both, through one outline.

    A pixel belongs to the last thing that covers at least half of it; the picture blends over
    that one pixel.
    """

    def __init__(self, size_hw: tuple[int, int]) -> None:
        height, width = size_hw
        self.size_hw = size_hw
        self.rgb = np.zeros((3, height, width), np.float32)
        """Red, green and blue in [0, 1]."""
        self.ids = np.zeros(size_hw, np.uint8)
        self.instances = np.zeros(size_hw, np.uint16)
        self.unit = float(min(size_hw))
        """The length, in pixels, that sizes of things are fractions of."""
        self.x = (np.arange(width, dtype=np.float32) + 0.5) / np.float32(width)
        """Centres of the columns as fractions of the width, (W,)."""
        self.y = (np.arange(height, dtype=np.float32) + 0.5) / np.float32(height)
        """Centres of the rows as fractions of the height, (H,)."""
        self.u = self.x * np.float32(width / self.unit)
        """Centres of the columns in units, (W,); with `v`, a square grid for textures."""
        self.v = self.y * np.float32(height / self.unit)

    def paint(self, distance: Array, tone: Array, class_id: int, *, top: int = 0) -> None:
        """Paint a class over the whole width, from row `top` down.

        `distance` (h, W) is positive inside, in pixels; `tone` broadcasts to (3, h, W).
        """
        rows = slice(top, top + distance.shape[0])
        coverage = np.clip(distance + np.float32(0.5), 0, 1)
        view = self.rgb[:, rows]
        view += (tone - view) * coverage
        inside = coverage >= 0.5
        self.ids[rows][inside] = class_id
        self.instances[rows][inside] = 0

    def brush(
        self,
        foot_xy: tuple[float, float],
        scale: float,
        reach: tuple[float, float, float, float],
        *,
        class_id: int,
        instance: int,
        flip: bool = False,
        fog: tuple[Array, float] | None = None,
    ) -> Brush | None:
        """A brush for one object, or None when it would lie wholly outside the canvas.

        `foot_xy` is where it stands, as fractions of the canvas; `scale` is one local unit as a
        fraction of `unit`; `reach` is its extent (left, bottom, right, top) in local units around
        the foot, y upwards.
        """
        height, width = self.size_hw
        pixels = scale * self.unit
        fx, fy = foot_xy[0] * width, foot_xy[1] * height
        left, right = (-reach[2], -reach[0]) if flip else (reach[0], reach[2])
        x0 = max(0, int(np.floor(fx + left * pixels)) - 1)
        x1 = min(width, int(np.ceil(fx + right * pixels)) + 1)
        y0 = max(0, int(np.floor(fy - reach[3] * pixels)) - 1)
        y1 = min(height, int(np.ceil(fy - reach[1] * pixels)) + 1)
        if x0 >= x1 or y0 >= y1:
            return None
        x = (np.arange(x0, x1, dtype=np.float32) + 0.5 - np.float32(fx)) / np.float32(pixels)
        y = (np.float32(fy) - np.arange(y0, y1, dtype=np.float32) - 0.5) / np.float32(pixels)
        window = (slice(y0, y1), slice(x0, x1))
        return Brush(
            rgb=self.rgb[:, window[0], window[1]],
            ids=self.ids[window],
            instances=self.instances[window],
            x=-x if flip else x,
            y=y,
            pixels=pixels,
            class_id=class_id,
            instance=instance,
            flip=flip,
            fog=fog,
        )


@dataclass(frozen=True, eq=False)
class Brush:
    """A window of the canvas in the coordinates of one object: its foot at (0, 0), y upwards."""

    rgb: Array
    """(3, h, w), a view of the canvas."""
    ids: NDArray[np.uint8]
    instances: NDArray[np.uint16]
    x: Array
    """Columns, (w,), in local units; they fall from left to right when the object is flipped."""
    y: Array
    """Rows, (h,), in local units."""
    pixels: float
    """One local unit in pixels."""
    class_id: int
    instance: int
    flip: bool
    fog: tuple[Array, float] | None
    """The colour of the air and how much of it lies before the object."""

    @property
    def xy(self) -> tuple[Array, Array]:
        """Coordinates that broadcast to (h, w): x as (1, w), y as (h, 1)."""
        return self.x[None, :], self.y[:, None]

    def fill(self, distance: Array, tone: Array) -> None:
        """Paint part of the object: `distance` (h, w) in local units, `tone` fits (3, h, w)."""
        coverage = self._blend(distance, tone)
        inside = coverage >= 0.5
        self.ids[inside] = self.class_id
        self.instances[inside] = self.instance

    def detail(self, distance: Array, tone: Array, *, opacity: float = 1.0) -> None:
        """Paint on the object only: pixels of other objects keep label and colour."""
        self._blend(np.where(self.instances == self.instance, distance, -1e6), tone, opacity)

    def _blend(self, distance: Array, tone: Array, opacity: float = 1.0) -> Array:
        coverage = np.clip(distance * np.float32(self.pixels) + np.float32(0.5), 0, 1)
        if self.fog is not None:
            tone = mix(tone, self.fog[0], self.fog[1])
        self.rgb[...] += (tone - self.rgb) * (coverage * np.float32(opacity))
        return coverage
