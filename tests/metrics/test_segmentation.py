from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_jaccard_index,
)

from sinopia.errors import LabelError
from sinopia.metrics.segmentation import confusion_matrix, score_segmentation

LABELS = np.array([[0, 0, 1], [1, 255, 255]], np.uint8)
PREDICTED = np.array([[0, 1, 1], [1, 1, 0]])


def test_hand_checked() -> None:
    confusion = confusion_matrix(PREDICTED, LABELS, num_classes=4)
    np.testing.assert_array_equal(
        confusion,
        [[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]],
    )
    ignored = score_segmentation(confusion, unlabeled="ignored")
    assert ignored.class_iou == (1 / 2, 2 / 3, None, None)
    assert ignored.mean_iou == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (ignored.pixel_accuracy, ignored.num_pixels) == (3 / 4, 4)
    assert ignored.absent_classes == (2, 3)
    counted = score_segmentation(confusion, unlabeled="counted")
    assert counted.class_iou == (1 / 3, 2 / 4, None, None)
    assert (counted.pixel_accuracy, counted.num_pixels) == (3 / 6, 6)


def test_a_class_that_is_only_predicted_has_zero_and_counts() -> None:
    confusion = confusion_matrix(np.array([0, 0, 2]), np.array([0, 0, 0]), num_classes=3)
    scores = score_segmentation(confusion, unlabeled="ignored")
    assert scores.class_iou == (2 / 3, None, 0.0)
    assert scores.mean_iou == pytest.approx(1 / 3)


def test_nothing_to_count() -> None:
    confusion = confusion_matrix(np.array([0]), np.array([255]), num_classes=2)
    scores = score_segmentation(confusion, unlabeled="ignored")
    assert (scores.mean_iou, scores.pixel_accuracy, scores.num_pixels) == (None, None, 0)
    assert score_segmentation(confusion, unlabeled="counted").pixel_accuracy == 0.0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), num_classes=st.integers(2, 6))
def test_as_torchmetrics(seed: int, num_classes: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, num_classes, (3, 9, 7)).astype(np.uint8)
    predicted = rng.integers(0, num_classes, labels.shape)
    labels[rng.random(labels.shape) < 0.2] = 255
    confusion = sum(
        confusion_matrix(*pair, num_classes=num_classes)
        for pair in zip(predicted, labels, strict=True)
    )
    assert isinstance(confusion, np.ndarray)
    scores = score_segmentation(confusion, unlabeled="ignored")
    theirs = (torch.from_numpy(predicted), torch.from_numpy(labels.astype(np.int64)), num_classes)
    np.testing.assert_array_equal(
        confusion[:-1], multiclass_confusion_matrix(*theirs, ignore_index=255)
    )
    expected = multiclass_jaccard_index(*theirs, ignore_index=255, average="none")
    np.testing.assert_allclose(scores.class_iou, expected, rtol=1e-5)
    accuracy = multiclass_accuracy(*theirs, ignore_index=255, average="micro")
    assert scores.pixel_accuracy == pytest.approx(float(accuracy), rel=1e-5)


@pytest.mark.parametrize(
    ("predicted", "labels", "message"),
    [
        ([0, 1], [0, 1, 1], "map's shape"),
        ([0, 2], [0, 1], "predicted ids of 2 classes, got 0 to 2"),
        ([0, 1], [0, 3], "true ids of 2 classes"),
        ([0, -1], [0, 1], "predicted ids of 2 classes, got -1 to 0"),
    ],
)
def test_refusals(predicted: list[int], labels: list[int], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        confusion_matrix(np.array(predicted), np.array(labels), num_classes=2)
