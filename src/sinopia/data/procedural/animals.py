"""Sheep, cows and horses, standing or grazing, seen from the side with the head to the right."""

from __future__ import annotations

import numpy as np

from sinopia.data.procedural.canvas import Brush, color, mix
from sinopia.data.procedural.light import Light
from sinopia.data.procedural.noise import Array, fractal, smoothstep
from sinopia.data.procedural.shapes import capsule, ellipse

__all__ = ["ANIMAL_REACH", "cow", "horse", "sheep"]

ANIMAL_REACH = {
    # left, bottom, right, top in metres
    "sheep": (-0.85, -0.1, 0.95, 1.2),
    "cow": (-1.3, -0.1, 1.5, 1.75),
    "horse": (-1.4, -0.1, 1.65, 2.3),
}


def _shaded(brush: Brush, light: Light, low: float, high: float, wide: float) -> Array:
    """Light on a body whose back is at `high` and whose belly is at `low`, (h, w)."""
    x, y = brush.xy
    across = np.clip(x / np.float32(wide), -1, 1)
    up = np.clip((y - np.float32(low)) / np.float32(high - low) * 2 - 1, -1, 1)
    return np.clip(light.round(-across if brush.flip else across, up * 1.1), 0.05, 1)


def _legs(
    brush: Brush, tones: tuple[Array, Array], places: tuple[float, ...], top: float, radius: float
) -> None:
    """Four legs: the far pair first, in the darker tone."""
    x, y = brush.xy
    for k, place in enumerate(places):
        far = k < 2
        knee = place + (0.03 if k % 2 else -0.03)
        distance = np.maximum(
            capsule(x, y, (place, top), (knee, top * 0.45), (radius * 1.25, radius * 0.9)),
            capsule(x, y, (knee, top * 0.45), (place, radius * 0.6), (radius * 0.8, radius)),
        )
        brush.fill(distance, tones[0] if far else tones[1])


