"""Mean and covariance of a stream of feature vectors, in float64.

Batches are merged by the pairwise update of Chan, Golub and LeVeque (1979): counts, means and sums
of squared deviations of two parts give those of the whole. Nothing is subtracted from sums of
squares, so that large means cost no digits, and the result depends on order and batch size by
rounding only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import ConfigError

__all__ = ["Gaussian", "GaussianAccumulator", "fit_gaussian"]


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The first two moments of a set of feature vectors."""

    count: int
    mean: NDArray[np.float64]
    """(D,)."""
    covariance: NDArray[np.float64]
    """(D, D), the unbiased estimate: divided by count - 1."""

    @property
    def is_rank_deficient(self) -> bool:
        """Whether the vectors are too few for a covariance of full rank, whatever they are."""
        return self.count <= len(self.mean)


class GaussianAccumulator:
    """Takes feature vectors in batches of any size, and other accumulators."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: NDArray[np.float64] = np.zeros(0)
        self._scatter: NDArray[np.float64] = np.zeros((0, 0))

    def update(self, features: NDArray[Any]) -> None:
        """Add feature vectors (B, D) of real numbers; B may be 0.

        Raises:
            ConfigError: when the shape is another, D changes, or a value is not finite.
        """
        if features.ndim != 2 or (self._count and features.shape[1] != len(self._mean)):
            expected = f"(B, {len(self._mean)})" if self._count else "(B, D)"
            raise ConfigError(f"features: expected shape {expected}, got {features.shape}.")
        values = features.astype(np.float64)
        if not np.isfinite(values).all():
            raise ConfigError(
                "features: expected finite numbers, got some that are not; the network or its "
                "weights are damaged."
            )
        if not len(values):
            return
        mean = values.mean(axis=0)
        centered = values - mean
        self._merge(len(values), mean, centered.T @ centered)

    def merge(self, other: GaussianAccumulator) -> None:
        """Add all that another accumulator has seen, as of another process.

        Raises:
            ConfigError: when its vectors have another length.
        """
        if not other._count:
            return
        if self._count and len(other._mean) != len(self._mean):
            raise ConfigError(
                f"features: expected vectors of {len(self._mean)}, got {len(other._mean)}."
            )
        self._merge(other._count, other._mean, other._scatter)

    def _merge(self, count: int, mean: NDArray[np.float64], scatter: NDArray[np.float64]) -> None:
        if not self._count:
            self._count, self._mean, self._scatter = count, mean.copy(), scatter.copy()
            return
        total = self._count + count
        difference = mean - self._mean
        self._mean = self._mean + difference * (count / total)
        self._scatter = (
            self._scatter
            + scatter
            + np.outer(difference, difference) * (self._count * (count / total))
        )
        self._count = total

    def result(self) -> Gaussian:
        """The moments of all vectors so far.

        Raises:
            ConfigError: for fewer than two vectors, which have no covariance.
        """
        if self._count < 2:
            raise ConfigError(
                f"a covariance needs two pictures or more, got {self._count}; evaluate more maps."
            )
        return Gaussian(self._count, self._mean.copy(), self._scatter / (self._count - 1))


def fit_gaussian(batches: Iterable[NDArray[Any]]) -> Gaussian:
    """The moments of feature vectors that come in batches (B, D).

    Raises:
        ConfigError: as `GaussianAccumulator`.
    """
    accumulator = GaussianAccumulator()
    for batch in batches:
        accumulator.update(batch)
    return accumulator.result()
