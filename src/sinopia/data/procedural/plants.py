"""Trees, bushes and rocks."""

from __future__ import annotations

import numpy as np

from sinopia.data.procedural.canvas import Brush, color, mix
from sinopia.data.procedural.light import Light
from sinopia.data.procedural.noise import Array, fractal, smoothstep
from sinopia.data.procedural.shapes import capsule, convex

__all__ = ["BUSH_REACH", "ROCK_REACH", "TREE_REACH", "bush", "rock", "tree"]

# Left, bottom, right, top in metres.
TREE_REACH = (-3.6, -0.4, 3.6, 9.0)
BUSH_REACH = (-1.3, -0.2, 1.3, 1.6)
ROCK_REACH = (-0.9, -0.2, 0.9, 0.9)

_BARK = color(0.36, 0.27, 0.20)
_BIRCH_BARK = color(0.86, 0.85, 0.80)

_LEAVES = {
    "summer": (
        color(0.25, 0.45, 0.14),
        color(0.36, 0.54, 0.18),
        color(0.20, 0.38, 0.16),
        color(0.42, 0.55, 0.22),
    ),
    "spring": (
        color(0.45, 0.66, 0.22),
        color(0.36, 0.58, 0.20),
        color(0.94, 0.74, 0.80),
        color(0.62, 0.72, 0.30),
    ),
    "autumn": (
        color(0.82, 0.44, 0.12),
        color(0.86, 0.66, 0.18),
        color(0.66, 0.26, 0.14),
        color(0.48, 0.46, 0.18),
    ),
}
_NEEDLES = color(0.14, 0.30, 0.18)

_KINDS = ("oak", "oak", "conifer", "conifer", "poplar", "birch", "apple")


