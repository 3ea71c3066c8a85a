"""The land: mountains, hills, the meadow with its flowers, the path, sand and water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sinopia.data.procedural.canvas import Canvas, color, mix
from sinopia.data.procedural.noise import Array, Draws, fractal, fractal_line, smoothstep
from sinopia.data.procedural.plan import Plan

__all__ = ["paint_ground", "paint_hills", "paint_mountains", "paint_path", "shade_ground"]

_GRASS = {
    # far, near and dry colours of the meadow
    "summer": (color(0.62, 0.78, 0.34), color(0.27, 0.50, 0.13), color(0.70, 0.70, 0.32)),
    "spring": (color(0.60, 0.84, 0.40), color(0.30, 0.60, 0.18), color(0.66, 0.82, 0.36)),
    "autumn": (color(0.80, 0.72, 0.38), color(0.44, 0.44, 0.16), color(0.78, 0.60, 0.28)),
}

_FIELDS = {
    "summer": (
        color(0.42, 0.60, 0.24),
        color(0.76, 0.72, 0.36),
        color(0.52, 0.68, 0.30),
        color(0.32, 0.50, 0.22),
    ),
    "spring": (
        color(0.46, 0.68, 0.28),
        color(0.84, 0.80, 0.30),
        color(0.56, 0.74, 0.36),
        color(0.38, 0.58, 0.26),
    ),
    "autumn": (
        color(0.62, 0.56, 0.28),
        color(0.72, 0.52, 0.26),
        color(0.50, 0.52, 0.26),
        color(0.58, 0.40, 0.22),
    ),
}


def paint_mountains(canvas: Canvas, plan: Plan, draws: Draws, class_id: int) -> None:
    """Ridges behind ridges, lit from one side, snow on the high ones, fading with distance."""
    height = canvas.size_hw[0]
    for layer in range(plan.mountains):
        rng = draws.of(f"mountain {layer}")
        distance = (plan.mountains - layer) / 3  # 1/3 near, 1 far
        top = plan.horizon * rng.uniform(0.42, 0.72) * (0.55 + 0.55 * distance)
        peaks = int(rng.integers(3, 7))
        centers = (np.arange(peaks) + rng.uniform(0.0, 1.0, peaks)) / peaks * 1.3 - 0.15
        heights = top * rng.uniform(0.5, 1.0, peaks)
        slopes = rng.uniform(0.5, 0.95, peaks) * (canvas.size_hw[1] / canvas.unit)
        snow_line = top * rng.uniform(0.35, 0.75) if rng.random() < 0.7 else 1.0
        rock = mix(color(0.52, 0.47, 0.44), color(0.40, 0.44, 0.47), float(rng.random()))
        first = max(0, int((plan.horizon - top * 1.35) * height))
        last = min(height, int((plan.horizon + 0.06) * height) + 2)
        v = canvas.v[first:last]
        folds = fractal(
            rng, canvas.u, v, frequency=(4.0, 3.0), octaves=5, gain=0.55, pixels=canvas.unit
        )
        gullies = 1 - 2 * np.abs(
            fractal(rng, canvas.u, v, frequency=(8.0, 4.0), octaves=4, gain=0.6, pixels=canvas.unit)
        )  # sharp crests, as running water leaves them
        form = np.full(folds.shape, -1.0, np.float32)
        wobble = canvas.x[None, :] + folds * 0.045
        for center, peak, slope in zip(centers, heights, slopes, strict=True):
            drop = np.abs(wobble - np.float32(center)) * np.float32(slope)
            np.maximum(form, np.float32(peak) - drop, out=form)
        form += (gullies - 0.4) * np.float32(0.08 * top) + folds * np.float32(0.08 * top)
        altitude = (np.float32(plan.horizon) - canvas.y[first:last])[:, None]
        # The slope towards the side of the light, in units a unit.
        rise = np.empty_like(form)
        rise[:, 1:-1] = form[:, 2:] - form[:, :-2]
        rise[:, 0], rise[:, -1] = rise[:, 1], rise[:, -2]
        rise *= np.float32(-0.5 * canvas.unit * plan.light.x)
        facing = 0.46 + 0.46 * np.tanh(rise * 1.2)
        albedo = rock * (1 + 0.14 * folds + 0.08 * gullies)
        woods = smoothstep(0.10, 0.02, altitude + 0.04 * folds)
        albedo = mix(albedo, color(0.24, 0.34, 0.22), woods * 0.75)
        snow = smoothstep(
            -0.006,
            0.012,
            altitude - np.float32(snow_line) + folds * 0.03 + gullies * 0.02 - 0.012,
        )
        albedo = mix(albedo, color(0.97, 0.98, 1.0), snow)
        tone = plan.light.on(albedo, facing)
        haze = plan.light.sky.haze * (0.15 + 0.70 * distance)
        veil = np.float32(haze) * (1.25 - 0.6 * np.maximum(altitude, 0) / np.float32(top))
        tone = mix(tone, plan.light.sky.air, np.clip(veil, 0, 0.92))
        canvas.paint((form - altitude) * np.float32(height * 0.7), tone, class_id, top=first)


def paint_hills(canvas: Canvas, plan: Plan, draws: Draws, class_id: int) -> None:
    """Rolling hills with a patchwork of fields, the nearer the greener."""
    height = canvas.size_hw[0]
    for layer in range(plan.hills):
        rng = draws.of(f"hill {layer}")
        nearness = (layer + 1) / plan.hills
        lift = 0.10 * (1 - 0.75 * layer / 3) * rng.uniform(0.7, 1.2)
        ridge = plan.horizon + 0.02 - lift
        ridge = ridge + 0.05 * fractal_line(
            rng, canvas.x, frequency=rng.uniform(1.6, 3.0), octaves=3, gain=0.35
        )
        first = max(0, int((ridge.min() - 0.01) * height))
        last = min(height, int((plan.horizon + 0.09) * height) + 2)
        y = canvas.y[first:last]
        down = y[:, None] - ridge[None, :]  # below the ridge, in heights
        warp = fractal(rng, canvas.u, y, frequency=(3, 7), octaves=3)
        # Fields: the cells of a bent, slanting grid, a crop each, hedges between them.
        across = canvas.u[None, :] * np.float32(5 + 3 * (1 - nearness)) + 0.55 * warp
        strip = np.log(np.maximum(down, 0) + 0.02) * np.float32(3.2) + 0.5 * warp + across * 0.25
        row = np.floor(strip)
        across = across + row * np.float32(0.37)
        crops = rng.integers(0, 4, 97).astype(np.uint8)
        crop = crops[((np.floor(across) * 7 + row * 13) % 97).astype(np.intp)]
        fields = np.stack(_FIELDS[plan.season])[:, :, 0, 0]  # (4, 3)
        albedo = fields[crop].transpose(2, 0, 1)
        hedge = smoothstep(0.10, 0.03, np.minimum(across - np.floor(across), strip - row))
        furrows = np.sin((across + strip * (crop.astype(np.float32) - 1)) * 40)
        albedo = albedo * (1 + 0.06 * furrows + 0.10 * warp)
        woods = smoothstep(0.22, 0.36, warp)
        albedo = mix(albedo, color(0.17, 0.30, 0.13), np.maximum(hedge * 0.75, woods * 0.8))
        tilt = np.gradient(ridge) * np.float32(canvas.size_hw[1])
        facing = 0.55 + np.float32(0.9 * plan.light.x) * tilt[None, :] + 0.12 * warp
        facing = np.clip(facing + 0.25 * smoothstep(0.03, 0.0, down) - 0.8 * down, 0.05, 1)
        tone = plan.light.on(albedo, facing)
        tone = mix(tone, plan.light.sky.air, float(plan.light.sky.haze * (0.75 - 0.5 * nearness)))
        canvas.paint(down * np.float32(height), tone, class_id, top=first)


def paint_ground(
    canvas: Canvas, plan: Plan, draws: Draws, *, grass: int, flower: int, sand: int
) -> None:
    """The meadow with its flowers, and sand along the water."""
    height = canvas.size_hw[0]
    rng = draws.of("meadow")
    edge = plan.horizon + 0.02 + 0.008 * fractal_line(rng, canvas.x, frequency=3, octaves=3)
    if plan.water is not None and plan.water.kind == "sea":
        edge = edge * 0 + plan.horizon + 0.004
    first = max(0, int((plan.horizon - 0.01) * height))
    y = canvas.y[first:]
    depth = np.maximum((y - plan.horizon) / (1 - plan.horizon), 0.004)  # (h,)
    far, near, dry = _GRASS[plan.season]
    # Rows crowd together towards the horizon: noise runs along the logarithm of depth.
    along = np.log(depth + 0.03).astype(np.float32)
    broad = fractal(rng, canvas.u, along, frequency=(1.3, 1.6), octaves=3)
    tufts = fractal(
        rng, canvas.u, along, frequency=(9, 9), octaves=4, gain=0.75, pixels=canvas.unit
    )
    blades = fractal(
        rng,
        canvas.u,
        canvas.v[first:],
        frequency=(60, 16),
        octaves=3,
        gain=0.85,
        pixels=canvas.unit,
    )
    d = depth[:, None]
    albedo = mix(far, near, np.clip(0.12 + 0.8 * d**0.7 + 0.28 * tufts + 0.1 * broad, 0, 1))
    albedo = mix(albedo, dry, np.clip(broad * 0.9 - 0.05, 0, 0.6))
    texture = 1 + 0.13 * tufts + blades * (0.24 * d)
    albedo = albedo * texture
    facing = np.clip(0.72 + 0.18 * broad, 0, 1)
    air, weight = plan.light.air(0.0)
    tone = plan.light.on(albedo, facing)
    tone = mix(tone, air, np.float32(weight * 0.8) * np.exp(-9 * d))
    below = (y[:, None] - edge[None, :]) * np.float32(height)
    canvas.paint(below, tone, grass, top=first)
    if plan.flowers > 0:
        _paint_flowers(canvas, plan, draws, flower, first, depth, below)
    if plan.sandy and plan.water is not None:
        rng = draws.of("sand")
        rough = fractal(rng, canvas.u, along, frequency=(2.5, 2.5), octaves=3)
        inside = plan.water.inside(canvas.x[None, :], d) + 0.02 * rough
        width = 0.035 + 0.07 * d if plan.water.kind == "lake" else 0.05 + 0.16 * d
        grain = 1 + 0.06 * tufts + 0.05 * blades
        tone = plan.light.on(color(0.88, 0.78, 0.56) * grain, 0.75 + 0.1 * rough)
        canvas.paint(
            np.minimum((inside + width) * np.float32((1 - plan.horizon) * height), below),
            tone,
            sand,
            top=first,
        )


def _paint_flowers(
    canvas: Canvas, plan: Plan, draws: Draws, class_id: int, first: int, depth: Array, below: Array
) -> None:
    """Drifts of flowers: parts of the meadow, dense with dots that shrink with distance."""
    rng = draws.of("flowers")
    kinds = np.array(
        [
            (0.86, 0.18, 0.16),
            (0.98, 0.84, 0.22),
            (0.97, 0.96, 0.92),
            (0.62, 0.42, 0.84),
            (0.96, 0.55, 0.70),
            (0.36, 0.42, 0.86),
        ],
        np.float32,
    )
    first_kind, second_kind = rng.choice(len(kinds), 2, replace=False)
    along = np.log(depth + 0.03).astype(np.float32)
    drifts = fractal(rng, canvas.u, along, frequency=(2.2, 2.6), octaves=4)
    threshold = 0.62 - 0.4 * plan.flowers
    region = (drifts - np.float32(threshold)) * np.float32(0.10 * canvas.unit)
    # A blossom a cell of a grid that shrinks with distance, off the cell's middle.
    d = depth[:, None]
    near = d + np.float32(0.12)
    span = np.float32((1 - plan.horizon) * canvas.size_hw[0] / canvas.unit)
    across = (canvas.u[None, :] - np.float32(0.5)) * np.float32(24) / near
    down = np.log(near) * (span * np.float32(24))
    row = np.floor(down)
    across = across + row * np.float32(0.618)
    column = np.floor(across)
    table = rng.random((3, 251), np.float32)
    cell = ((column * 17 + row * 101) % 251).astype(np.intp)
    dx = across - column - (0.3 + 0.4 * table[0])[cell]
    dy = down - row - (0.3 + 0.4 * table[1])[cell]
    size = (0.52 * table[2] ** 0.6)[cell]
    petals = smoothstep(0.10, -0.10, np.sqrt(dx * dx + dy * dy) - size)
    which = fractal(rng, canvas.u, along, frequency=(7, 7), octaves=2) + 0.8 * (size - 0.3)
    tint = np.where(
        (which > 0.05)[None], kinds[first_kind][:, None, None], kinds[second_kind][:, None, None]
    )
    tone = plan.light.on(tint.astype(np.float32), np.clip(0.78 - 0.7 * dy, 0.1, 1))
    view = canvas.rgb[:, first:]
    air, weight = plan.light.air(0.0)
    tone = mix(tone, air, np.float32(weight * 0.8) * np.exp(-9 * d))
    canvas.paint(np.minimum(region, below), mix(view * 0.9, tone, petals), class_id, top=first)


def paint_path(canvas: Canvas, plan: Plan, draws: Draws, class_id: int) -> None:
    """A winding track with two ruts, narrowing with distance."""
    path = plan.path
    if path is None:
        return
    height, width = canvas.size_hw
    rng = draws.of("path")
    first = min(height - 1, max(0, int(plan.row(path.far_depth) * height)))
    y = canvas.y[first:]
    depth = np.maximum((y - plan.horizon) / (1 - plan.horizon), 0.004)
    along = np.log(depth + 0.03).astype(np.float32)
    rough = fractal(
        rng, canvas.u, along, frequency=(14, 10), octaves=3, gain=0.6, pixels=canvas.unit
    )
    pebbles = fractal(rng, canvas.u, canvas.v[first:], frequency=(60, 40), octaves=2, gain=0.8)
    d = depth[:, None].astype(np.float32)
    inside = path.inside(canvas.x[None, :], d) + 0.022 * d * rough
    across = 1 - inside / (path.half_width * d)  # 0 in the middle, 1 at the edges
    ruts = np.exp(-(((across - 0.5) / 0.2) ** 2))
    crown = smoothstep(0.24, 0.08, across + 0.3 * rough)
    albedo = mix(color(0.74, 0.62, 0.44), color(0.56, 0.45, 0.31), 0.75 * ruts)
    albedo = mix(albedo, _GRASS[plan.season][0] * 0.85, crown * 0.55)
    albedo = albedo * (1 + 0.10 * rough + 0.10 * pebbles * d)
    tone = plan.light.on(albedo, np.clip(0.72 - 0.25 * smoothstep(0.8, 1.0, across), 0, 1))
    air, weight = plan.light.air(0.0)
    tone = mix(tone, air, np.float32(weight * 0.8) * np.exp(-9 * d))
    canvas.paint(inside * np.float32(width), tone, class_id, top=first)


def shade_ground(canvas: Canvas, shadow: Array, ground: NDArray[np.bool_]) -> None:
    """Darken the ground, a mask (H, W), by a shadow map (H, W) in [0, 1]."""
    canvas.rgb *= 1 - color(0.66, 0.62, 0.52) * np.where(ground, shadow, np.float32(0))
