"""Kernel distance of two sets of feature vectors: KID when the features are Inception's.

Binkowski et al., "Demystifying MMD GANs", ICLR 2018, section 4: the squared maximum mean
discrepancy under the kernel (x . y / D + 1)^3, by the unbiased estimate, over random subsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import ConfigError
from sinopia.seeding import derive_seed

__all__ = ["KernelDistance", "kernel_distance", "squared_mmd"]


@dataclass(frozen=True)
class KernelDistance:
    """The estimate, and what it was made of."""

    mean: float
    """Of the subsets; it may be slightly negative, since the estimate is unbiased."""
    deviation: float | None
    """Between subsets, population formula; None when the one subset is the whole of both sets."""
    num_subsets: int
    subset_size: int


def squared_mmd(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Unbiased squared discrepancy of feature vectors (M, D) and (N, D); M and N at least 2.

    Raises:
        ConfigError: for other shapes.
    """
    _check_pair(first, second)
    first, second = first.astype(np.float64), second.astype(np.float64)
    return _within(first) + _within(second) - 2.0 * float(_kernel(first, second).mean())


def kernel_distance(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> KernelDistance:
    """Mean of `squared_mmd` over random subsets of (M, D) and (N, D), drawn without replacement.

    With fewer vectors than `subset_size`, subsets have as many as the smaller set; when both sets
    are no larger, there is one such subset, and no deviation. Subset i depends on the seed and i.

    Raises:
        ConfigError: as `squared_mmd`, and for fewer than one subset or a size below 2.
    """
    if num_subsets < 1 or subset_size < 2:
        raise ConfigError(
            f"expected at least 1 subset of at least 2 pictures, got {num_subsets} of "
            f"{subset_size}."
        )
    _check_pair(first, second)
    size = min(subset_size, len(first), len(second))
    if len(first) == len(second) == size:
        return KernelDistance(squared_mmd(first, second), None, 1, size)
    values = []
    for index in range(num_subsets):
        draws = np.random.default_rng(derive_seed(seed, "kernel distance", index))
        chosen_first = draws.choice(len(first), size, replace=False)
        chosen_second = draws.choice(len(second), size, replace=False)
        values.append(squared_mmd(first[chosen_first], second[chosen_second]))
    return KernelDistance(float(np.mean(values)), float(np.std(values)), num_subsets, size)


def _check_pair(first: NDArray[Any], second: NDArray[Any]) -> None:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ConfigError(
            f"expected feature vectors of one network, got {first.shape} and {second.shape}."
        )
    if min(len(first), len(second)) < 2:
        raise ConfigError(
            f"a kernel distance needs two pictures or more on either side, got {len(first)} and "
            f"{len(second)}; evaluate more maps."
        )


def _kernel(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return (first @ second.T / first.shape[1] + 1.0) ** 3


def _within(features: NDArray[np.float64]) -> float:
    """Mean kernel over pairs of different vectors of one set."""
    values = _kernel(features, features)
    count = len(features)
    return float((values.sum() - np.trace(values)) / (count * (count - 1)))
