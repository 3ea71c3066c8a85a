"""Adversarial losses of a multi-scale patch discriminator, in four published kinds.

hinge          Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, eq. 16-17; the default of SPADE
least_squares  Mao et al. 2017, "Least Squares GAN", eq. 9, without its factor 1/2
original       Goodfellow et al. 2014, section 3, with the non-saturating generator loss
wasserstein    Arjovsky et al. 2017, eq. 2-3; only `gradient_penalty` keeps it bounded

A discriminator gives one map of logits a scale. Each map is averaged over its pixels, then the
scales are averaged: a scale counts the same whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "AdversarialLoss",
    "discriminator_loss",
    "generator_loss",
    "gradient_penalty",
    "r1_penalty",
    "win_rate",
]

AdversarialLoss = Literal["hinge", "least_squares", "original", "wasserstein"]

_Term = Callable[[Tensor], Tensor]


class _Terms(NamedTuple):
    """Per-logit terms of one kind: what each player pays for a logit."""

    real: _Term
    fake: _Term
    generator: _Term


def _hinge_real(logits: Tensor) -> Tensor:
    return F.relu(1 - logits)


def _hinge_fake(logits: Tensor) -> Tensor:
    return F.relu(1 + logits)


def _squared_to_one(logits: Tensor) -> Tensor:
    return (logits - 1).square()


def _log_real(logits: Tensor) -> Tensor:
    return F.softplus(-logits)  # -log sigmoid(x)


def _score(logits: Tensor) -> Tensor:
    return logits


_TERMS: dict[AdversarialLoss, _Terms] = {
    "hinge": _Terms(_hinge_real, _hinge_fake, torch.neg),
    "least_squares": _Terms(_squared_to_one, torch.square, _squared_to_one),
    "original": _Terms(_log_real, F.softplus, _log_real),
    "wasserstein": _Terms(torch.neg, _score, torch.neg),
}


def discriminator_loss(
    kind: AdversarialLoss, real_logits: Sequence[Tensor], fake_logits: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """What the discriminator pays for real and for fake images; SPADE adds the two, without 1/2.

    Logits are one tensor a scale, of any shape; the results are float32 scalars, whatever the
    precision of the logits.
    """
    terms = _TERMS[kind]
    return _mean_over_scales(terms.real, real_logits), _mean_over_scales(terms.fake, fake_logits)


def generator_loss(kind: AdversarialLoss, fake_logits: Sequence[Tensor]) -> Tensor:
    """What the generator pays for images that do not pass for real; a float32 scalar."""
    return _mean_over_scales(_TERMS[kind].generator, fake_logits)


def _mean_over_scales(term: _Term, logits: Sequence[Tensor]) -> Tensor:
    return torch.stack([term(scale.float()).mean() for scale in logits]).mean()


def win_rate(real_logits: Sequence[Tensor], fake_logits: Sequence[Tensor]) -> Tensor:
    """How often the discriminator puts a photo above the picture of its map, patch by patch.

    0.5: it cannot tell them apart; 1: it always can, and the generator learns little from it. A tie
    counts half; the scales count alike.
    """
    shares = [
        ((real > fake).float() + 0.5 * (real == fake).float()).mean()
        for real, fake in zip(real_logits, fake_logits, strict=True)
    ]
    return torch.stack(shares).mean()


def gradient_penalty(
    critic: Callable[[Tensor], Sequence[Tensor]],
    real_images: Tensor,
    fake_images: Tensor,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Gulrajani et al. 2017, eq. 3 without its weight of 10: E (|grad f(x)| - 1)^2.

    x lies between a real and a fake image, (B, C, H, W) each, at a place drawn for each sample from
    `generator` (torch's global one when None). f(x) is the sum of all outputs for a sample, over
    scales and pixels; the norm is over all values of the sample. Neither real nor fake images
    receive gradients; the critic's parameters do.
    """
    mixing = torch.rand(
        real_images.shape[0],
        generator=generator,
        device=real_images.device if generator is None else generator.device,
    ).to(real_images.device)
    interpolates = torch.lerp(
        fake_images.detach().float(), real_images.detach().float(), mixing[:, None, None, None]
    ).requires_grad_()
    score = torch.stack([scale.float().sum() for scale in critic(interpolates)]).sum()
    (gradient,) = torch.autograd.grad(score, interpolates, create_graph=True)
    norms = torch.linalg.vector_norm(gradient.flatten(1), dim=1)  # (B,)
    return (norms - 1).square().mean()


def r1_penalty(critic: Callable[[Tensor], Sequence[Tensor]], real_images: Tensor) -> Tensor:
    """Mescheder et al. 2018, eq. 9 without its weight of gamma / 2: E |grad f(x)|^2 over photos.

    f(x) is the sum of all outputs for a sample of (B, C, H, W), over scales and pixels; the norm is
    over all values of the sample. The images receive no gradients; the critic's parameters do.
    """
    photos = real_images.detach().float().requires_grad_()
    score = torch.stack([scale.float().sum() for scale in critic(photos)]).sum()
    (gradient,) = torch.autograd.grad(score, photos, create_graph=True)
    return gradient.float().flatten(1).square().sum(dim=1).mean()
