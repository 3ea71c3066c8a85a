"""The losses of OASIS, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from sinopia.nn.losses.oasis import (
    balanced_class_weights,
    fake_loss,
    label_loss,
    label_mix,
    label_mix_loss,
    label_mix_mask,
    realness,
)

IDS = torch.tensor([[[0, 0, 0, 1], [0, 0, 255, 255]]])  # five of class 0, one of class 1


def test_weights_are_inverse_to_frequency_and_one_on_average() -> None:
    weights = balanced_class_weights(IDS, num_classes=3)
    assert weights.tolist() == pytest.approx([6 / (2 * 5), 6 / 2, 0.0, 0.0])
    labelled = IDS[IDS != 255]
    assert weights[labelled].mean().item() == pytest.approx(1)


def test_weights_of_a_map_without_labels_are_zero() -> None:
    assert not balanced_class_weights(torch.full((1, 2, 2), 255), num_classes=3).any()


def test_label_loss_by_hand() -> None:
    """Class 0 is undecided among four channels, class 1 is sure and right; 255 is left out."""
    logits = torch.zeros(1, 4, 2, 4)
    logits[0, 1, 0, 3] = 100.0
    logits[0, :, 1, 2] = torch.tensor([5.0, -3.0, 2.0, 9.0])
    weights = balanced_class_weights(IDS, num_classes=3)
    expected = 5 * 0.6 * math.log(4) / 6
    assert label_loss(logits, IDS, weights).item() == pytest.approx(expected)


def test_fake_loss_is_the_cross_entropy_of_the_last_class() -> None:
    logits = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    expected = -F.log_softmax(logits, dim=1)[:, -1].mean()
    torch.testing.assert_close(fake_loss(logits), expected)


def test_realness_is_the_log_odds_against_fake() -> None:
    logits = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    share = torch.softmax(logits, dim=1)[:, -1]
    torch.testing.assert_close(realness(logits), torch.log((1 - share) / share))


def test_a_mask_is_one_value_in_an_area_of_a_class() -> None:
    ids = torch.randint(4, (8, 6, 6), generator=torch.Generator().manual_seed(0))
    mask = label_mix_mask(ids, generator=torch.Generator().manual_seed(1))
    assert mask.shape == (8, 1, 6, 6) and set(mask.unique().tolist()) == {0.0, 1.0}
    areas = [mask[index, 0][ids[index] == each] for index in range(8) for each in range(4)]
    assert all(area.min() == area.max() for area in areas)
    drawn = torch.stack([area[0] for area in areas]).reshape(8, 4)
    assert len(drawn.unique(dim=0)) > 2  # each map draws for itself
    assert torch.equal(mask, label_mix_mask(ids, generator=torch.Generator().manual_seed(1)))


def test_mixing_takes_the_real_where_the_mask_says_so() -> None:
    mask = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    mixed = label_mix(torch.full((1, 3, 1, 2), 7.0), torch.full((1, 3, 1, 2), -2.0), mask)
    assert mixed[0, :, 0].tolist() == [[7.0, -2.0]] * 3


def test_a_discriminator_that_sees_pixels_alone_is_consistent() -> None:
    draw = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 1, 4, 6, 6, generator=draw)
    ids = torch.randint(3, (1, 6, 6), generator=draw)
    mask = label_mix_mask(ids, generator=draw)
    mixed = label_mix(real, fake, mask)
    assert label_mix_loss(mixed, real, fake, mask).item() == pytest.approx(0, abs=1e-12)
    shifted = label_mix_loss(mixed + 2.0, real, fake, mask)
    assert shifted.item() == pytest.approx(4)
