"""The sky: its gradient, the sun with its glow, and clouds."""

from __future__ import annotations

import numpy as np

from sinopia.data.procedural.canvas import Canvas, color, mix
from sinopia.data.procedural.noise import Array, Draws, fractal, smoothstep
from sinopia.data.procedural.plan import Plan

__all__ = ["paint_clouds", "paint_mist", "paint_sky", "paint_sun"]

_FLAT = {"streaks": (1.1, 8.0), "overcast": (1.4, 4.2)}
"""Cells per unit along x and y of the clouds that have no outline of their own."""


def paint_sky(canvas: Canvas, plan: Plan, class_id: int) -> None:
    """Fill the canvas with a gradient from zenith to horizon, warmer and brighter round the sun."""
    sky = plan.light.sky
    fall = np.clip(canvas.y / np.float32(plan.horizon), 0, 1)[:, None]
    tone = mix(sky.zenith, sky.middle, smoothstep(0.0, 0.68, fall))
    tone = mix(tone, sky.horizon, smoothstep(0.42, 1.0, fall) * 0.95)
    canvas.rgb[...] = tone
    canvas.ids[...] = class_id
    if plan.light.time == "overcast":
        return
    away = _from_sun(canvas, plan)
    wide = np.exp(-away * 3.2) * (0.62 if plan.light.elevation < 0.5 else 0.40)
    close = np.exp(-away * 14.0) * 0.75
    canvas.rgb += (sky.sun * mix(sky.horizon, color(1, 1, 1), 0.3) - canvas.rgb) * wide
    canvas.rgb += (sky.sun - canvas.rgb) * close


def _from_sun(canvas: Canvas, plan: Plan) -> Array:
    """Distance to the sun in units, (H, W); an unseen sun stands above the picture's side."""
    x, y = plan.sun_xy or (0.5 + 0.7 * plan.light.x, -0.25)
    height, width = canvas.size_hw
    du = canvas.u[None, :] - np.float32(x * width / canvas.unit)
    dv = canvas.v[:, None] - np.float32(y * height / canvas.unit)
    return np.sqrt(du * du + dv * dv)


def paint_sun(canvas: Canvas, plan: Plan, class_id: int) -> None:
    """The disc of the sun, instance 1, when it is within the picture."""
    if plan.sun_xy is None:
        return
    radius = plan.sun_radius
    brush = canvas.brush(plan.sun_xy, radius, (-1, -1, 1, 1), class_id=class_id, instance=1)
    if brush is None:
        return
    x, y = brush.xy
    away = np.sqrt(x * x + y * y)
    low = plan.light.elevation < 0.5
    rim = mix(plan.light.sky.sun, plan.light.sky.horizon, 0.25 if low else 0.0)
    tone = mix(color(1.0, 1.0, 0.96), rim, np.clip(away, 0, 1) ** 2)
    brush.fill(1 - away, tone)


def paint_clouds(canvas: Canvas, plan: Plan, draws: Draws, class_id: int) -> None:
    """Heaped, streaked or closed clouds, lit from the sun's side, grey beneath."""
    if plan.clouds == "clear":
        return
    rng = draws.of("clouds")
    last = max(1, int(np.ceil(plan.horizon * canvas.size_hw[0])) + 1)
    v = canvas.v[:last]
    if plan.clouds == "cumulus":
        density = _heaps(canvas, plan, rng, v)
        softness, depth = 5.0, 0.30
    else:
        density = _sheets(canvas, plan, rng, v)
        softness, depth = 2.2, 0.45
    # Light from above and from the sun's side: more cloud towards the light means shade.
    shift = max(1, round(0.035 * canvas.unit))
    up = density - _shifted(density, shift, 0)
    side = density - _shifted(density, 0, -shift if plan.light.x > 0 else shift)
    facing = np.clip(0.62 + 0.55 * up + 0.38 * side - 0.10 * density, 0, 1)
    sky = plan.light.sky
    low = plan.light.elevation < 0.5
    if plan.clouds == "overcast":
        dark, bright = color(0.50, 0.54, 0.60), color(0.90, 0.91, 0.92)
    elif low:  # lit from below the horizon's colours
        dark = mix(sky.middle, sky.zenith, 0.45) * 0.88
        bright = mix(sky.horizon, sky.sun, 0.6)
    else:
        dark, bright = color(0.62, 0.68, 0.78), color(1.0, 1.0, 0.99)
    tone = mix(dark, bright, facing)
    near_sun = np.exp(-_from_sun(canvas, plan)[:last] * 5.0)
    tone = mix(tone, sky.sun, near_sun * (0.0 if plan.clouds == "overcast" else 0.5))
    fall = np.clip(canvas.y[:last] / np.float32(plan.horizon), 0, 1)[:, None]
    tone = mix(tone, sky.horizon, 0.55 * fall**3)
    opacity = np.clip(0.5 + density * softness, 0, 1)
    if plan.clouds != "cumulus":
        opacity = opacity * np.float32(0.92)
    view, inside = canvas.rgb[:, :last], opacity >= 0.5
    view += (tone - view) * opacity * (1 - depth * 0.3 * (1 - opacity))
    canvas.ids[:last][inside] = class_id
    canvas.instances[:last][inside] = 0


