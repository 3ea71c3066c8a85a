"""Divergence of a style code's Gaussian from the standard normal (Kingma & Welling 2014)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

__all__ = ["KlReduction", "kl_divergence"]

KlReduction = Literal["sum", "batch_mean"]


def kl_divergence(mean: Tensor, log_variance: Tensor, *, reduction: KlReduction = "sum") -> Tensor:
    """KL(N(mean, v) || N(0, 1)) = -1/2 sum(1 + log v - mean^2 - v); a float32 scalar.

    Both inputs are (B, D). The sum runs over D and, as SPADE published it, over the batch too, so
    that its weight of 0.05 grows with the batch; "batch_mean" divides by B, for a loss that does
    not depend on the batch size.
    """
    mu, log_var = mean.float(), log_variance.float()
    total = -0.5 * (1 + log_var - mu.square() - log_var.exp()).sum()
    return total if reduction == "sum" else total / mean.shape[0]
