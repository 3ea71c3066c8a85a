"""What a scene holds and where, drawn in fractions of the canvas: the same at every size.

The ground is a plane seen from a little above it. Its depth t is 0 at the horizon and 1 at the
lower edge of the picture; a thing that stands at depth t appears t times as large as one at the
lower edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sinopia.data.procedural.light import TIMES, Light
from sinopia.data.procedural.noise import Array, Draws

__all__ = ["METRE", "Item", "Plan", "Water", "Winding", "plan_scene"]

METRE = 0.145
"""One metre at depth 1, in units of the canvas."""

SEASONS = ("summer", "summer", "spring", "autumn")

CLOUDS = ("clear", "cumulus", "cumulus", "streaks", "cumulus")


@dataclass(frozen=True)
class Winding:
    """A band that winds over the ground towards the horizon: a path or a river."""

    near_x: float
    far_x: float
    far_depth: float
    swing: float
    turns: float
    phase: float
    half_width: float
    """At depth 1, as a fraction of the width of the canvas."""

    def center(self, depth: Array) -> Array:
        """Where the middle of the band runs, as a fraction of the width."""
        reach = np.clip((depth - self.far_depth) / (1 - self.far_depth), 0, 1)
        wave = np.sin(self.phase + self.turns * np.log(np.maximum(depth, 0.01)))
        start = float(np.sin(self.phase + self.turns * np.log(self.far_depth)))
        straight = self.far_x + (self.near_x - self.far_x) * reach
        return straight + self.swing * (depth * wave - self.far_depth * start)

    def inside(self, x: Array, depth: Array) -> Array:
        """Distance into the band, in fractions of the width; negative outside."""
        return self.half_width * depth - np.abs(x - self.center(depth))


@dataclass(frozen=True)
class Water:
    """A lake, the sea, or a river."""

    kind: str
    """"lake", "sea" or "river"."""
    center_x: float
    depth: float
    """Of a lake's middle, or of the sea's shore."""
    radius_x: float
    radius_depth: float
    slope: float
    course: Winding

    def inside(self, x: Array, depth: Array) -> Array:
        """Distance into the water, roughly in depths; negative on land."""
        if self.kind == "sea":
            return self.depth + self.slope * (x - 0.5) - depth
        if self.kind == "lake":
            dx, dt = (x - self.center_x) / self.radius_x, (depth - self.depth) / self.radius_depth
            return (1 - np.sqrt(dx * dx + dt * dt)) * self.radius_depth
        return self.course.inside(x, depth)


@dataclass(frozen=True)
class Item:
    """One object that stands on the ground."""

    kind: str
    """Its class: "tree", "house", "sheep" and so on."""
    x: float
    depth: float
    scale: float
    flip: bool
    number: int = 0
    """Its instance id."""


@dataclass(frozen=True)
class Plan:
    """Everything that is drawn by lot for a scene, but for textures."""

    light: Light
    season: str
    horizon: float
    sun_xy: tuple[float, float] | None
    """Where the sun stands, when it is within the picture."""
    sun_radius: float
    clouds: str
    mountains: int
    hills: int
    water: Water | None
    sandy: bool
    path: Winding | None
    flowers: float
    """How much of the meadow is in flower, 0 to 1."""
    items: tuple[Item, ...]
    """From far to near."""

    def row(self, depth: float) -> float:
        """The height in the picture, as a fraction from the top, of the ground at a depth."""
        return self.horizon + (1 - self.horizon) * depth


def plan_scene(draws: Draws) -> Plan:
    """Draw a scene."""
    rng = draws.of("plan")
    light = _light(rng)
    horizon = float(rng.uniform(0.34, 0.54))
    season = str(rng.choice(SEASONS))
    overcast = light.time == "overcast"
    shows_sun = rng.random() < {"noon": 0.45, "overcast": 0.0}.get(light.time, 0.8)
    low = 0.75 if light.time in ("dawn", "dusk") else 0.30
    sun_x = 0.5 + 0.5 * light.x * rng.uniform(0.25, 0.85)
    sun_y = horizon * (low + rng.uniform(-0.2, 0.1))
    clouds = "overcast" if overcast else str(rng.choice(CLOUDS))
    water = _water(draws.of("water plan"))
    mountains = int(rng.choice([0, 1, 2, 3], p=[0.25, 0.25, 0.3, 0.2]))
    hills = int(rng.choice([0, 1, 2, 3], p=[0.15, 0.3, 0.35, 0.2]))
    if water is not None and water.kind == "sea":
        hills, mountains = 0, min(mountains, 1)  # an open horizon, or a far coast
    path = _path(draws.of("path plan"), water)
    flowers = float(rng.uniform(0.3, 1.0)) if rng.random() < 0.45 and season != "autumn" else 0.0
    sandy = water is not None and water.kind != "river" and rng.random() < 0.65
    plan = Plan(
        light=light,
        season=season,
        horizon=horizon,
        sun_xy=(float(sun_x), float(sun_y)) if shows_sun else None,
        sun_radius=float(rng.uniform(0.028, 0.05)),
        clouds=clouds,
        mountains=mountains,
        hills=hills,
        water=water,
        sandy=bool(sandy),
        path=path,
        flowers=flowers,
        items=(),
    )
    return _furnish(draws.of("items"), plan)


def _light(rng: np.random.Generator) -> Light:
    time = str(rng.choice(TIMES, p=[0.2, 0.4, 0.22, 0.18]))
    side = 1.0 if rng.random() < 0.5 else -1.0
    elevation = {"noon": 0.85, "overcast": 0.9}.get(time, 0.25) + rng.uniform(-0.1, 0.1)
    tint = 1 + rng.uniform(-0.05, 0.05, 3)
    return Light(
        time,
        float(side * rng.uniform(0.55, 1.0)),
        float(elevation),
        (float(tint[0]), float(tint[1]), float(tint[2])),
    )


def _winding(rng: np.random.Generator, *, half_width: float, far_depth: float) -> Winding:
    return Winding(
        near_x=float(rng.uniform(0.15, 0.85)),
        far_x=float(rng.uniform(0.2, 0.8)),
        far_depth=far_depth,
        swing=float(rng.uniform(0.12, 0.3)),
        turns=float(rng.uniform(2.2, 4.2)),
        phase=float(rng.uniform(0, 2 * np.pi)),
        half_width=half_width,
    )


def _water(rng: np.random.Generator) -> Water | None:
    kind = str(rng.choice(["none", "lake", "sea", "river"], p=[0.3, 0.33, 0.15, 0.22]))
    sea = kind == "sea"
    radius = float(rng.uniform(0.07, 0.17))
    water = Water(
        kind=kind,
        center_x=float(rng.uniform(0.1, 0.9)),
        depth=float(rng.uniform(0.14, 0.36)) if sea else radius + float(rng.uniform(0.05, 0.16)),
        radius_x=float(rng.uniform(0.3, 0.75)),
        radius_depth=radius,
        slope=float(rng.uniform(-0.16, 0.16)),
        course=_winding(rng, half_width=float(rng.uniform(0.16, 0.3)), far_depth=0.03),
    )
    return None if kind == "none" else water


def _path(rng: np.random.Generator, water: Water | None) -> Winding | None:
    path = _winding(rng, half_width=float(rng.uniform(0.08, 0.15)), far_depth=0.045)
    if rng.random() > 0.68 or (water is not None and water.kind == "river"):
        return None
    if water is not None:  # the path ends at the near shore
        far = water.depth + (water.radius_depth if water.kind == "lake" else 0.05)
        path = replace(path, far_depth=far * 0.9)
    return path


_NUMBERS: dict[str, tuple[tuple[int, ...], float, float]] = {
    # how many there may be, and between which depths
    "tree": ((1, 2, 3, 4, 5, 7, 9, 12), 0.07, 0.62),
    "house": ((0, 0, 1, 1, 1, 2, 3), 0.10, 0.36),
    "bush": ((0, 0, 1, 2, 3), 0.15, 0.9),
    "rock": ((0, 0, 0, 1, 2, 4), 0.2, 0.95),
    "sheep": ((0, 0, 0, 1, 2, 3, 5, 7), 0.16, 0.8),
    "cow": ((0, 0, 0, 0, 1, 2, 3), 0.2, 0.75),
    "horse": ((0, 0, 0, 0, 1, 1, 2), 0.2, 0.75),
}

_ROOM = {
    "tree": 0.28,
    "house": 0.75,
    "bush": 0.2,
    "rock": 0.15,
    "sheep": 0.2,
    "cow": 0.3,
    "horse": 0.3,
}
"""Half the width that a thing keeps to itself at depth 1, in fractions of the width."""

_ON_PATH = ("sheep", "cow", "horse")


def _furnish(rng: np.random.Generator, plan: Plan) -> Plan:
    """Place the objects: on land, not through one another, and no house in the way."""
    items: list[Item] = []
    for kind in ("house", "cow", "horse", "sheep", "tree", "bush", "rock"):
        numbers, near, far = _NUMBERS[kind]
        wanted = int(rng.choice(numbers))
        herd_x, herd_depth = rng.uniform(0.1, 0.9), near + (far - near) * rng.random() ** 1.5
        in_herd = kind in _ON_PATH or (kind == "tree" and rng.random() < 0.4)
        for _ in range(wanted):
            for _attempt in range(8):
                if in_herd:
                    depth = float(np.clip(herd_depth + rng.normal(0, 0.09), near, far))
                    x = float(herd_x + rng.normal(0, 0.22) * (0.5 + depth))
                else:
                    depth = near + (far - near) * float(rng.random()) ** 1.7
                    x = float(rng.uniform(-0.02, 1.02))
                item = Item(
                    kind, x, depth, float(rng.uniform(0.82, 1.22)), bool(rng.random() < 0.5)
                )
                if _fits(item, items, plan):
                    items.append(item)
                    break
    items.sort(key=lambda item: item.depth)
    first = 1 if plan.sun_xy is None else 2  # the sun is number 1
    numbered = tuple(replace(item, number=first + n) for n, item in enumerate(items))
    return replace(plan, items=numbered)


def _fits(item: Item, others: list[Item], plan: Plan) -> bool:
    room = _ROOM[item.kind] * item.depth
    if item.kind in _ON_PATH and not 0.03 < item.x < 0.97:
        return False
    # The whole foot must be on land, and off the path unless it has legs to leave it.
    x = np.array((item.x - 0.6 * room, item.x, item.x + 0.6 * room))
    depth = np.full(3, item.depth)
    if plan.water is not None and (plan.water.inside(x, depth) > -0.03).any():
        return False
    path = plan.path
    if path is not None and item.kind not in _ON_PATH and item.depth > path.far_depth:
        if (path.inside(x, depth) > -0.01).any():
            return False
    if plan.water is not None and plan.water.kind == "sea" and item.kind in ("tree", "house"):
        if item.depth < plan.water.depth + 0.06:
            return False
    for other in others:
        apart = abs(item.x - other.x)
        between = abs(item.depth - other.depth)
        if between < 0.07 and apart < 0.6 * (room + _ROOM[other.kind] * other.depth):
            return False
    return True
