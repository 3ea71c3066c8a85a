"""Scenes brought to the size that a network takes, all their parts treated alike.

The modes and their names are those of SPADE (Park et al. 2019), whose crop offsets are here drawn
from the scaled size, so that a crop never leaves the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import ConfigError, DatasetError
from sinopia.scene.image import resize_image
from sinopia.scene.label_map import LabelMap, resize_nearest
from sinopia.scene.layout import Layout
from sinopia.scene.sample import Scene

__all__ = ["PreprocessConfig", "PreprocessMode", "preprocess", "scaled_size"]

PreprocessMode = Literal[
    "resize_and_crop",
    "scale_width",
    "scale_width_and_crop",
    "scale_shortside",
    "scale_shortside_and_crop",
    "crop",
    "fixed",
    "none",
]

_CROPPING: frozenset[PreprocessMode] = frozenset(
    ("resize_and_crop", "scale_width_and_crop", "scale_shortside_and_crop", "crop")
)


@dataclass(frozen=True)
class PreprocessConfig:
    """How scenes are scaled, cropped and flipped.

    Raises:
        ConfigError: when a size is not positive, or the crop is larger than load_size allows.
    """

    mode: PreprocessMode = "resize_and_crop"
    """resize_and_crop: to the crop's aspect with its short side load_size, then crop size_hw.
    scale_width, scale_shortside: that side to load_size, aspect kept; with _and_crop: then crop.
    crop: crop only. fixed: resize to size_hw. none: sides to the nearest multiple_of."""
    load_size: int = 286
    """Pixels that the picture is scaled to before the crop."""
    size_hw: tuple[int, int] = (256, 256)
    """Height and width of the crop, and of the result of mode fixed."""
    flip: bool = True
    """Mirror every second scene of training left to right."""
    multiple_of: int = 32
    """Mode none: what both sides must be divisible by."""

    def __post_init__(self) -> None:
        for name, value in (
            ("load_size", self.load_size),
            ("size_hw", min(self.size_hw)),
            ("multiple_of", self.multiple_of),
        ):
            if value < 1:
                raise ConfigError(f"{name}: expected at least 1, got {value}.")
        if self.mode == "resize_and_crop" and self.load_size < min(self.size_hw):
            raise ConfigError(
                f"load_size: {self.load_size} is less than the crop's short side "
                f"{min(self.size_hw)}; with mode resize_and_crop it must be at least that."
            )


def preprocess(scene: Scene, config: PreprocessConfig, *, rng: np.random.Generator | None) -> Scene:
    """Scale, crop and flip all parts of a scene alike; ids by nearest neighbour, picture bicubic.

    The crop's offset and the flip are drawn from `rng`; without one the crop is central and nothing
    is mirrored. Boxes are clipped to the crop, those outside it left out. The caption is kept.

    Raises:
        DatasetError: when the scaled picture is smaller than the crop.
    """
    scaled_hw = scaled_size(scene.label_map.size_hw, config)
    height, width = config.size_hw if config.mode in _CROPPING else scaled_hw
    if height > scaled_hw[0] or width > scaled_hw[1]:
        raise DatasetError(_too_small(scene, scaled_hw, config))
    room_y, room_x = scaled_hw[0] - height, scaled_hw[1] - width
    if rng is None:
        top, left, mirrored = room_y // 2, room_x // 2, False
    else:
        top, left = int(rng.integers(room_y + 1)), int(rng.integers(room_x + 1))
        mirrored = config.flip and bool(rng.integers(2))

    def cut(values: NDArray[Any]) -> NDArray[Any]:
        window = values[top : top + height, left : left + width]
        return np.ascontiguousarray(window[:, ::-1] if mirrored else window)

    vocabulary = scene.label_map.vocabulary
    return Scene(
        key=scene.key,
        label_map=LabelMap(cut(resize_nearest(scene.label_map.ids, scaled_hw)), vocabulary),
        image=None if scene.image is None else cut(resize_image(scene.image, scaled_hw)),
        instance_ids=(
            None
            if scene.instance_ids is None
            else cut(resize_nearest(scene.instance_ids, scaled_hw))
        ),
        layout=(
            None
            if scene.layout is None
            else _cut_layout(
                scene.layout,
                offset_xy=(left / scaled_hw[1], top / scaled_hw[0]),
                extent_xy=(width / scaled_hw[1], height / scaled_hw[0]),
                mirrored=mirrored,
            )
        ),
        caption=scene.caption,
    )


def scaled_size(size_hw: tuple[int, int], config: PreprocessConfig) -> tuple[int, int]:
    """Height and width that a picture of `size_hw` is scaled to, before any crop."""
    height, width = size_hw
    load = config.load_size
    match config.mode:
        case "resize_and_crop":
            short = min(config.size_hw)
            return (
                round(load * config.size_hw[0] / short),
                round(load * config.size_hw[1] / short),
            )
        case "scale_width" | "scale_width_and_crop":
            return (max(1, load * height // width), load)
        case "scale_shortside" | "scale_shortside_and_crop":
            if width <= height:
                return (load * height // width, load)
            return (load, load * width // height)
        case "crop":
            return size_hw
        case "fixed":
            return config.size_hw
        case "none":
            base = config.multiple_of
            return (max(1, round(height / base)) * base, max(1, round(width / base)) * base)


def _cut_layout(
    layout: Layout,
    *,
    offset_xy: tuple[float, float],
    extent_xy: tuple[float, float],
    mirrored: bool,
) -> Layout:
    """The boxes in fractions of the window at `offset_xy` that spans `extent_xy` of the canvas."""
    origin = np.array([*offset_xy, *offset_xy])
    extent = np.array([*extent_xy, *extent_xy])
    boxes = ((layout.boxes_xyxy.astype(np.float64) - origin) / extent).clip(0.0, 1.0)
    if mirrored:
        boxes = np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], axis=1)
    boxes = boxes.astype(np.float32)
    inside = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    return Layout(boxes[inside], layout.class_ids[inside], layout.vocabulary)


def _too_small(scene: Scene, scaled_hw: tuple[int, int], config: PreprocessConfig) -> str:
    height, width = scene.label_map.size_hw
    if config.mode == "crop":
        way_out = "use mode scale_shortside_and_crop, or a smaller size_hw"
    else:
        way_out = "raise load_size, or use a smaller size_hw"
    return (
        f"scene {scene.key!r} is {width}x{height}, scaled to {scaled_hw[1]}x{scaled_hw[0]} by mode "
        f"{config.mode}: too small for a crop of {config.size_hw[1]}x{config.size_hw[0]} "
        f"(width x height); {way_out}."
    )
