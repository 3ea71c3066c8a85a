"""Instance maps: one number an object, and the edges between objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["instance_edges"]


def instance_edges(instance_ids: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels that differ from their left, right, upper or lower neighbour (Wang et al. 2018, 3.3).

    Takes an (H, W) integer map at its final size; returns (H, W) uint8, 1 on both sides of an edge.
    """
    edges = np.zeros(instance_ids.shape, np.uint8)
    across = instance_ids[:, 1:] != instance_ids[:, :-1]
    down = instance_ids[1:, :] != instance_ids[:-1, :]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:, :] |= down
    edges[:-1, :] |= down
    return edges
