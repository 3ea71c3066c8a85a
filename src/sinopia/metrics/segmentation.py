"""How well pictures follow their maps: a segmenter's reading of the picture against the map.

Counts are kept in one confusion matrix over all pixels of all maps; every score comes from it.
Unlabeled pixels of a map can be treated in two ways, and numbers differ much by it:

ignored   they are left out.
counted   nothing can be right there: they count in the denominator of the accuracy, and what the
          segmenter says there counts in the union of that class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import LabelError
from sinopia.scene.vocabulary import UNLABELED

__all__ = [
    "UNLABELED_TREATMENTS",
    "SegmentationScores",
    "UnlabeledTreatment",
    "confusion_matrix",
    "score_segmentation",
]

UnlabeledTreatment = Literal["ignored", "counted"]

UNLABELED_TREATMENTS: tuple[UnlabeledTreatment, ...] = ("ignored", "counted")


@dataclass(frozen=True)
class SegmentationScores:
    """Agreement of predictions with label maps, under one treatment of unlabeled pixels."""

    unlabeled: UnlabeledTreatment
    mean_iou: float | None
    """Mean over the classes that have an IoU; None when none has."""
    pixel_accuracy: float | None
    """Share of pixels that are right; None when there is no pixel to count."""
    class_iou: tuple[float | None, ...]
    """Intersection over union by class id; None for a class that neither maps nor predictions
    hold. A class that is predicted but in no map has 0, and counts in the mean."""
    num_pixels: int
    """Pixels that the accuracy counts."""

    @property
    def absent_classes(self) -> tuple[int, ...]:
        """Ids of the classes without an IoU, which the mean leaves out."""
        return tuple(index for index, value in enumerate(self.class_iou) if value is None)


def confusion_matrix(
    predicted_ids: NDArray[Any], label_ids: NDArray[Any], *, num_classes: int
) -> NDArray[np.int64]:
    """Pixels by true class (rows; the last row is unlabeled) and predicted class (columns).

    predicted_ids: integers in [0, num_classes), any shape.
    label_ids: integers of that shape, in [0, num_classes) or 255.
    returns: (num_classes + 1, num_classes) int64. Matrices of several maps are added up.

    Raises:
        LabelError: for shapes that differ, or ids out of range.
    """
    if predicted_ids.shape != label_ids.shape:
        raise LabelError(
            f"expected a prediction of the map's shape {label_ids.shape}, got "
            f"{predicted_ids.shape}."
        )
    predicted, labels = predicted_ids.ravel().astype(np.int64), label_ids.ravel().astype(np.int64)
    rows = np.where(labels == UNLABELED, num_classes, labels)
    for what, ids, end in (("predicted", predicted, num_classes), ("true", rows, num_classes + 1)):
        if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < end:
            raise LabelError(
                f"expected {what} ids of {num_classes} classes, got {int(ids.min())} to "
                f"{int(ids.max())}; are segmenter and maps of one vocabulary?"
            )
    counts = np.bincount(rows * num_classes + predicted, minlength=(num_classes + 1) * num_classes)
    return counts.reshape(num_classes + 1, num_classes)


def score_segmentation(
    confusion: NDArray[np.int64], *, unlabeled: UnlabeledTreatment
) -> SegmentationScores:
    """Scores of a confusion matrix (K + 1, K) as `confusion_matrix` makes it."""
    labeled = confusion[:-1]
    counted = confusion if unlabeled == "counted" else labeled
    right = np.diagonal(labeled)
    union = labeled.sum(axis=1) + counted.sum(axis=0) - right
    class_iou = tuple(
        int(hits) / int(all_) if all_ else None for hits, all_ in zip(right, union, strict=True)
    )
    defined = [value for value in class_iou if value is not None]
    num_pixels = int(counted.sum())
    return SegmentationScores(
        unlabeled=unlabeled,
        mean_iou=sum(defined) / len(defined) if defined else None,
        pixel_accuracy=int(right.sum()) / num_pixels if num_pixels else None,
        class_iou=class_iou,
        num_pixels=num_pixels,
    )
