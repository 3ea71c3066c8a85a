"""How much the pictures of one map differ from seed to seed, in a network's features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from sinopia.errors import ConfigError
from sinopia.nn.losses.perceptual import lpips_distance

__all__ = ["pairwise_distance"]


def pairwise_distance(taps: Sequence[Tensor]) -> float:
    """Mean distance over all pairs of S pictures, from their feature maps (S, C, h, w).

    The distance of two pictures is that of LPIPS (Zhang et al. 2018, eq. 1) without its fitted
    channel weights: at every pixel the squared difference of the unit feature vectors, averaged
    over pixels, then over feature maps. It lies in [0, 4]; for features after a ReLU, in [0, 2].

    Raises:
        ConfigError: for fewer than two pictures.
    """
    count = taps[0].shape[0]
    if count < 2:
        raise ConfigError(f"diversity compares pictures of two seeds or more, got {count}.")
    first, second = torch.tensor(list(combinations(range(count), 2)), device=taps[0].device).T
    distances = [
        lpips_distance(tap[first], tap[second], tap.new_ones(tap.shape[1], dtype=torch.float32))
        for tap in taps
    ]
    return float(torch.stack(distances).mean())