def paint_mist(canvas: Canvas, plan: Plan, draws: Draws) -> None:
    """At dawn, mist over the far meadow: air before the land, which keeps its labels."""
    if plan.light.time != "dawn":
        return
    rng = draws.of("mist")
    low = np.float32(plan.horizon + rng.uniform(0.01, 0.04))
    drift = fractal(rng, canvas.u, canvas.v, frequency=(1.6, 7.0), octaves=3)
    band = np.exp(-(((canvas.y[:, None] - low) / np.float32(0.055)) ** 2))
    weight = band * np.clip(0.42 + 0.4 * drift, 0, 0.8) * np.float32(rng.uniform(0.3, 1.0))
    canvas.rgb += (plan.light.sky.air - canvas.rgb) * weight


def _shifted(field: Array, down: int, right: int) -> Array:
    """The field as seen `down` rows above and `right` columns to the left, edges repeated."""
    height, width = field.shape
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return field[rows][:, columns]


def _heaps(canvas: Canvas, plan: Plan, rng: np.random.Generator, v: Array) -> Array:
    """Density of heaped clouds with flat feet, smaller towards the horizon; cloud above 0."""
    count = int(rng.integers(2, 8))
    spread = canvas.size_hw[1] / canvas.unit
    roof = plan.horizon * canvas.size_hw[0] / canvas.unit
    lumps = fractal(
        rng, canvas.u, v, frequency=(5.5, 7.5), octaves=5, gain=0.55, pixels=canvas.unit
    )
    density = np.full((len(v), len(canvas.u)), -1.0, np.float32)
    for _ in range(count):
        x, height = rng.uniform(-0.05, 1.05), rng.random() ** 0.8
        y = roof * (0.12 + 0.72 * height)
        size = (0.34 - 0.22 * height) * rng.uniform(0.65, 1.25)
        du = (canvas.u - np.float32(x * spread)) / np.float32(size)
        dv = (v - np.float32(y)) / np.float32(size * 0.42)
        dv = np.where(dv > 0, dv * 3.2, dv)  # the flat foot
        heap = 1 - np.sqrt(du[None, :] ** 2 + dv[:, None] ** 2)
        np.maximum(density, heap, out=density)
    return density + lumps * 0.42 - 0.12


def _sheets(canvas: Canvas, plan: Plan, rng: np.random.Generator, v: Array) -> Array:
    """Density of streaks or a closed cover, flatter towards the horizon; cloud above 0."""
    frequency = _FLAT[plan.clouds]
    roof = plan.horizon * canvas.size_hw[0] / canvas.unit
    along = -np.log(np.maximum(1.12 - v / np.float32(roof), 0.05)).astype(np.float32) * 0.5
    field = fractal(
        rng, canvas.u, along, frequency=frequency, octaves=6, gain=0.52, pixels=canvas.unit
    )
    cover = rng.uniform(0.28, 0.6) if plan.clouds == "overcast" else rng.uniform(-0.3, -0.05)
    return field + np.float32(cover)
