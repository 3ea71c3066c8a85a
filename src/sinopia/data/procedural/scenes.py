"""The data set of procedural scenes: endless, exact, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sinopia.data.procedural.animals import ANIMAL_REACH, cow, horse, sheep
from sinopia.data.procedural.canvas import Brush, Canvas, mix
from sinopia.data.procedural.caption import describe
from sinopia.data.procedural.house import HOUSE_REACH, house
from sinopia.data.procedural.light import Light
from sinopia.data.procedural.noise import Draws
from sinopia.data.procedural.plan import METRE, Item, Plan, plan_scene
from sinopia.data.procedural.plants import BUSH_REACH, ROCK_REACH, TREE_REACH, bush, rock, tree
from sinopia.data.procedural.sky import paint_clouds, paint_mist, paint_sky, paint_sun
from sinopia.data.procedural.terrain import (
    paint_ground,
    paint_hills,
    paint_mountains,
    paint_path,
    shade_ground,
)
from sinopia.data.procedural.water import paint_water
from sinopia.errors import ConfigError
from sinopia.scene import LabelMap, Layout, Scene, Vocabulary

__all__ = ["MIN_SIDE", "ProceduralScenes"]

MIN_SIDE = 16
"""Smallest height and width of a scene, in pixels."""

Painter = Callable[[Brush, Light, np.random.Generator, str], None]

_OBJECTS: dict[str, tuple[Painter, tuple[float, float, float, float], float, float, float]] = {
    # painter, reach in metres, scale, and the half width and height of its shadow in metres
    "tree": (tree, TREE_REACH, 0.85, 1.7, 6.0),
    "bush": (bush, BUSH_REACH, 1.0, 0.95, 1.0),
    "rock": (rock, ROCK_REACH, 1.0, 0.75, 0.6),
    "house": (house, HOUSE_REACH, 1.0, 3.6, 4.5),
    "sheep": (sheep, ANIMAL_REACH["sheep"], 1.35, 0.6, 0.9),
    "cow": (cow, ANIMAL_REACH["cow"], 1.15, 0.95, 1.3),
    "horse": (horse, ANIMAL_REACH["horse"], 1.1, 0.9, 1.6),
}


class ProceduralScenes:
    """Outdoor scenes with exact labels, instances, boxes and a caption, painted on demand.

    Scene `index` of a seed is the same whatever was asked for before, and the same scene at every
    size.

    Raises:
        ConfigError: for a size below 16x16 or a length below 1.
    """

    name = "procedural"

    def __init__(
        self, size_hw: tuple[int, int] = (256, 256), *, length: int = 10_000, seed: int = 0
    ) -> None:
        if min(size_hw) < MIN_SIDE:
            raise ConfigError(
                f"procedural scenes: expected a size of {MIN_SIDE}x{MIN_SIDE} or more, got "
                f"{size_hw[0]}x{size_hw[1]} (height x width)."
            )
        if length < 1:
            raise ConfigError(f"procedural scenes: expected a length of 1 or more, got {length}.")
        self.size_hw = size_hw
        self.seed = seed
        self.vocabulary = Vocabulary.built_in("meadow")
        self._length = length
        self._ids = {name: self.vocabulary.id_of(name) for name in self.vocabulary.names}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Scene:
        """Paint scene number `index`.

        Raises:
            IndexError: when the index is not in [0, length).
        """
        if not 0 <= index < self._length:
            raise IndexError(f"scene {index} of {self._length}; scenes are numbered from 0.")
        draws = Draws(self.seed, index)
        plan = plan_scene(draws)
        canvas = self._paint(plan, draws)
        label_map = LabelMap(canvas.ids, self.vocabulary)
        layout = Layout.from_instances(canvas.instances, canvas.ids, self.vocabulary)
        return Scene(
            key=f"{self.seed}-{index:06d}",
            label_map=label_map,
            image=_developed(canvas, plan),
            instance_ids=canvas.instances,
            layout=layout,
            caption=describe(plan, label_map, layout),
        )

    def _paint(self, plan: Plan, draws: Draws) -> Canvas:
        """From the sky to the nearest animal, each over what lies behind it."""
        ids = self._ids
        canvas = Canvas(self.size_hw)
        paint_sky(canvas, plan, ids["sky"])
        paint_sun(canvas, plan, ids["sun"])
        paint_clouds(canvas, plan, draws, ids["cloud"])
        paint_mountains(canvas, plan, draws, ids["mountain"])
        paint_hills(canvas, plan, draws, ids["hill"])
        paint_ground(
            canvas, plan, draws, grass=ids["grass"], flower=ids["flower"], sand=ids["sand"]
        )
        paint_path(canvas, plan, draws, ids["path"])
        paint_mist(canvas, plan, draws)
        far = [item for item in plan.items if _beyond_water(item, plan)]
        near = [item for item in plan.items if not _beyond_water(item, plan)]
        _cast_shadows(canvas, plan, far, ids)
        for item in far:
            _paint_object(canvas, plan, draws, item, ids[item.kind])
        paint_water(canvas, plan, draws, ids["water"])
        _cast_shadows(canvas, plan, near, ids)
        for item in near:
            _paint_object(canvas, plan, draws, item, ids[item.kind])
        return canvas


def _beyond_water(item: Item, plan: Plan) -> bool:
    """Whether the object stands on the far shore, so that the water mirrors it."""
    water = plan.water
    return water is not None and water.kind == "lake" and item.depth < water.depth


def _paint_object(canvas: Canvas, plan: Plan, draws: Draws, item: Item, class_id: int) -> None:
    painter, reach, size, _, _ = _OBJECTS[item.kind]
    brush = canvas.brush(
        (item.x, plan.row(item.depth)),
        METRE * item.depth * item.scale * size,
        reach,
        class_id=class_id,
        instance=item.number,
        flip=item.flip,
        fog=plan.light.air(item.depth),
    )
    if brush is not None:
        painter(brush, plan.light, draws.of(f"{item.kind} {item.number}"), plan.season)


def _cast_shadows(canvas: Canvas, plan: Plan, items: list[Item], ids: dict[str, int]) -> None:
    """Darken the ground on the side of each object that is turned away from the light."""
    if not items:
        return
    shadow = np.zeros(canvas.size_hw, np.float32)
    height, width = canvas.size_hw
    overcast = plan.light.time == "overcast"
    long = 0.35 if overcast else min(1.3, 0.4 / max(plan.light.elevation, 0.05))
    strength = 0.35 if overcast else 0.55
    for item in items:
        _, _, size, half, tall = _OBJECTS[item.kind]
        pixels = METRE * item.depth * item.scale * size * canvas.unit
        length = tall * long * -plan.light.x
        fx, fy = item.x * width, plan.row(item.depth) * height
        cx = fx + 0.5 * length * pixels
        # A low sun in the picture throws shadows towards us as well as aside.
        fall = 0.10 * abs(length) * (1 if plan.sun_xy is not None else -0.4)
        rx = (half + 0.5 * abs(length)) * pixels
        ry = max(0.30 * half * pixels, 0.6)
        reach = int(ry * 1.6 + abs(fall) * pixels) + 2
        y0, y1 = max(0, int(fy) - reach), min(height, int(fy) + reach)
        x0, x1 = max(0, int(cx - rx) - 1), min(width, int(cx + rx) + 2)
        if y0 >= y1 or x0 >= x1:
            continue
        x = np.arange(x0, x1, dtype=np.float32)[None, :] + 0.5
        y = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        lean = np.float32(fall * pixels) * (x - np.float32(fx)) / np.float32(length * pixels + 1e-6)
        dx, dy = (x - np.float32(cx)) / np.float32(rx), (y - np.float32(fy) - lean) / np.float32(ry)
        dark = np.clip((1 - np.sqrt(dx * dx + dy * dy)) * 2.5, 0, 1) * np.float32(strength)
        view = shadow[y0:y1, x0:x1]
        np.maximum(view, dark, out=view)
    ground = [ids[name] for name in ("grass", "flower", "path", "sand")]
    shade_ground(canvas, shadow, np.isin(canvas.ids, ground))


def _developed(canvas: Canvas, plan: Plan) -> np.ndarray:
    """The picture as (H, W, 3) uint8: the foreground a little darker, a soft contrast curve."""
    rgb = canvas.rgb
    edge = np.clip((canvas.y - 0.82) / 0.18, 0, 1)[:, None]
    rgb = np.clip(rgb * (1 - 0.14 * edge), 0, 1)
    rgb = mix(rgb, rgb * rgb * (3 - 2 * rgb), 0.35)
    return np.ascontiguousarray((rgb * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))
