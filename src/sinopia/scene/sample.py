"""A scene: everything that is known of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sinopia.errors import DatasetError
from sinopia.scene.image import ImageArray
from sinopia.scene.label_map import LabelMap
from sinopia.scene.layout import Layout

__all__ = ["Scene"]


@dataclass(frozen=True, eq=False)
class Scene:
    """What a data set yields and the studio edits; absent parts are None.

    Raises:
        DatasetError: when the picture or the instance map has not the size of the label map.
    """

    key: str
    """Names the scene within its data set, stable between runs."""
    label_map: LabelMap
    image: ImageArray | None = None
    """(H, W, 3) uint8 RGB."""
    instance_ids: NDArray[Any] | None = None
    """(H, W) integers, one number an object."""
    layout: Layout | None = None
    caption: str | None = None

    def __post_init__(self) -> None:
        size_hw = self.label_map.size_hw
        for what, part in (("picture", self.image), ("instance map", self.instance_ids)):
            if part is not None and part.shape[:2] != size_hw:
                raise DatasetError(
                    f"scene {self.key!r}: the {what} is {part.shape[1]}x{part.shape[0]}, the "
                    f"label map {size_hw[1]}x{size_hw[0]} (width x height). They must be equal; "
                    f"`sinopia data doctor` finds all such files."
                )
