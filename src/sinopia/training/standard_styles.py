"""Style codes turned so that those of the training photos are standard normal together.

Random styles are drawn from the standard normal. An encoder that is free to say much of a photo
(a small KL weight) gives codes of another distribution, and random styles are then of no photo.
Ghosh et al., ICLR 2020, arXiv:1903.12436, section 4: a density that is fitted to the codes
afterwards. Here it is a Gaussian, z = m + L e, and the change from z to e goes into the weights on
both sides of the code: networks and model folders stay what they are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from sinopia.models.spade import SpadeEncoder, SpadeGenerator
from sinopia.scene.batch import SceneBatch

__all__ = ["standardize_styles"]


@torch.no_grad()
def standardize_styles(
    networks: Mapping[str, nn.Module], batches: Iterable[SceneBatch]
) -> dict[str, nn.Module]:
    """Copies of a generator and its encoder whose codes e are standard normal over the photos.

    The picture of a map in the style of a photo stays what it was. The variance that the encoder
    gives becomes the mean one: that of a photo is no longer diagonal in the new numbers.
    """
    generator, encoder = copy.deepcopy(networks["generator"]), copy.deepcopy(networks["encoder"])
    assert isinstance(generator, SpadeGenerator) and isinstance(generator.start, nn.Linear)
    assert isinstance(encoder, SpadeEncoder)
    mean, factor, variance = _fit(encoder, batches)

    start = generator.start
    weight = start.weight.double()
    start.weight.copy_(weight @ factor)
    start.bias.copy_(start.bias.double() + weight @ mean)

    to_mean, to_log_variance = encoder.to_mean, encoder.to_log_variance
    to_mean.weight.copy_(_solve(factor, to_mean.weight.double()))
    to_mean.bias.copy_(_solve(factor, (to_mean.bias.double() - mean)[:, None])[:, 0])
    inverse = _solve(factor, torch.eye(len(mean), dtype=torch.float64, device=mean.device))
    to_log_variance.weight.zero_()
    to_log_variance.bias.copy_((inverse.square() @ variance).log())
    return {**networks, "generator": generator, "encoder": encoder}


def _fit(encoder: SpadeEncoder, batches: Iterable[SceneBatch]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (D,) and factor (D, D) of the Gaussian of sampled codes, and their mean variance (D,).

    The covariance, factor @ factor.T, is that of the means of the photos plus that mean variance,
    so it can be factored however few photos there are.
    """
    encoder.eval()
    means, variances = [], []
    for batch in batches:
        assert batch.images is not None
        code_mean, log_variance = encoder(batch.images)
        means.append(code_mean.double())
        variances.append(log_variance.double().exp())
    codes, variance = torch.cat(means), torch.cat(variances).mean(dim=0)
    mean = codes.mean(dim=0)
    covariance = (codes - mean).T @ (codes - mean) / len(codes) + variance.diag()
    return mean, torch.linalg.cholesky(covariance), variance


def _solve(factor: Tensor, right: Tensor) -> Tensor:
    """factor^-1 @ right, for a lower triangular factor."""
    return torch.linalg.solve_triangular(factor, right, upper=False)
