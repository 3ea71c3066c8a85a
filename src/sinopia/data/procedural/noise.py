"""Smooth random fields, drawn once on a lattice and sampled at any resolution.

Pixels lie on a regular grid, so a field is interpolated along x on the small lattice first and
along y after: two gathers of whole rows an octave, and no matrix library whose threads would fight
with data-loading workers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sinopia.seeding import derive_seed

__all__ = ["Array", "Draws", "fractal", "fractal_line", "smoothstep"]

Array = NDArray[np.floating]
"""Always float32 at work; numpy's own types cannot promise it."""

_LATTICE = 32
"""Cells of a lattice along each axis; the field repeats after them."""

_FINEST_PIXELS = 1.6
"""Octaves whose cells are smaller than this many pixels would only alias, and are left out."""


class Draws:
    """The draws of one scene: a generator for every named part, whatever was drawn before."""

    def __init__(self, seed: int, index: int) -> None:
        self._seed = seed
        self._index = index

    def of(self, part: str) -> np.random.Generator:
        """A fresh generator for the named part."""
        return np.random.default_rng(derive_seed(self._seed, f"procedural/{part}", self._index))


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, and a smooth rise between; falls when `high` < `low`."""
    t = np.clip((value - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _weights(position: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Lattice cells before and after each position (L,), and the weight of the latter."""
    floor = np.floor(position)
    fraction = (position - floor).astype(np.float32)
    before = floor.astype(np.intp) % _LATTICE
    return before, (before + 1) % _LATTICE, fraction**3 * (fraction * (fraction * 6 - 15) + 10)


def fractal(
    rng: np.random.Generator,
    x: Array,
    y: Array,
    *,
    frequency: tuple[float, float],
    octaves: int,
    gain: float = 0.5,
    pixels: float | None = None,
) -> Array:
    """Fractal value noise (H, W), about in [-1, 1], at columns x (W,) and rows y (H,).

    `frequency` is cells per unit of x and of y in the first octave; each further octave doubles it
    and scales the height by `gain`. With `pixels` (a unit of x in pixels), octaves too fine for the
    picture are left out.
    """
    lattice = rng.random((_LATTICE, _LATTICE), np.float32) * 2 - 1
    offsets = rng.random((octaves, 2), np.float32) * _LATTICE
    total = np.zeros((len(y), len(x)), np.float32)
    height, span = 1.0, 0.0
    for octave in range(octaves):
        span += height
        fx, fy = frequency[0] * 2**octave, frequency[1] * 2**octave
        if pixels is None or octave == 0 or pixels / max(fx, fy) >= _FINEST_PIXELS:
            left, right, across = _weights(x * np.float32(fx) + offsets[octave, 0])
            upper, lower, down = _weights(y * np.float32(fy) + offsets[octave, 1])
            columns = lattice[:, left] * (1 - across) + lattice[:, right] * across  # (lattice, W)
            columns *= np.float32(height)
            rows = columns[upper]
            total += rows
            step = columns[lower]
            step -= rows
            step *= down[:, None]
            total += step
        height *= gain
    total *= np.float32(1.6 / span)  # value noise rarely comes near its bounds
    return total


def fractal_line(
    rng: np.random.Generator, x: Array, *, frequency: float, octaves: int, gain: float = 0.5
) -> Array:
    """Fractal value noise along a line, (L,) for x (L,), about in [-1, 1]."""
    lattice = rng.random(_LATTICE, np.float32) * 2 - 1
    offsets = rng.random(octaves, np.float32) * _LATTICE
    total = np.zeros(len(x), np.float32)
    height, span = 1.0, 0.0
    for octave in range(octaves):
        before, after, weight = _weights(x * np.float32(frequency * 2**octave) + offsets[octave])
        total += np.float32(height) * (lattice[before] * (1 - weight) + lattice[after] * weight)
        span += height
        height *= gain
    return total * np.float32(1.3 / span)
