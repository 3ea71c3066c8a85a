"""Label maps in the colours of ADE20K, as the ControlNets for segmentation maps read them.

The colours are those of the SceneParse150 table. Classes are matched by name; the table of aliases
below says which other names stand for a class of ADE20K. What has no counterpart becomes black.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.image import ImageArray

__all__ = ["ALIASES", "Rendered", "ade20k_colors", "counterpart", "render_ade20k"]

_PUBLISHED: Mapping[str, tuple[int, int, int]] = MappingProxyType({"skyscraper": (140, 140, 140)})
"""Where the published table gives two classes one colour, and our vocabulary cannot."""

_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "animal": (
            "bear",
            "bird",
            "cat",
            "cow",
            "dog",
            "elephant",
            "giraffe",
            "horse",
            "sheep",
            "zebra",
        ),
        "apparel": ("clothes", "hat", "shoe"),
        "bag": ("backpack", "handbag", "suitcase"),
        "ball": ("sports ball",),
        "blind": ("window-blind",),
        "building": ("building-other",),
        "cabinet": ("cupboard",),
        "car": ("caravan",),
        "ceiling": ("ceiling-other", "ceiling-tile"),
        "computer": ("laptop",),
        "desk": ("desk-stuff",),
        "door": ("door-stuff",),
        "earth": ("dirt", "ground", "ground-other", "mud"),
        "fence": ("guard rail",),
        "field": ("playingfield",),
        "floor": ("floor-marble", "floor-other", "floor-stone", "floor-tile", "floor-wood"),
        "food": (
            "apple",
            "banana",
            "broccoli",
            "cake",
            "carrot",
            "donut",
            "food-other",
            "fruit",
            "hot dog",
            "orange",
            "pizza",
            "salad",
            "sandwich",
            "vegetable",
        ),
        "glass": ("wine glass",),
        "grass": ("moss", "straw", "terrain"),
        "minibike": ("motorcycle",),
        "mirror": ("mirror-stuff",),
        "path": ("gravel",),
        "person": ("bicyclist", "pedestrian", "rider"),
        "plant": ("branch", "bush", "leaves", "plant-other", "potted plant"),
        "plaything": ("teddy bear",),
        "pole": ("polegroup",),
        "road": ("parking",),
        "rock": ("stone",),
        "rug": ("carpet", "mat"),
        "sidewalk": ("pavement",),
        "signboard": ("banner", "sign", "stop sign", "street sign", "traffic sign"),
        "sky": ("cloud", "clouds", "fog", "sky-other", "sun"),
        "sofa": ("couch",),
        "table": ("dining table",),
        "television": ("tv",),
        "tree": ("vegetation",),
        "wall": (
            "wall-brick",
            "wall-concrete",
            "wall-other",
            "wall-panel",
            "wall-stone",
            "wall-tile",
            "wall-wood",
        ),
        "water": ("water-other", "waterdrops"),
        "windowpane": ("window", "window-other"),
    }
)
"""Names in other vocabularies for each class of ADE20K."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {alias: name for name, aliases in _GROUPS.items() for alias in aliases}
)
"""The ADE20K class that stands for a class of another name."""


@dataclass(frozen=True, eq=False)
class Rendered:
    """A map in ADE20K's colours, and the classes in it that ADE20K does not have."""

    image: ImageArray
    missing: tuple[str, ...]


@functools.cache
def ade20k_colors() -> Mapping[str, tuple[int, int, int]]:
    """The published colour of each class of ADE20K, by name."""
    classes = Vocabulary.built_in("ade20k").classes
    colors = {each.name: _PUBLISHED.get(each.name, each.color) for each in classes}
    return MappingProxyType(colors)


def counterpart(name: str) -> str | None:
    """The ADE20K class that stands for a class, by equal name or alias; None when there is none."""
    return name if name in ade20k_colors() else ALIASES.get(name)


def render_ade20k(label_map: LabelMap) -> Rendered:
    """A map in ADE20K's colours; black where a pixel has no class or no counterpart."""
    colors = ade20k_colors()
    table: NDArray[np.uint8] = np.zeros((256, 3), np.uint8)
    missing = []
    counts = label_map.pixel_counts()
    for class_id, name in enumerate(label_map.vocabulary.names):
        match = counterpart(name)
        if match is not None:
            table[class_id] = colors[match]
        elif counts[class_id]:
            missing.append(name)
    return Rendered(table[label_map.ids], tuple(missing))
