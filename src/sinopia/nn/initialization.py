"""Starting weights of convolutions and linear layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

__all__ = ["Initialization", "initialize", "restart_power_iteration"]

Initialization = Literal["xavier", "xavier_uniform", "normal", "kaiming", "orthogonal"]

_FILLERS: dict[Initialization, Callable[[Tensor, float, torch.Generator], object]] = {
    "xavier": lambda w, gain, g: nn.init.xavier_normal_(w, gain=gain, generator=g),
    "xavier_uniform": lambda w, gain, g: nn.init.xavier_uniform_(w, gain=1.0, generator=g),
    "normal": lambda w, gain, g: nn.init.normal_(w, 0.0, gain, generator=g),
    "kaiming": lambda w, gain, g: nn.init.kaiming_normal_(w, a=0, generator=g),
    "orthogonal": lambda w, gain, g: nn.init.orthogonal_(w, gain=gain, generator=g),
}


@torch.no_grad()
def initialize(module: nn.Module, kind: Initialization, *, gain: float, seed: int) -> None:
    """Fill every convolution's and linear layer's weight by the rule, its bias with zero.

    `gain` scales xavier and orthogonal weights and is the deviation of normal ones; 0.02 is
    SPADE's. Spectral norms start from the new weights. The same seed gives the same weights.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if not isinstance(layer, (nn.Conv2d, nn.Linear)):
            continue
        if parametrize.is_parametrized(layer, "weight"):
            norms = cast(nn.ModuleDict, layer.parametrizations)["weight"]
            assert isinstance(norms, parametrize.ParametrizationList)
            weight = cast(Tensor, norms.original)
            _FILLERS[kind](weight, gain, generator)
            restart_power_iteration(norms[0], weight, generator)
        else:
            _FILLERS[kind](layer.weight, gain, generator)
        if layer.bias is not None:
            layer.bias.zero_()


def restart_power_iteration(
    norm: nn.Module, weight: Tensor, generator: torch.Generator, *, num_iterations: int = 15
) -> None:
    """Draw u and v of a spectral norm anew and bring them close to the first singular vectors."""
    matrix = weight.flatten(1)
    left, right = norm.get_buffer("_u"), norm.get_buffer("_v")
    left.copy_(torch.randn(left.shape, generator=generator))
    for _ in range(num_iterations):
        right.copy_(nn.functional.normalize(matrix.T @ left, dim=0, eps=1e-12))
        left.copy_(nn.functional.normalize(matrix @ right, dim=0, eps=1e-12))