def tree(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """One tree: oak, conifer, poplar, birch or apple."""
    kind = str(rng.choice(_KINDS))
    leaves = _LEAVES[season][int(rng.integers(4))] * np.float32(rng.uniform(0.88, 1.12))
    if kind == "conifer":
        _conifer(brush, light, rng)
    elif kind == "poplar":
        _trunk(brush, light, rng, 2.0, 0.22, _BARK)
        blobs = [(0.0, 1.9 + 1.05 * k, r) for k, r in enumerate((0.75, 1.0, 1.1, 1.0, 0.75, 0.45))]
        _crown(brush, light, rng, blobs, leaves)
    elif kind == "birch":
        _trunk(brush, light, rng, 4.6, 0.15, _BIRCH_BARK)
        _crown(brush, light, rng, _heap(rng, (0, 4.6), (1.25, 1.9), 7, 0.85), leaves * 1.1)
    elif kind == "apple":
        _trunk(brush, light, rng, 1.9, 0.24, _BARK)
        _crown(brush, light, rng, _heap(rng, (0, 3.0), (1.5, 0.9), 6, 1.05), leaves)
    else:
        _trunk(brush, light, rng, 3.0, 0.36, _BARK)
        _crown(brush, light, rng, _heap(rng, (0, 4.6), (2.1, 1.5), 9, 1.25), leaves)


def bush(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """A low bush."""
    leaves = _LEAVES[season][int(rng.integers(2))] * np.float32(rng.uniform(0.75, 1.0))
    _crown(brush, light, rng, _heap(rng, (0, 0.5), (0.65, 0.2), 6, 0.48), leaves)


def rock(brush: Brush, light: Light, rng: np.random.Generator, season: str) -> None:
    """A boulder with a lit top, a shadow side and moss."""
    x, y = brush.xy
    corners = []
    for angle in np.linspace(0, 2 * np.pi, 8)[:-1] + rng.uniform(0, 0.9):
        radius = rng.uniform(0.78, 1.05)
        corners.append((0.8 * radius * np.cos(angle), 0.28 + 0.42 * radius * np.sin(angle)))
    noise = fractal(rng, brush.x, brush.y, frequency=(1.6, 1.6), octaves=4, pixels=brush.pixels)
    distance = np.minimum(convex(x, y, corners) + 0.05 * noise, y + 0.06 + 0.05 * noise)
    stone = color(0.55, 0.53, 0.50) * np.float32(rng.uniform(0.8, 1.15))
    right = -x if brush.flip else x
    facets = np.round((right + 0.5 * noise) * 2.2) / 2.2
    facing = light.round(facets * 1.2, np.clip((y - 0.3) * 2.4 + 0.4 * noise, -1, 1))
    albedo = mix(stone, _MOSS[season], smoothstep(0.25, 0.6, noise + y * 0.4) * 0.5)
    brush.fill(distance, light.on(albedo * (1 + 0.15 * noise), facing))


_MOSS = {
    "summer": color(0.40, 0.46, 0.22),
    "spring": color(0.42, 0.52, 0.26),
    "autumn": color(0.50, 0.44, 0.24),
}


def _trunk(
    brush: Brush, light: Light, rng: np.random.Generator, top: float, radius: float, bark: Array
) -> None:
    x, y = brush.xy
    lean = rng.uniform(-0.25, 0.25)
    distance = capsule(x, y, (0, 0), (lean, top), (radius, radius * 0.6))
    foot = capsule(x, y, (-radius * 1.3, -0.02), (radius * 1.3, -0.02), (0.07, 0.07))
    distance = np.maximum(distance, foot)
    across = np.clip((x - np.float32(lean) * y / np.float32(top)) / np.float32(radius), -1, 1)
    across = -across if brush.flip else across
    facing = light.round(across, np.zeros_like(across) - 0.2) - 0.3 * smoothstep(top * 0.5, top, y)
    albedo = bark
    if bark is _BIRCH_BARK:
        bars = fractal(rng, brush.x, brush.y, frequency=(2.5, 6), octaves=2)
        albedo = mix(bark, color(0.16, 0.15, 0.14), smoothstep(0.25, 0.45, bars))
    brush.fill(distance, light.on(albedo, np.clip(facing, 0, 1)))


def _heap(
    rng: np.random.Generator,
    center: tuple[float, float],
    spread: tuple[float, float],
    count: int,
    radius: float,
) -> list[tuple[float, float, float]]:
    """Blobs (x, y, radius) around a centre: one in the middle, the rest in a ring."""
    blobs = [(center[0], center[1], radius * 1.25)]
    start = rng.uniform(0, 2 * np.pi)
    for k in range(count - 1):
        angle = start + 2 * np.pi * k / (count - 1) + rng.uniform(-0.25, 0.25)
        reach = rng.uniform(0.6, 0.95)
        blobs.append(
            (
                center[0] + spread[0] * reach * float(np.cos(angle)),
                center[1] + spread[1] * reach * float(np.sin(angle)),
                radius * rng.uniform(0.7, 1.0),
            )
        )
    return blobs


def _crown(
    brush: Brush,
    light: Light,
    rng: np.random.Generator,
    blobs: list[tuple[float, float, float]],
    leaves: Array,
) -> None:
    """Foliage: a union of balls with a ragged edge, lit each as a ball and all as a whole."""
    x, y = brush.xy
    blob = np.array(blobs, np.float32)
    low, high = (blob[:, 1] - blob[:, 2]).min(), (blob[:, 1] + blob[:, 2]).max()
    wide = (np.abs(blob[:, 0]) + blob[:, 2]).max()
    size = max(wide, (high - low) / 2)
    frequency = 2.6 / size
    noise = fractal(
        rng,
        brush.x,
        brush.y,
        frequency=(frequency, frequency),
        octaves=5,
        gain=0.72,
        pixels=brush.pixels,
    )
    distance = np.full(noise.shape, -1e3, np.float32)
    local = np.zeros((2, *noise.shape), np.float32)
    for bx, by, radius in blob:
        dx, dy = x - bx, y - by
        inside = radius - np.sqrt(dx * dx + dy * dy)
        nearer = inside > distance
        np.copyto(distance, inside, where=nearer)
        np.copyto(local[0], dx / radius, where=nearer)
        np.copyto(local[1], dy / radius, where=nearer)
    across = 0.45 * x / np.float32(wide) + 0.55 * local[0]
    up = 0.5 * (2 * (y - low) / (high - low) - 1) + 0.5 * local[1]
    right = -across if brush.flip else across
    facing = light.round(right, up) + 0.30 * noise
    facing = facing * (0.7 + 0.3 * smoothstep(0, 0.35 * size, distance + 0.1 * size))
    albedo = leaves * (1 + 0.22 * noise)
    brush.fill(distance + noise * np.float32(0.11 * size), light.on(albedo, np.clip(facing, 0, 1)))


def _conifer(brush: Brush, light: Light, rng: np.random.Generator) -> None:
    """Tiers of hanging branches on a cone."""
    x, y = brush.xy
    tall, wide = rng.uniform(6.5, 8.3), rng.uniform(1.35, 1.9)
    tiers = int(rng.integers(6, 10))
    _trunk(brush, light, rng, 1.2, 0.2, _BARK)
    noise = fractal(
        rng, brush.x, brush.y, frequency=(1.6, 1.2), octaves=4, gain=0.7, pixels=brush.pixels
    )
    height = (y - 0.6) / np.float32(tall - 0.6)  # 0 at the lowest branches, 1 at the tip
    phase = np.clip(height, 0, 1) * tiers + np.abs(x) * 0.5
    tier = phase - np.floor(phase)  # 0 at the foot of a tier
    half = np.float32(wide) * (1 - height) * (1.12 - 0.42 * tier)
    distance = np.minimum((half - np.abs(x)) * 0.9, y - 0.55) + noise * 0.13 * (1.2 - height)
    right = np.clip(x / np.maximum(half, 0.05), -1, 1)
    right = -right if brush.flip else right
    facing = light.round(right, 0.55 - 1.1 * tier) + 0.28 * noise
    needles = _NEEDLES * np.float32(rng.uniform(0.85, 1.25))
    albedo = needles * (1.1 + 0.25 * noise)
    brush.fill(distance, light.on(albedo, np.clip(facing, 0, 1)))
