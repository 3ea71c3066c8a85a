"""An English sentence or two that is true of a scene's maps."""

from __future__ import annotations

import numpy as np

from sinopia.data.procedural.plan import Plan
from sinopia.scene import LabelMap, Layout

__all__ = ["describe"]

_TIMES = {
    "dawn": "at dawn",
    "noon": "at noon",
    "dusk": "at dusk",
    "overcast": "on an overcast day",
}
_NUMBERS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_PLURALS = {"sheep": "sheep", "bush": "bushes"}
_PLACES = ("on the left", "in the middle", "on the right")
_WATER = {"lake": "a lake", "sea": "the sea", "river": "a winding river"}


def describe(plan: Plan, label_map: LabelMap, layout: Layout) -> str:
    """Say the time of day, what the land is like, and how many things stand where.

    Only what at least one pixel shows is named; things are counted by their visible instances.
    """
    vocabulary = label_map.vocabulary
    pixels = label_map.pixel_counts()
    shown = {name for name in vocabulary.names if pixels[vocabulary.id_of(name)] > 0}

    land = [
        phrase
        for name, phrase in (
            ("mountain", "mountains"),
            ("hill", "hills"),
            ("water", _WATER[plan.water.kind] if plan.water is not None else ""),
            ("sand", "a sandy shore"),
            ("path", "a winding path"),
            ("flower", "flowers"),
        )
        if name in shown
    ]
    first = f"{'A meadow' if 'grass' in shown else 'A landscape'} {_TIMES[plan.light.time]}"
    if land:
        first += f" with {_list(land)}"
    if plan.light.time != "overcast":
        first += f", under a {'cloudy' if 'cloud' in shown else 'clear'} sky"
    centers = (layout.boxes_xyxy[:, 0] + layout.boxes_xyxy[:, 2]) / 2
    things: list[str] = []
    for class_id, each in enumerate(vocabulary.classes):
        of_class = centers[layout.class_ids == class_id]
        if not each.is_thing or len(of_class) == 0:
            continue
        place = _place(of_class)
        if each.name == "sun":
            first += f" with the sun {place}"
        else:
            things.append(f"{_counted(len(of_class), each.name)} {place}".strip())
    if not things:
        return f"{first}."
    singular = things[0].startswith(("a ", "an "))
    return f"{first}. There {'is' if singular else 'are'} {_list(things)}."


def _list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _counted(count: int, name: str) -> str:
    if count == 1:
        return f"a {name}"
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} {_PLURALS.get(name, name + 's')}"


def _place(centers: np.ndarray) -> str:
    """The third of the picture that all centres lie in; empty when they lie in several."""
    thirds = {min(2, int(center * 3)) for center in centers}
    return _PLACES[thirds.pop()] if len(thirds) == 1 else ""
