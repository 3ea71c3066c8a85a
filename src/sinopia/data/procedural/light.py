"""Times of day: the colours of the sky, of the light and of the air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sinopia.data.procedural.canvas import color
from sinopia.data.procedural.noise import Array

__all__ = ["TIMES", "Light", "Sky"]

TIMES = ("dawn", "noon", "dusk", "overcast")


@dataclass(frozen=True, eq=False)
class Sky:
    """Colours of a time of day, each (3, 1, 1)."""

    zenith: Array
    middle: Array
    horizon: Array
    sun: Array
    key: Array
    """Light that comes from the sun's side."""
    ambient: Array
    """Light that comes from everywhere."""
    air: Array
    """What distance fades to."""
    haze: float
    """How much distance fades, 0 to 1."""


_SKIES: dict[str, Sky] = {
    "dawn": Sky(
        zenith=color(0.42, 0.55, 0.78),
        middle=color(0.80, 0.74, 0.80),
        horizon=color(1.00, 0.84, 0.68),
        sun=color(1.00, 0.95, 0.80),
        key=color(0.80, 0.62, 0.44),
        ambient=color(0.46, 0.47, 0.56),
        air=color(0.90, 0.81, 0.79),
        haze=0.75,
    ),
    "noon": Sky(
        zenith=color(0.17, 0.42, 0.80),
        middle=color(0.42, 0.66, 0.92),
        horizon=color(0.78, 0.89, 0.97),
        sun=color(1.00, 0.99, 0.88),
        key=color(0.80, 0.75, 0.62),
        ambient=color(0.42, 0.47, 0.56),
        air=color(0.70, 0.82, 0.93),
        haze=0.55,
    ),
    "dusk": Sky(
        zenith=color(0.16, 0.18, 0.42),
        middle=color(0.62, 0.36, 0.50),
        horizon=color(1.00, 0.62, 0.32),
        sun=color(1.00, 0.83, 0.50),
        key=color(0.92, 0.56, 0.30),
        ambient=color(0.40, 0.37, 0.48),
        air=color(0.74, 0.48, 0.46),
        haze=0.60,
    ),
    "overcast": Sky(
        zenith=color(0.55, 0.61, 0.69),
        middle=color(0.68, 0.73, 0.78),
        horizon=color(0.84, 0.86, 0.87),
        sun=color(0.95, 0.95, 0.93),
        key=color(0.26, 0.26, 0.26),
        ambient=color(0.58, 0.61, 0.65),
        air=color(0.77, 0.80, 0.83),
        haze=0.70,
    ),
}


@dataclass(frozen=True, eq=False)
class Light:
    """The light of one scene."""

    time: str
    """One of TIMES."""
    x: float
    """From where the light comes: -1 left, 1 right."""
    elevation: float
    """Height of the sun, 0 at the horizon, 1 overhead; long shadows come from a low one."""
    tint: tuple[float, float, float]
    """A slight change of all light, so that no two days are alike."""

    @property
    def sky(self) -> Sky:
        """The colours of this time of day."""
        return _SKIES[self.time]

    def on(self, albedo: Array, facing: Array | float) -> Array:
        """Colour of a surface: `albedo` (3, ...), `facing` the light from 0 (turned away) to 1."""
        tint = np.array(self.tint, np.float32).reshape(3, 1, 1)
        strength = self.sky.ambient * tint + self.sky.key * tint * np.asarray(facing, np.float32)
        return albedo * strength

    def round(self, across: Array, up: Array) -> Array:
        """How a round form takes the light, 0 to 1: `across` and `up` run from -1 to 1 over it.

        `across` is positive on the picture's right.
        """
        high = 0.45 + 0.4 * self.elevation
        return np.clip(
            0.48 + np.float32(0.42 * self.x) * across + np.float32(0.5 * high) * up, 0, 1
        )

    def air(self, depth: float) -> tuple[Array, float]:
        """Colour and weight of the air before something at a ground depth (1 near, 0 horizon)."""
        return self.sky.air, float(self.sky.haze * 0.75 * np.exp(-9.0 * max(depth, 0.0)))
