from __future__ import annotations

import math

import pytest
import torch
from scipy.special import log_expit
from torch import Tensor, nn
from torch.nn import functional as F

from sinopia.nn.losses import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
    win_rate,
)

# Two scales of different sizes: a mean over all values together would give other numbers.
REAL = [torch.tensor([2.0, 0.0, -1.0, 0.5]), torch.tensor([3.0])]
FAKE = [torch.tensor([-2.0, 0.0, 1.0, -0.5]), torch.tensor([0.5])]


@pytest.mark.parametrize(
    ("kind", "real", "fake", "generator"),
    [
        # real: (0 + 1 + 2 + .5) / 4 = .875, 0; fake: (0 + 1 + 2 + .5) / 4, 1.5; scores -.375, .5
        ("hinge", 0.4375, 1.1875, -0.0625),
        # real: (1 + 1 + 4 + .25) / 4, 4; fake: (4 + 0 + 1 + .25) / 4, .25;
        # generator: (9 + 1 + 0 + 2.25) / 4, .25
        ("least_squares", 2.78125, 0.78125, 1.65625),
        # minus the mean scores .375, 3; the mean scores -.375, .5
        ("wasserstein", -1.6875, 0.0625, -0.0625),
    ],
)
def test_terms_by_hand(kind, real: float, fake: float, generator: float) -> None:
    real_term, fake_term = discriminator_loss(kind, REAL, FAKE)
    assert real_term.item() == pytest.approx(real)
    assert fake_term.item() == pytest.approx(fake)
    assert generator_loss(kind, FAKE).item() == pytest.approx(generator)


def test_original_is_cross_entropy() -> None:
    real_term, fake_term = discriminator_loss("original", REAL, FAKE)
    assert real_term.item() == pytest.approx(
        sum(-log_expit(scale.double().numpy()).mean() for scale in REAL) / 2
    )
    assert fake_term.item() == pytest.approx(
        sum(-log_expit(-scale.double().numpy()).mean() for scale in FAKE) / 2
    )
    against_torch = [F.binary_cross_entropy_with_logits(s, torch.ones_like(s)) for s in FAKE]
    assert generator_loss("original", FAKE).item() == pytest.approx(sum(against_torch).item() / 2)
    undecided = [torch.zeros(3)]
    assert generator_loss("original", undecided).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", ["hinge", "least_squares", "original", "wasserstein"])
def test_gradients_push_the_logits_apart(kind) -> None:
    real = [torch.zeros(2, 1, 4, 4, requires_grad=True)]
    fake = [torch.zeros(2, 1, 4, 4, requires_grad=True)]
    torch.stack(discriminator_loss(kind, real, fake)).sum().backward()
    assert real[0].grad is not None and (real[0].grad < 0).all()
    assert fake[0].grad is not None
    if kind == "least_squares":  # a fake logit of 0 is already where the discriminator wants it
        assert (fake[0].grad == 0).all()
    else:
        assert (fake[0].grad > 0).all()
    fake[0].grad = None
    generator_loss(kind, fake).backward()
    assert (fake[0].grad < 0).all()


def test_half_precision_logits_are_averaged_in_float32() -> None:
    logits = [torch.full((300, 300), 1 / 256, dtype=torch.bfloat16)]
    loss = generator_loss("wasserstein", logits)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(-1 / 256)


def _linear(weight: Tensor):
    return lambda images: [(images * weight).sum(dim=(1, 2, 3))]


def test_penalty_of_a_linear_critic_depends_on_its_norm_only() -> None:
    weight = torch.zeros(1, 3, 4, 4)
    weight[0, 0, 0, 0], weight[0, 2, 3, 1] = 3.0, -4.0  # norm 5
    real, fake = torch.rand(2, 5, 3, 4, 4)
    assert gradient_penalty(_linear(weight), real, fake).item() == pytest.approx((5 - 1) ** 2)
    assert gradient_penalty(_linear(weight / 5), real, fake).item() == pytest.approx(0, abs=1e-6)
    assert gradient_penalty(_linear(weight * 0), real, fake).item() == pytest.approx(1)


def test_penalty_sums_scales_and_pixels() -> None:
    def critic(images: Tensor) -> list[Tensor]:
        return [images.mean(dim=1, keepdim=True), 2 * images[:, :1, :1, :1]]

    real, fake = torch.rand(2, 2, 2, 2, 2)
    # gradient 1/2 at each of 8 values, plus 2 at the first: norm^2 = 7/4 + 25/4 = 8
    assert gradient_penalty(critic, real, fake).item() == pytest.approx((math.sqrt(8) - 1) ** 2)


def test_penalty_is_taken_between_real_and_fake_per_sample() -> None:
    # f(x) = sum x^2 / 2 has gradient x: with real 1 and fake 0 the norm is mixing * sqrt(12)
    real, fake = torch.ones(4, 3, 2, 2), torch.zeros(4, 3, 2, 2)
    mixing = torch.rand(4, generator=torch.Generator().manual_seed(3))
    penalty = gradient_penalty(
        lambda images: [images.square().sum(dim=(1, 2, 3)) / 2],
        real,
        fake,
        generator=torch.Generator().manual_seed(3),
    )
    assert len(mixing.unique()) == 4
    expected = (mixing * math.sqrt(12) - 1).square().mean()
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-5)


def test_penalty_trains_the_critic_and_not_the_images() -> None:
    critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
    real, fake = torch.rand(2, 2, 3, 8, 8).requires_grad_()
    gradient_penalty(lambda images: [critic(images)], real, fake).backward()
    assert all(p.grad is not None for name, p in critic.named_parameters() if "weight" in name)


def test_penalty_of_a_flat_critic_has_no_nan_gradient() -> None:
    weight = torch.zeros(1, 3, 2, 2, requires_grad=True)
    images = torch.rand(2, 3, 2, 2)
    gradient_penalty(_linear(weight), images, images).backward()
    assert weight.grad is not None and weight.grad.isfinite().all()


def test_r1_is_the_squared_gradient_at_photos() -> None:
    weight = torch.zeros(1, 3, 4, 4)
    weight[0, 0, 0, 0], weight[0, 2, 3, 1] = 3.0, -4.0
    assert r1_penalty(_linear(weight), torch.rand(5, 3, 4, 4)).item() == pytest.approx(25)
    # f(x) = sum x^2 / 2 has gradient x: squares 1 * 12 and 4 * 12, on average 30
    photos = torch.ones(2, 3, 2, 2) * torch.tensor([1.0, 2.0])[:, None, None, None]
    penalty = r1_penalty(lambda images: [images.square().sum(dim=(1, 2, 3)) / 2], photos)
    assert penalty.item() == pytest.approx(30)


def test_r1_trains_the_critic_and_not_the_photos() -> None:
    critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
    photos = torch.rand(2, 3, 8, 8).requires_grad_()
    r1_penalty(lambda images: [critic(images)], photos).backward()
    assert photos.grad is None
    assert all(p.grad is not None for name, p in critic.named_parameters() if "weight" in name)


def test_win_rate_by_hand() -> None:
    """Three of four wins and a tie; then all lost: scales count alike."""
    real = [torch.tensor([1.0, 2.0, 3.0, 0.0]), torch.tensor([-1.0])]
    fake = [torch.tensor([0.0, 1.0, -5.0, 0.0]), torch.tensor([4.0])]
    assert win_rate(real, fake).item() == pytest.approx((3.5 / 4 + 0) / 2)
