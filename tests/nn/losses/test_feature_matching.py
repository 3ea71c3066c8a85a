from __future__ import annotations

import pytest
import torch

from sinopia.nn.losses import feature_matching_loss


def test_by_hand() -> None:
    real = [
        [torch.zeros(1, 2, 2), torch.ones(1, 3), torch.full((4,), 9.0)],
        [torch.zeros(5), torch.zeros(2), torch.full((4,), 9.0)],
    ]
    fake = [
        [torch.full((1, 2, 2), 0.5), torch.tensor([[1.0, -2.0, 1.0]]), torch.zeros(4)],
        [torch.full((5,), -2.0), torch.zeros(2), torch.zeros(4)],
    ]
    # scale 1: .5 + 3/3; scale 2: 2 + 0; logits take no part
    assert feature_matching_loss(real, fake).item() == pytest.approx((1.5 + 2.0) / 2)


def test_gradients_reach_the_fake_features_only() -> None:
    real = [[torch.zeros(4, requires_grad=True), torch.zeros(1, requires_grad=True)]]
    fake = [[torch.ones(4, requires_grad=True), torch.ones(1, requires_grad=True)]]
    feature_matching_loss(real, fake).backward()
    assert real[0][0].grad is None
    assert fake[0][0].grad is not None
    assert fake[0][0].grad.tolist() == [0.25] * 4
    assert fake[0][1].grad is None


def test_bfloat16_features_are_averaged_in_float32() -> None:
    real = [[torch.zeros(100_000, dtype=torch.bfloat16), torch.zeros(1)]]
    fake = [[torch.full((100_000,), 1 / 256, dtype=torch.bfloat16), torch.zeros(1)]]
    loss = feature_matching_loss(real, fake)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(1 / 256)


def test_different_depths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        feature_matching_loss([[torch.zeros(1)] * 3], [[torch.zeros(1)] * 2])
