from __future__ import annotations

import pytest
import torch

from sinopia.errors import ConfigError
from sinopia.metrics.diversity import pairwise_distance


def test_hand_checked() -> None:
    # one pixel; unit vectors (1, 0), (0, 1), (1, 0): pairs 2, 0, 2
    tap = torch.tensor([[3.0, 0.0], [0.0, 5.0], [7.0, 0.0]])[:, :, None, None]
    assert pairwise_distance([tap]) == pytest.approx(4 / 3)
    # a second tap in which all are alike halves the mean
    assert pairwise_distance([tap, torch.ones(3, 4, 2, 2)]) == pytest.approx(2 / 3)


def test_equal_pictures_and_order() -> None:
    tap = torch.rand(1, 5, 3, 3, generator=torch.Generator().manual_seed(0))
    assert pairwise_distance([tap.repeat(4, 1, 1, 1)]) == pytest.approx(0.0, abs=1e-7)
    taps = [torch.rand(4, 5, 3, 3), torch.rand(4, 2, 2, 2)]
    mirrored = [each.flip(0) for each in taps]
    assert pairwise_distance(taps) == pytest.approx(pairwise_distance(mirrored), rel=1e-5)


def test_one_picture_has_no_diversity() -> None:
    with pytest.raises(ConfigError, match="two seeds or more, got 1"):
        pairwise_distance([torch.zeros(1, 5, 3, 3)])
