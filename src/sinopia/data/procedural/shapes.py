"""Distances to simple outlines: positive inside, negative outside, zero on the outline.

All take coordinates that broadcast to (H, W) and return (H, W) float32 in the same unit. A union is
`np.maximum` of two distances, an intersection `np.minimum`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sinopia.data.procedural.noise import Array

__all__ = ["box", "capsule", "convex", "ellipse"]

Point = tuple[float, float]


def ellipse(x: Array, y: Array, center: Point, radii: Point) -> Array:
    """Distance to an ellipse with axes along x and y, exact for circles and on every outline."""
    dx = (x - np.float32(center[0])) * np.float32(1 / radii[0])
    dy = (y - np.float32(center[1])) * np.float32(1 / radii[1])
    return (1 - np.sqrt(dx * dx + dy * dy)) * np.float32(min(radii))


def capsule(x: Array, y: Array, start: Point, end: Point, radii: Point) -> Array:
    """Distance to a thick line whose radius changes evenly from start to end."""
    ax, ay = (np.float32(end[0] - start[0]), np.float32(end[1] - start[1]))
    dx, dy = x - np.float32(start[0]), y - np.float32(start[1])
    along = np.clip((dx * ax + dy * ay) / np.float32(ax * ax + ay * ay + 1e-9), 0, 1)
    dx, dy = dx - along * ax, dy - along * ay
    radius = np.float32(radii[0]) + along * np.float32(radii[1] - radii[0])
    return radius - np.sqrt(dx * dx + dy * dy)


def box(x: Array, y: Array, low: Point, high: Point) -> Array:
    """Distance to an upright rectangle between two corners."""
    cx, cy = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    dx = np.float32((high[0] - low[0]) / 2) - np.abs(x - np.float32(cx))
    dy = np.float32((high[1] - low[1]) / 2) - np.abs(y - np.float32(cy))
    return np.minimum(dx, dy)


def convex(x: Array, y: Array, corners: Sequence[Point]) -> Array:
    """Distance to a convex polygon, its corners in either order around it."""
    area = sum(
        ax * by - bx * ay
        for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True)
    )
    turn = 1.0 if area > 0 else -1.0
    distance: Array | None = None
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        ex, ey = bx - ax, by - ay
        scale = turn / max(np.hypot(ex, ey), 1e-9)
        side = (y - np.float32(ay)) * np.float32(ex * scale) - (x - np.float32(ax)) * np.float32(
            ey * scale
        )
        distance = side if distance is None else np.minimum(distance, side)
    assert distance is not None
    return distance
