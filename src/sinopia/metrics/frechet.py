"""Frechet distance between two Gaussians (Dowson and Landau 1982; Heusel et al. 2017, eq. 6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import ConfigError
from sinopia.metrics.gaussian import Gaussian

__all__ = ["frechet_distance"]


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Squared distance |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1^(1/2) S2 S1^(1/2))^(1/2)).

    The product under the root is symmetric and has no negative eigenvalue, so its root needs no
    complex numbers and nothing is added to the diagonal. Covariances of low rank are taken as they
    are: the product is formed in the space that S1 spans. The formula stays exact then, but the
    value depends on the number of pictures; see `Gaussian.is_rank_deficient`.

    Raises:
        ConfigError: when the two have vectors of different lengths.
    """
    if first.mean.shape != second.mean.shape:
        raise ConfigError(
            f"expected Gaussians of one network, got vectors of {len(first.mean)} and "
            f"{len(second.mean)} numbers."
        )
    if second.count < first.count:  # the smaller set spans the smaller space
        first, second = second, first
    difference = first.mean - second.mean
    root = _root_of_covariance(first.covariance)
    product = root.T @ second.covariance @ root
    eigenvalues = np.linalg.eigvalsh((product + product.T) / 2)
    overlap = np.sqrt(_without_rounding(eigenvalues)).sum()
    traces = np.trace(first.covariance) + np.trace(second.covariance)
    # for equal sets the terms cancel to something like -1e-12, which is no distance
    return max(0.0, float(difference @ difference + traces - 2.0 * overlap))


def _root_of_covariance(covariance: NDArray[np.float64]) -> NDArray[np.floating]:
    """R, (D, rank), with R R^T = covariance: eigenvectors scaled, those of eigenvalue 0 left out.

    R^T S R has the same eigenvalues as covariance^(1/2) S covariance^(1/2), but for zeros.
    """
    eigenvalues, vectors = np.linalg.eigh(covariance)
    eigenvalues = _without_rounding(eigenvalues)
    kept = eigenvalues > 0
    return vectors[:, kept] * np.sqrt(eigenvalues[kept])


def _without_rounding(eigenvalues: NDArray[np.floating]) -> NDArray[np.floating]:
    """Eigenvalues that rounding alone can have made, of either sign, become 0.

    Their roots would be large: that of 1e-16 is 1e-8, once for every missing rank.
    """
    if not len(eigenvalues):
        return eigenvalues
    noise = np.finfo(np.float64).eps * len(eigenvalues) * np.abs(eigenvalues).max()
    return np.where(eigenvalues > noise, eigenvalues, 0.0)
