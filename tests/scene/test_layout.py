from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sinopia.errors import LabelError
from sinopia.scene import Layout, SemanticClass, Vocabulary

TWO = Vocabulary(
    "two", (SemanticClass("sky", (0, 0, 0), 0), SemanticClass("car", (1, 0, 0), 1, is_thing=True))
)


def _layout(boxes: Any, class_ids: Any) -> Layout:
    return Layout(np.array(boxes, np.float32), np.array(class_ids), TWO)


def test_boxes_may_touch_the_border_and_there_may_be_none() -> None:
    assert len(_layout([[0, 0, 1, 1], [0.5, 0.25, 0.75, 1]], [0, 1])) == 2
    assert len(_layout(np.zeros((0, 4)), np.zeros(0, np.uint8))) == 0


@pytest.mark.parametrize(
    ("boxes", "class_ids", "message"),
    [
        (
            [[0, 0, 1]],
            [0],
            r"expected boxes \(N, 4\) and class ids \(N,\), got \(1, 3\) and \(1,\)",
        ),
        ([[0, 0, 1, 1]], [0, 1], r"got \(1, 4\) and \(2,\)"),
        (
            [[0, 0, 1, 1], [0, 0, 1.5, 1]],
            [0, 0],
            r"layout: box 1 is \[0\.0, 0\.0, 1\.5, 1\.0\]; expected 0 <= x0 < x1 <= 1 and 0 <= y0",
        ),
        ([[-0.5, 0, 1, 1]], [0], r"box 0 is \[-0\.5, 0\.0, 1\.0, 1\.0\]"),
        ([[0.5, 0, 0.5, 1]], [0], r"box 0 is \[0\.5, 0\.0, 0\.5, 1\.0\]"),
        ([[0, 0.5, 1, 0.25]], [0], r"box 0 is \[0\.0, 0\.5, 1\.0, 0\.25\]"),
        ([[0, 0, float("nan"), 1]], [0], r"box 0 is \[0\.0, 0\.0, nan, 1\.0\]"),
        ([[0, 0, 1, 1]], [2], r"box 0 has class id 2, but vocabulary 'two' ends at 1\."),
        ([[0, 0, 1, 1]], [-1], r"box 0 has class id -1, but vocabulary 'two' ends at 1\."),
    ],
)
def test_layouts_that_do_not_fit_are_refused(boxes: Any, class_ids: Any, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        _layout(boxes, class_ids)


def test_the_extents_of_objects() -> None:
    instances = np.zeros((4, 8), np.int32)
    instances[1:3, 2:6] = 900
    instances[3, 7] = 5
    instances[0, 0] = 7
    label_ids = np.ones((4, 8), np.uint8)
    label_ids[1, 2:5] = 0  # three of the eight pixels of object 900
    label_ids[0, 0] = 255
    layout = Layout.from_instances(instances, label_ids, TWO)
    assert layout.boxes_xyxy.dtype == np.float32
    assert layout.boxes_xyxy.tolist() == [[7 / 8, 3 / 4, 1, 1], [2 / 8, 1 / 4, 6 / 8, 3 / 4]]
    assert layout.class_ids.tolist() == [1, 1]
    assert layout.class_ids.dtype == np.uint8


def test_a_map_without_objects_gives_an_empty_layout() -> None:
    layout = Layout.from_instances(np.zeros((2, 2), np.int32), np.zeros((2, 2), np.uint8), TWO)
    assert layout.boxes_xyxy.shape == (0, 4)
