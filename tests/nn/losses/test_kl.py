from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal
from torch.distributions.kl import kl_divergence as reference

from sinopia.nn.losses import kl_divergence


def test_by_hand() -> None:
    mean = torch.tensor([[1.0, 0.0], [0.0, -2.0]])
    log_variance = torch.zeros(2, 2)
    assert kl_divergence(mean, log_variance).item() == pytest.approx((1 + 4) / 2)
    assert kl_divergence(mean, log_variance, reduction="batch_mean").item() == pytest.approx(1.25)
    assert kl_divergence(torch.zeros(3, 8), torch.zeros(3, 8)).item() == 0


def test_agrees_with_torch_distributions() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 4, 16, generator=generator)
    expected = reference(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum()
    assert kl_divergence(mean, log_variance).item() == pytest.approx(expected.item(), rel=1e-5)


def test_half_precision_is_summed_in_float32() -> None:
    mean = torch.ones(16, 256, dtype=torch.bfloat16)
    loss = kl_divergence(mean, torch.zeros_like(mean))
    assert loss.dtype == torch.float32
    assert loss.item() == 16 * 256 / 2
