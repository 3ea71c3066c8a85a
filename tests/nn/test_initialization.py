"""Starting weights: their statistics, spectral norms that fit them, and reproducibility."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from sinopia.nn.initialization import Initialization, initialize

# name, and the expected deviation of a weight (64, 32, 3, 3) at gain 0.02
DEVIATIONS: list[tuple[Initialization, float]] = [
    ("xavier", 0.02 * math.sqrt(2 / (32 * 9 + 64 * 9))),  # Glorot and Bengio 2010, eq. 12
    ("xavier_uniform", math.sqrt(2 / (32 * 9 + 64 * 9))),  # published with a gain of 1
    ("normal", 0.02),
    ("kaiming", math.sqrt(2 / (32 * 9))),  # He et al. 2015, eq. 10
    ("orthogonal", 0.02 / math.sqrt(32 * 9)),  # rows of length 1 * gain in 288 dimensions
]


@pytest.mark.parametrize(("kind", "deviation"), DEVIATIONS)
@pytest.mark.parametrize("has_spectral_norm", [False, True])
def test_statistics(kind: Initialization, deviation: float, has_spectral_norm: bool) -> None:
    layer = nn.Conv2d(32, 64, 3)
    network = nn.Sequential(spectral_norm(layer) if has_spectral_norm else layer, nn.ReLU())
    initialize(network, kind, gain=0.02, seed=0)
    weight = next(p for p in layer.parameters() if p.dim() == 4).detach()
    assert float(weight.std()) == pytest.approx(deviation, rel=0.03)
    assert abs(float(weight.mean())) < 0.03 * deviation
    assert layer.bias is not None and layer.bias.eq(0).all()


def test_orthogonal_rows() -> None:
    layer = nn.Linear(16, 8)
    initialize(layer, "orthogonal", gain=0.5, seed=0)
    torch.testing.assert_close(layer.weight.detach() @ layer.weight.detach().T, 0.25 * torch.eye(8))


@pytest.mark.parametrize("layer", [nn.Conv2d(8, 16, 3, bias=False), nn.Linear(20, 12)])
def test_spectral_norms_start_at_the_largest_singular_value(layer: nn.Module) -> None:
    normed = spectral_norm(layer)
    initialize(nn.ModuleList([normed]), "xavier", gain=0.02, seed=3)
    original = normed.parametrizations.weight.original.detach()  # type: ignore[union-attr]
    sigma = torch.linalg.svdvals(original.flatten(1))[0]
    # eval() leaves the power iteration where the initialisation put it
    weight = normed.eval().weight.detach()  # type: ignore[operator]
    estimate = original / weight
    assert float(estimate.mean()) == pytest.approx(float(sigma), rel=0.02)
    largest = torch.linalg.svdvals(weight.flatten(1))[0]
    assert float(largest) == pytest.approx(1.0, rel=0.02)


def test_same_seed_same_weights_whatever_the_global_state() -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(torch.seed() % 1000)
        network = nn.Sequential(spectral_norm(nn.Conv2d(3, 8, 3)), nn.Linear(4, 4))
        initialize(network, "xavier", gain=1.0, seed=seed)
        return list(network.state_dict().values())

    with torch.random.fork_rng(devices=[]):
        one, two, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not any(
        torch.equal(a, b) for a, b in zip(one, other, strict=True) if a.count_nonzero() > 0
    )


def test_other_layers_keep_their_weights() -> None:
    norm = nn.BatchNorm2d(4)
    initialize(norm, "normal", gain=0.02, seed=0)
    assert norm.weight.eq(1).all()
