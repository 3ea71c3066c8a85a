"""How often each class occurs in a data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sinopia.data.dataset import Dataset

__all__ = ["class_weights", "count_class_pixels"]

_COUNTED_SCENES = 512


def count_class_pixels(dataset: Dataset) -> NDArray[np.int64]:
    """Pixels (256,) of each class id, 255 being unlabeled, estimated from evenly spread scenes."""
    count = min(_COUNTED_SCENES, len(dataset))
    picked = np.linspace(0, len(dataset) - 1, count).round().astype(int)
    counts = sum(
        (dataset[index].label_map.pixel_counts() for index in picked.tolist()),
        start=np.zeros(256, np.int64),
    )
    return np.rint(counts * (len(dataset) / count)).astype(np.int64)


def class_weights(dataset: Dataset, *, balance: float) -> NDArray[np.float32]:
    """What a pixel of each class counts, (K,): its class's frequency to the power of -balance.

    With balance 0 all pixels count alike, with 1 all classes. The mean pixel counts 1, and so do
    classes that never occur.
    """
    num_classes = len(dataset.vocabulary)
    weights = np.ones(num_classes)
    if balance > 0:
        known = count_class_pixels(dataset)[:num_classes].astype(np.float64)
        occurs = known > 0
        shares = known[occurs] / max(1.0, known.sum())
        weights[occurs] = shares**-balance / (shares ** (1 - balance)).sum()
    return weights.astype(np.float32)
