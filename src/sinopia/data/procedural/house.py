"""Houses: a gable, a long side, a roof, windows, a door and a chimney."""

from __future__ import annotations

import numpy as np

from sinopia.data.procedural.canvas import Brush, color, mix
from sinopia.data.procedural.light import Light
from sinopia.data.procedural.noise import Array, fractal
from sinopia.data.procedural.shapes import box, convex

__all__ = ["HOUSE_REACH", "house"]

HOUSE_REACH = (-4.2, -0.3, 6.2, 7.6)
"""Left, bottom, right, top in metres."""

_WALLS = (
    color(0.93, 0.90, 0.82),
    color(0.86, 0.76, 0.60),
    color(0.62, 0.56, 0.50),
    color(0.60, 0.24, 0.18),
    color(0.52, 0.38, 0.26),
    color(0.78, 0.83, 0.85),
)
_ROOFS = (
    color(0.66, 0.30, 0.20),
    color(0.52, 0.24, 0.18),
    color(0.36, 0.36, 0.40),
    color(0.46, 0.36, 0.26),
    color(0.62, 0.52, 0.30),
)


def house(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """One house, its gable to the left of its long side (mirrored when flipped)."""
    x, y = brush.xy
    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    roof = _ROOFS[int(rng.integers(len(_ROOFS)))]
    gable, side = rng.uniform(3.0, 3.9), rng.uniform(3.6, 5.2)
    eaves = rng.uniform(2.5, 3.7)
    ridge = eaves + rng.uniform(1.7, 2.9)
    left, corner = -gable + 0.6, 0.6
    far = corner + side
    sink = 0.30  # how much the far end of the long side shrinks with distance
    chimney_at = rng.uniform(0.25, 0.75)
    plaster = fractal(rng, brush.x, brush.y, frequency=(1.2, 1.2), octaves=3, pixels=brush.pixels)
    grime = 1 + 0.07 * plaster - 0.10 * np.exp(-2.0 * np.maximum(y, 0))

    gable_right = light.x * (-1 if brush.flip else 1)  # > 0: the long side is in the light
    gable_facing = np.clip(0.50 - 0.42 * gable_right, 0.05, 1)
    side_facing = np.clip(0.50 + 0.42 * gable_right, 0.05, 1)
    roof_facing = np.clip(0.62 + 0.30 * gable_right, 0.05, 1)
    dim = light.time == "dusk" or (light.time in ("dawn", "overcast") and rng.random() < 0.5)

    # The chimney stands behind the ridge.
    middle = left + gable / 2
    cx = middle + 0.5 + side * chimney_at
    stack = box(x, y, (cx - 0.27, eaves), (cx + 0.27, ridge + 0.75))
    brush.fill(stack, light.on(roof * 0.8, side_facing))

    # The long side.
    courses = 1 + 0.05 * np.sign(np.sin(y * 18))
    brush.fill(
        convex(x, y, [(corner, 0), (far, sink * 0.35), (far, eaves - sink), (corner, eaves)]),
        light.on(wall * grime * courses, side_facing),
    )
    # The gable.
    gable_outline = [(left, 0), (corner, 0), (corner, eaves), (middle, ridge), (left, eaves)]
    brush.fill(convex(x, y, gable_outline), light.on(wall * grime * courses, gable_facing))
    # The roof over the long side, with rows of tiles, and its edge over the gable.
    slope_x = (corner - middle) / (ridge - eaves)
    over = 0.28
    tiles = 1 + 0.09 * np.sin(y * 21) + 0.08 * plaster
    brush.fill(
        convex(
            x,
            y,
            [
                (middle - 0.02, ridge + 0.12),
                (middle + side * 0.97, ridge - sink * 0.7),
                (far + 0.25, eaves - sink - over * 0.7),
                (corner + over * slope_x, eaves - over),
            ],
        ),
        light.on(roof * tiles, roof_facing),
    )
    for edge, facing in ((left - over * slope_x, gable_facing), (corner + over * slope_x, 0.9)):
        _bar(brush, (middle, ridge + 0.1), (edge, eaves - over), 0.16, light.on(roof * 0.9, facing))

    glass = color(1.0, 0.80, 0.42) * 1.0 if dim else light.on(color(0.24, 0.32, 0.40), 0.6)
    frame = light.on(color(0.93, 0.92, 0.88), 0.6)
    door = light.on(_DOORS[int(rng.integers(len(_DOORS)))], gable_facing)
    storeys = [eaves * 0.52] if eaves < 3.1 else [eaves * 0.36, eaves * 0.80]
    for row, sill in enumerate(storeys):
        count = max(2, round(side / 1.6))
        for k in range(count):
            wx = corner + side * (k + 0.5) / count
            wy = sill - sink * (wx - corner) / side * sill / eaves
            _window(brush, (wx, wy), (0.30, 0.40), glass, frame)
        if row > 0 or len(storeys) == 1:
            _window(brush, (left + gable * 0.27, sill), (0.30, 0.40), glass, frame)
    _window(brush, (middle, eaves + 0.42), (0.26, 0.34), glass, frame)
    dx = left + gable * 0.68
    brush.detail(box(x, y, (dx - 0.52, 0), (dx + 0.52, 1.98)), frame)
    brush.detail(box(x, y, (dx - 0.42, 0), (dx + 0.42, 1.88)), door)


_DOORS = (
    color(0.42, 0.26, 0.16),
    color(0.20, 0.36, 0.30),
    color(0.56, 0.18, 0.16),
    color(0.20, 0.30, 0.46),
)


def _window(
    brush: Brush,
    center: tuple[float, float],
    half: tuple[float, float],
    glass: Array,
    frame: Array,
) -> None:
    x, y = brush.xy
    (cx, cy), (hx, hy) = center, half
    brush.detail(box(x, y, (cx - hx - 0.1, cy - hy - 0.1), (cx + hx + 0.1, cy + hy + 0.1)), frame)
    pane = box(x, y, (cx - hx, cy - hy), (cx + hx, cy + hy))
    bars = np.maximum(0.035 - np.abs(x - np.float32(cx)), 0.035 - np.abs(y - np.float32(cy)))
    gleam = mix(glass, color(0.95, 0.97, 1.0), 0.25 * np.clip((y - np.float32(cy)) / hy, 0, 1))
    brush.detail(np.minimum(pane, -bars), gleam)


def _bar(
    brush: Brush, start: tuple[float, float], end: tuple[float, float], width: float, tone: Array
) -> None:
    """A board between two points."""
    x, y = brush.xy
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = float(np.hypot(dx, dy))
    nx, ny = -dy / length * width / 2, dx / length * width / 2
    corners = [
        (start[0] + nx, start[1] + ny),
        (end[0] + nx, end[1] + ny),
        (end[0] - nx, end[1] - ny),
        (start[0] - nx, start[1] - ny),
    ]
    brush.fill(convex(x, y, corners), tone)
