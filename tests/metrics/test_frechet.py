from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torchmetrics.image.fid import _compute_fid

from sinopia.errors import ConfigError
from sinopia.metrics.frechet import frechet_distance
from sinopia.metrics.gaussian import Gaussian, fit_gaussian


def draw(seed: int, count: int, dim: int) -> np.ndarray:
    """Correlated features with a mean of their own."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dim)) @ rng.normal(size=(dim, dim)) + rng.normal(size=dim)


def by_square_root(first: Gaussian, second: Gaussian) -> float:
    root = scipy.linalg.sqrtm(first.covariance @ second.covariance)
    difference = first.mean - second.mean
    traces = np.trace(first.covariance) + np.trace(second.covariance)
    return float(difference @ difference + traces - 2 * np.trace(root).real)


def test_closed_form_of_diagonal_covariances() -> None:
    first = Gaussian(100, np.array([0.0, 1.0]), np.diag([1.0, 9.0]))
    second = Gaussian(100, np.array([2.0, 1.0]), np.diag([4.0, 4.0]))
    # |m|^2 = 4; per axis (sqrt a - sqrt b)^2: (1 - 2)^2 + (3 - 2)^2
    assert frechet_distance(first, second) == pytest.approx(6.0, rel=1e-12)


@pytest.mark.parametrize("dim", [2, 16, 48])
def test_as_scipy_and_torchmetrics(dim: int) -> None:
    first, second = fit_gaussian([draw(0, 200, dim)]), fit_gaussian([draw(1, 300, dim)])
    distance = frechet_distance(first, second)
    assert distance == pytest.approx(by_square_root(first, second), rel=1e-9)
    assert distance == pytest.approx(frechet_distance(second, first), rel=1e-12)
    parts = (first.mean, first.covariance, second.mean, second.covariance)
    theirs = float(_compute_fid(*(torch.from_numpy(part) for part in parts)))
    assert distance == pytest.approx(theirs, rel=1e-9)


def test_equal_sets_have_distance_zero() -> None:
    for count in (12, 200):
        gaussian = fit_gaussian([draw(0, count, 32)])
        assert frechet_distance(gaussian, gaussian) == pytest.approx(
            0.0, abs=1e-9 * np.trace(gaussian.covariance)
        )


def test_fewer_vectors_than_numbers() -> None:
    """Rank 9 of 40: as the closed form of the nuclear norm of centered products has it."""
    a, b = draw(0, 10, 40), draw(1, 15, 40)
    first, second = fit_gaussian([a]), fit_gaussian([b])
    assert first.is_rank_deficient
    # S1 = A^T A and S2 = B^T B: eigenvalues of S1 S2 are squares of A B^T's singular values
    root_a = (a - a.mean(axis=0)) / np.sqrt(len(a) - 1)
    root_b = (b - b.mean(axis=0)) / np.sqrt(len(b) - 1)
    overlap = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    difference = first.mean - second.mean
    expected = difference @ difference + (root_a**2).sum() + (root_b**2).sum() - 2 * overlap
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-9)


def test_sets_without_any_spread() -> None:
    flat = Gaussian(5, np.zeros(3), np.zeros((3, 3)))
    other = Gaussian(5, np.full(3, 2.0), np.eye(3))
    assert frechet_distance(flat, other) == pytest.approx(15.0)
    assert frechet_distance(flat, flat) == 0.0


def test_other_networks_features_are_refused() -> None:
    with pytest.raises(ConfigError, match="vectors of 2 and 3 numbers"):
        frechet_distance(fit_gaussian([draw(0, 9, 2)]), fit_gaussian([draw(0, 9, 3)]))
