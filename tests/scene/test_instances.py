from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sinopia.scene import instance_edges


def _edges_pixel_by_pixel(ids: NDArray[np.int32]) -> NDArray[np.uint8]:
    height, width = ids.shape
    edges = np.zeros((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                inside = 0 <= y + dy < height and 0 <= x + dx < width
                if inside and ids[y + dy, x + dx] != ids[y, x]:
                    edges[y, x] = 1
    return edges


@settings(max_examples=100, deadline=None, database=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(0, 2)
    )
)
def test_edges_agree_with_nested_loops(ids: NDArray[np.int32]) -> None:
    edges = instance_edges(ids)
    assert edges.dtype == np.uint8
    assert (edges == _edges_pixel_by_pixel(ids)).all()


def test_both_sides_of_an_edge_are_marked_and_corners_do_not_count() -> None:
    ids = np.zeros((4, 4), np.uint16)
    ids[0, 0] = 65535
    assert instance_edges(ids).tolist() == [[1, 1, 0, 0], [1, 0, 0, 0], [0] * 4, [0] * 4]


def test_one_object_has_no_edges() -> None:
    assert not instance_edges(np.full((3, 5), 7)).any()
