"""Water that mirrors what stands above it."""

from __future__ import annotations

import numpy as np

from sinopia.data.procedural.canvas import Canvas, color, mix
from sinopia.data.procedural.noise import Draws, fractal, smoothstep
from sinopia.data.procedural.plan import Plan

__all__ = ["paint_water"]


def paint_water(canvas: Canvas, plan: Plan, draws: Draws, class_id: int) -> None:
    """A lake, the sea or a river: the picture so far, upside down, broken by ripples."""
    water = plan.water
    if water is None:
        return
    height, width = canvas.size_hw
    rng = draws.of("water")
    first = min(height - 1, max(0, int(np.ceil(plan.horizon * height))))
    y = canvas.y[first:]
    depth = np.maximum((y - plan.horizon) / (1 - plan.horizon), 0.002).astype(np.float32)
    along = np.log(depth + 0.03).astype(np.float32)
    d = depth[:, None]
    shore = fractal(rng, canvas.u, along, frequency=(2.5, 2.5), octaves=4)
    rough = 0.02 * d**0.5 if water.kind != "river" else 0.09 * d
    inside = water.inside(canvas.x[None, :], d) + rough * shore
    if water.kind == "river":  # fractions of the width to pixels, for a band that is mostly upright
        pixels = inside * np.float32(width * 0.8)
    else:
        pixels = inside * np.float32((1 - plan.horizon) * height)
    covered = np.flatnonzero((pixels >= 0.5).any(1))
    if len(covered) == 0:
        return
    mirror = int(covered[0]) + first if water.kind == "lake" else first

    ripples = fractal(
        rng, canvas.u, along, frequency=(7, 30), octaves=4, gain=0.75, pixels=canvas.unit
    )
    strength = (0.004 + 0.05 * d) * np.float32(canvas.unit)
    below = np.arange(first, height, dtype=np.float32)[:, None] - mirror
    rows = mirror - 1 - np.abs(below) * 0.8 + ripples * strength
    rows = np.clip(np.rint(rows), 0, max(mirror - 1, 0)).astype(np.intp)
    sway = np.rint(ripples * strength * 0.35).astype(np.intp)
    columns = np.clip(np.arange(width)[None, :] + sway, 0, width - 1)
    reflection = canvas.rgb[:, rows, columns]

    sky = plan.light.sky
    body = mix(sky.zenith, plan.light.on(color(0.10, 0.36, 0.46), 0.5), 0.45)
    tone = mix(reflection, mix(sky.middle, body, 0.35), 0.34)
    tone = mix(tone, body, np.clip(0.06 + 0.40 * d, 0, 0.42))
    tone = tone * (0.97 + 0.05 * ripples)
    crests = smoothstep(0.30, 0.75, ripples) * np.clip(0.15 + d, 0, 0.5)
    tone = mix(tone, sky.horizon, crests * 0.5)
    if plan.sun_xy is not None:  # the glitter beneath the sun
        lane = np.exp(-(((canvas.x - plan.sun_xy[0]) / (0.05 + 0.16 * d)) ** 2))
        spark = smoothstep(-0.1, 0.55, ripples)
        tone = mix(tone, sky.sun, lane * spark * 0.85)
    bank = smoothstep(3.5, 0.0, pixels * np.float32(256 / canvas.unit))
    tone = tone * (1 - 0.25 * bank)
    canvas.paint(pixels, tone, class_id, top=first)
