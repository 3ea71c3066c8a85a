from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinopia.errors import ConfigError
from sinopia.metrics.gaussian import GaussianAccumulator, fit_gaussian


def test_hand_checked() -> None:
    gaussian = fit_gaussian([np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([[5.0, 2.0]])])
    assert gaussian.count == 3
    np.testing.assert_allclose(gaussian.mean, [3.0, 2.0])
    # deviations (-2, -2), (0, 2), (2, 0); products summed over 2
    np.testing.assert_allclose(gaussian.covariance, [[4.0, 2.0], [2.0, 4.0]])


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    cuts=st.lists(st.integers(0, 40), max_size=6),
    offset=st.sampled_from([0.0, 1e6]),
)
def test_order_and_batch_size_do_not_matter(seed: int, cuts: list[int], offset: float) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(40, 5)) + offset
    expected = np.cov(features - offset, rowvar=False)
    shuffled = features[rng.permutation(40)]
    gaussian = fit_gaussian(np.split(shuffled, sorted(cuts)))  # some batches are empty
    np.testing.assert_allclose(gaussian.mean, features.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(gaussian.covariance, expected, atol=1e-8)
    np.testing.assert_array_equal(gaussian.covariance, gaussian.covariance.T)


def test_float32_features_are_summed_in_float64() -> None:
    """The deviation is lost in float32 sums of squares: 1e8 has no room for 1e-2 beside it."""
    features = (np.arange(2000) % 2 * 0.125 + 8192).astype(np.float32)[:, None]
    variance = fit_gaussian(iter(features.reshape(20, 100, 1))).covariance[0, 0]
    assert variance == pytest.approx(0.0625**2 * 2000 / 1999, rel=1e-12)


def test_accumulators_merge() -> None:
    features = np.random.default_rng(0).normal(size=(30, 4))
    whole, parts = GaussianAccumulator(), [GaussianAccumulator() for _ in range(3)]
    whole.update(features)
    for part, chunk in zip(parts, np.split(features, [1, 20]), strict=True):
        part.update(chunk)
    total = GaussianAccumulator()
    total.merge(GaussianAccumulator())
    for part in parts:
        total.merge(part)
    np.testing.assert_allclose(total.result().covariance, whole.result().covariance, rtol=1e-12)
    # the parts are left as they were
    assert parts[1].result().count == 19
    np.testing.assert_allclose(parts[1].result().mean, features[1:20].mean(axis=0))


def test_rank() -> None:
    features = np.random.default_rng(0).normal(size=(6, 5))
    assert fit_gaussian([features[:5]]).is_rank_deficient
    assert not fit_gaussian([features]).is_rank_deficient


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "two pictures or more, got 0"),
        ([np.zeros((1, 3))], "two pictures or more, got 1"),
        ([np.zeros(3)], r"expected shape \(B, D\), got \(3,\)"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], r"expected shape \(B, 3\), got \(2, 4\)"),
        ([np.array([[0.0], [np.nan]])], "finite"),
    ],
)
def test_refusals(batches: list[np.ndarray], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_gaussian(batches)


def test_merging_other_lengths_is_refused() -> None:
    first, second = GaussianAccumulator(), GaussianAccumulator()
    first.update(np.zeros((2, 3)))
    second.update(np.zeros((2, 4)))
    with pytest.raises(ConfigError, match="vectors of 3, got 4"):
        first.merge(second)