def sheep(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """A woolly body on short legs."""
    x, y = brush.xy
    grazing = rng.random() < 0.55
    wool = mix(color(0.96, 0.94, 0.88), color(0.84, 0.78, 0.66), float(rng.random()))
    face = color(0.20, 0.18, 0.17) if rng.random() < 0.6 else color(0.80, 0.74, 0.66)
    curls = fractal(rng, brush.x, brush.y, frequency=(4.5, 4.5), octaves=3, gain=0.7)
    _legs(
        brush,
        (light.on(face, 0.15), light.on(face, 0.5)),
        (-0.34, 0.30, -0.42, 0.38),
        0.42,
        0.055,
    )
    facing = _shaded(brush, light, 0.32, 1.0, 0.7) + 0.14 * curls
    body = np.maximum(
        ellipse(x, y, (-0.04, 0.66), (0.62, 0.36)), ellipse(x, y, (-0.42, 0.66), (0.28, 0.30))
    )
    body = np.maximum(body, ellipse(x, y, (0.36, 0.72), (0.28, 0.28)))
    brush.fill(body + 0.045 * curls, light.on(wool * (1 + 0.08 * curls), np.clip(facing, 0, 1)))
    hx, hy = (0.70, 0.36) if grazing else (0.70, 0.94)
    tip = (hx + 0.10, hy - 0.20) if grazing else (hx + 0.18, hy - 0.10)
    brush.fill(capsule(x, y, (hx - 0.12, hy + 0.06), tip, (0.14, 0.085)), light.on(face, 0.55))
    ear = capsule(x, y, (hx - 0.08, hy + 0.10), (hx - 0.24, hy + 0.06), (0.045, 0.03))
    brush.fill(ear, light.on(face, 0.35))
    brush.fill(ellipse(x, y, (hx - 0.08, hy + 0.17), (0.12, 0.08)), light.on(wool, 0.8))


_HIDES = (
    # coat, patches
    (color(0.92, 0.90, 0.86), color(0.14, 0.13, 0.13)),
    (color(0.90, 0.86, 0.80), color(0.50, 0.27, 0.15)),
    (color(0.52, 0.30, 0.18), color(0.46, 0.26, 0.16)),
    (color(0.74, 0.58, 0.40), color(0.92, 0.88, 0.82)),
)


def cow(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """A heavy, straight-backed body with patches, horns and a tail."""
    x, y = brush.xy
    grazing = rng.random() < 0.5
    coat, patches = _HIDES[int(rng.integers(len(_HIDES)))]
    spots = fractal(rng, brush.x, brush.y, frequency=(1.5, 1.7), octaves=2, gain=0.3)
    hide = mix(coat, patches, smoothstep(0.02, 0.10, spots))
    _legs(
        brush,
        (light.on(coat, 0.12), light.on(coat, 0.45)),
        (-0.62, 0.52, -0.76, 0.66),
        0.72,
        0.09,
    )
    facing = _shaded(brush, light, 0.55, 1.42, 1.1)
    body = np.maximum(
        capsule(x, y, (-0.58, 1.02), (0.48, 1.02), (0.38, 0.40)),
        ellipse(x, y, (-0.05, 0.92), (0.75, 0.40)),
    )
    brush.fill(capsule(x, y, (-0.95, 1.30), (-1.04, 0.62), (0.05, 0.04)), light.on(coat, 0.3))
    brush.fill(ellipse(x, y, (-0.42, 0.58), (0.18, 0.13)), light.on(color(0.90, 0.66, 0.62), 0.4))
    tone = light.on(hide, facing)
    brush.fill(body, tone)
    head, muzzle = ((1.12, 0.52), (1.22, 0.18)) if grazing else ((1.10, 1.36), (1.34, 1.12))
    brush.fill(capsule(x, y, (0.62, 1.10), head, (0.30, 0.17)), tone)
    brush.fill(capsule(x, y, head, muzzle, (0.17, 0.12)), light.on(coat * 0.96, 0.6))
    brush.detail(
        ellipse(x, y, muzzle, (0.12, 0.10)), light.on(color(0.82, 0.62, 0.58), 0.55), opacity=0.9
    )
    hx, hy = head
    horn = capsule(x, y, (hx - 0.02, hy + 0.14), (hx + 0.12, hy + 0.30), (0.045, 0.02))
    brush.fill(horn, light.on(color(0.90, 0.86, 0.74), 0.7))
    brush.fill(
        capsule(x, y, (hx - 0.10, hy + 0.08), (hx - 0.28, hy + 0.06), (0.06, 0.04)),
        light.on(patches, 0.4),
    )


_COATS = (
    # coat, mane
    (color(0.46, 0.26, 0.14), color(0.12, 0.09, 0.08)),
    (color(0.66, 0.40, 0.20), color(0.86, 0.72, 0.50)),
    (color(0.20, 0.17, 0.16), color(0.08, 0.07, 0.07)),
    (color(0.86, 0.84, 0.80), color(0.68, 0.66, 0.64)),
    (color(0.58, 0.32, 0.16), color(0.50, 0.28, 0.15)),
)


def horse(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """A slender body on long legs, with an arched neck, mane and tail."""
    x, y = brush.xy
    grazing = rng.random() < 0.45
    coat, hair = _COATS[int(rng.integers(len(_COATS)))]
    _legs(
        brush,
        (light.on(coat, 0.10), light.on(coat * 0.92, 0.45)),
        (-0.55, 0.44, -0.68, 0.58),
        0.92,
        0.075,
    )
    tail = capsule(x, y, (-0.82, 1.36), (-1.06, 0.72), (0.08, 0.12))
    brush.fill(tail, light.on(hair, 0.45))
    tone = light.on(coat, _shaded(brush, light, 0.85, 1.62, 1.0))
    body = np.maximum(
        ellipse(x, y, (-0.46, 1.24), (0.42, 0.37)), ellipse(x, y, (0.36, 1.22), (0.40, 0.38))
    )
    body = np.maximum(body, capsule(x, y, (-0.45, 1.22), (0.35, 1.20), (0.31, 0.32)))
    poll, nose = ((1.22, 0.62), (1.34, 0.16)) if grazing else ((0.98, 2.00), (1.34, 1.70))
    neck = capsule(x, y, (0.52, 1.32), poll, (0.30, 0.15))
    mane = capsule(
        x,
        y,
        (0.44, 1.58) if not grazing else (0.62, 1.52),
        (poll[0] - 0.06, poll[1] + 0.10) if not grazing else (poll[0] + 0.10, poll[1] + 0.16),
        (0.10, 0.08),
    )
    brush.fill(mane, light.on(hair, 0.5))
    brush.fill(body, tone)
    brush.fill(neck, tone)
    brush.fill(capsule(x, y, poll, nose, (0.15, 0.085)), light.on(coat, 0.6))
    ear = capsule(
        x, y, (poll[0] - 0.02, poll[1] + 0.12), (poll[0] + 0.02, poll[1] + 0.25), (0.05, 0.02)
    )
    brush.fill(ear, light.on(coat, 0.45))
