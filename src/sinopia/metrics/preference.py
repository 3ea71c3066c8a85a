"""What people prefer of two: how sure a share of answers is, and whether chance explains it."""

from __future__ import annotations

import math
from statistics import NormalDist

from sinopia.errors import ConfigError

__all__ = ["CONFIDENCE", "binomial_p_value", "wilson_interval"]

CONFIDENCE = 0.95
"""Of every interval; a p-value below 1 - CONFIDENCE is called beyond chance."""


def wilson_interval(
    successes: int, trials: int, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Score interval of a share: all p that `successes` of `trials` do not contradict, in [0, 1].

    With x = successes / trials, n = trials and the normal quantile z, the two solutions p of
    (x - p)^2 = z^2 p (1 - p) / n:

        p = (x + z^2 / 2n -+ z sqrt(x (1 - x) / n + z^2 / 4n^2)) / (1 + z^2 / n)

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22 (158), 1927. Unlike x -+ z sqrt(x (1 - x) / n) it stays
    within [0, 1] and has a width at x = 0 and x = 1.

    Raises:
        ConfigError: for no trial, more successes than trials, or a confidence outside (0, 1).
    """
    _check_counts(successes, trials)
    if not 0 < confidence < 1:
        raise ConfigError(f"expected a confidence between 0 and 1, got {confidence}.")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    center = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    # At either end the root is exact on paper and only nearly so in floating point.
    low = 0.0 if successes == 0 else (center - half) / scale
    high = 1.0 if successes == trials else (center + half) / scale
    return low, high


def binomial_p_value(successes: int, trials: int) -> float:
    """Exact two-sided p-value of a fair coin, in [0, 1]; too small for a float it is 0.

    The chance that `trials` throws lie at least as far from one half as `successes` does:
    min(1, 2 sum_{i=0..k} C(n, i) / 2^n) with n = trials and k the rarer side's count.

    Raises:
        ConfigError: for no trial, or more successes than trials.
    """
    _check_counts(successes, trials)
    rarer = min(successes, trials - successes)
    term = math.comb(trials, rarer)
    tail = term
    for i in range(rarer, 0, -1):  # C(n, i - 1) = C(n, i) i / (n - i + 1), in whole numbers
        term = term * i // (trials - i + 1)
        tail += term
    return min(1.0, 2 * tail / 2**trials)


def _check_counts(successes: int, trials: int) -> None:
    if trials < 1 or not 0 <= successes <= trials:
        raise ConfigError(
            f"expected at least 1 trial and 0 to that many successes, got {successes} of {trials}."
        )
