from __future__ import annotations

import math

import pytest
from scipy.stats import binomtest

from sinopia.errors import ConfigError
from sinopia.metrics.preference import binomial_p_value, wilson_interval

COUNTS = [(0, 1), (1, 1), (0, 10), (10, 10), (5, 10), (3, 17), (28, 40), (511, 1000), (0, 3000)]


@pytest.mark.parametrize(("successes", "trials"), COUNTS)
def test_both_agree_with_scipy(successes: int, trials: int) -> None:
    reference = binomtest(successes, trials)
    for confidence in (0.5, 0.95, 0.999):
        expected = reference.proportion_ci(confidence, method="wilson")
        found = wilson_interval(successes, trials, confidence=confidence)
        assert found == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
        assert 0 <= found[0] <= successes / trials <= found[1] <= 1
    assert binomial_p_value(successes, trials) == pytest.approx(reference.pvalue, rel=1e-9)


def test_by_hand() -> None:
    # z = 1 (68.27 %), 1 of 2: p = (1/2 + 1/4 -+ sqrt(1/8 + 1/16)) / (3/2)
    low, high = wilson_interval(1, 2, confidence=math.erf(math.sqrt(0.5)))
    assert low == pytest.approx((0.75 - math.sqrt(3) / 4) / 1.5)
    assert high == pytest.approx((0.75 + math.sqrt(3) / 4) / 1.5)
    # 1 or 9 heads of 10, or fewer, or more: 2 (1 + 10) / 1024
    assert binomial_p_value(9, 10) == binomial_p_value(1, 10) == 22 / 1024
    assert binomial_p_value(3, 6) == 1.0


def test_exchanging_the_two_mirrors_the_interval() -> None:
    low, high = wilson_interval(7, 30)
    assert wilson_interval(23, 30) == pytest.approx((1 - high, 1 - low))
    assert binomial_p_value(7, 30) == binomial_p_value(23, 30)


def test_many_answers() -> None:
    assert 0.9 < binomial_p_value(9_999, 20_000) <= 1
    assert binomial_p_value(0, 5_000) == 0.0


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 4), (5, 4)])
def test_impossible_counts(successes: int, trials: int) -> None:
    with pytest.raises(ConfigError, match=f"got {successes} of {trials}"):
        wilson_interval(successes, trials)
    with pytest.raises(ConfigError, match=f"got {successes} of {trials}"):
        binomial_p_value(successes, trials)
    with pytest.raises(ConfigError, match="between 0 and 1, got 1"):
        wilson_interval(1, 2, confidence=1)
