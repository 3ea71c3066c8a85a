from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from sinopia.errors import ConfigError
from sinopia.metrics.kernel import kernel_distance, squared_mmd


def draw(seed: int, count: int, *, shift: float = 0.0, dim: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim)) + shift


def test_hand_checked() -> None:
    first, second = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    # k(x, y) = (xy + 1)^3: within first k(0,1) = 1, within second k(1,2) = 27, across 1, 1, 8, 27
    assert squared_mmd(first, second) == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)


def test_as_torchmetrics_and_plain_loops() -> None:
    first, second = draw(0, 40), draw(1, 40, shift=0.5)
    theirs = float(poly_mmd(torch.from_numpy(first), torch.from_numpy(second)))
    assert squared_mmd(first, second) == pytest.approx(theirs, rel=1e-9)
    first, second = draw(0, 7), draw(1, 9, shift=0.5)

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within_first = np.mean(
        [kernel(first[i], first[j]) for i in range(7) for j in range(7) if i != j]
    )
    within_second = np.mean(
        [kernel(second[i], second[j]) for i in range(9) for j in range(9) if i != j]
    )
    across = np.mean([kernel(x, y) for x in first for y in second])
    expected = within_first + within_second - 2 * across
    assert squared_mmd(first, second) == pytest.approx(expected, rel=1e-9)


def test_unbiased_for_sets_of_one_distribution() -> None:
    """The biased estimate is about 2 k(x, x) / N above zero; this one is on both sides of it."""
    values = [squared_mmd(draw(2 * i, 20), draw(2 * i + 1, 20)) for i in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))
    assert min(values) < 0 < max(values)


def test_subsets_are_drawn_by_the_seed() -> None:
    first, second = draw(0, 60), draw(1, 50, shift=0.3)
    kwargs = {"num_subsets": 20, "subset_size": 30}
    result = kernel_distance(first, second, **kwargs)
    assert result == kernel_distance(first, second, **kwargs)
    assert result != kernel_distance(first, second, **kwargs, seed=1)
    assert (result.num_subsets, result.subset_size) == (20, 30)
    assert result.deviation is not None and result.deviation > 1e-3
    # fewer subsets are the first of more
    alone = [kernel_distance(first, second, num_subsets=n, subset_size=30).mean for n in (1, 2)]
    second_value = 2 * alone[1] - alone[0]
    assert np.std([alone[0], second_value]) == pytest.approx(
        kernel_distance(first, second, num_subsets=2, subset_size=30).deviation
    )


def test_small_sets() -> None:
    first, second = draw(0, 12), draw(1, 12)
    whole = kernel_distance(first, second)
    assert (whole.mean, whole.deviation) == (squared_mmd(first, second), None)
    assert (whole.num_subsets, whole.subset_size) == (1, 12)
    uneven = kernel_distance(first, draw(1, 40), num_subsets=5)
    assert (uneven.num_subsets, uneven.subset_size) == (5, 12)


def test_order_does_not_matter_for_whole_sets() -> None:
    first, second = draw(0, 12), draw(1, 12)
    assert kernel_distance(first[::-1], second).mean == pytest.approx(
        kernel_distance(first, second).mean, rel=1e-12
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((4, 2)), np.zeros((4, 3))), "one network"),
        ((np.zeros((1, 2)), np.zeros((4, 2))), "got 1 and 4"),
    ],
)
def test_refusals(arguments: tuple[np.ndarray, np.ndarray], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kernel_distance(*arguments)


def test_subsets_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="at least 1 subset"):
        kernel_distance(np.zeros((4, 2)), np.zeros((4, 2)), num_subsets=0)
