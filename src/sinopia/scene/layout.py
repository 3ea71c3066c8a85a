"""A layout: labelled boxes on a canvas of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import LabelError
from sinopia.scene.vocabulary import UNLABELED, Vocabulary

__all__ = ["Layout"]


@dataclass(frozen=True, eq=False)
class Layout:
    """Labelled boxes: `boxes_xyxy` (N, 4) float32, fractions of the canvas, half-open.

    `class_ids` is (N,) uint8.

    Raises:
        LabelError: when the shapes do not fit, a box is empty or outside the canvas, or an id has
            no class.
    """

    boxes_xyxy: NDArray[np.float32]
    class_ids: NDArray[np.uint8]
    vocabulary: Vocabulary

    def __post_init__(self) -> None:
        boxes, ids = self.boxes_xyxy, self.class_ids
        if boxes.ndim != 2 or boxes.shape[1] != 4 or ids.shape != (len(boxes),):
            raise LabelError(
                f"layout: expected boxes (N, 4) and class ids (N,), got {boxes.shape} and "
                f"{ids.shape}."
            )
        inside = ((boxes >= 0) & (boxes <= 1)).all(1)
        filled = (boxes[:, :2] < boxes[:, 2:]).all(1)
        for bad in np.flatnonzero(~(inside & filled))[:1]:
            raise LabelError(
                f"layout: box {bad} is {boxes[bad].tolist()}; expected 0 <= x0 < x1 <= 1 and "
                f"0 <= y0 < y1 <= 1, as fractions of the canvas."
            )
        for bad in np.flatnonzero((ids < 0) | (ids >= len(self.vocabulary)))[:1]:
            raise LabelError(
                f"layout: box {bad} has class id {int(ids[bad])}, but vocabulary "
                f"{self.vocabulary.name!r} ends at {len(self.vocabulary) - 1}."
            )

    def __len__(self) -> int:
        return len(self.class_ids)

    @classmethod
    def from_instances(
        cls, instance_ids: NDArray[Any], label_ids: NDArray[np.uint8], vocabulary: Vocabulary
    ) -> Layout:
        """The extents of the objects of an (H, W) instance map, 0 = none, by rising instance id.

        An object's class is the one that most of its pixels have in `label_ids`; unlabeled objects
        are left out.
        """
        height, width = instance_ids.shape
        boxes: list[tuple[float, float, float, float]] = []
        class_ids: list[int] = []
        for instance in np.unique(instance_ids[instance_ids != 0]):
            ys, xs = np.nonzero(instance_ids == instance)
            class_id = int(np.bincount(label_ids[ys, xs]).argmax())
            if class_id == UNLABELED:
                continue
            boxes.append(
                (
                    xs.min() / width,
                    ys.min() / height,
                    (xs.max() + 1) / width,
                    (ys.max() + 1) / height,
                )
            )
            class_ids.append(class_id)
        return cls(
            np.array(boxes, np.float32).reshape(-1, 4), np.array(class_ids, np.uint8), vocabulary
        )
