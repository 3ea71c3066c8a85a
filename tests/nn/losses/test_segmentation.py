"""Cross-entropy and errors of a segmenter, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from sinopia.nn.losses.segmentation import pixel_error, segmentation_loss

# one line of four pixels: sure of 0, undecided, sure of 1, unlabeled
LOGITS = torch.tensor([[[[50.0, 0.0, 0.0, 7.0]], [[0.0, 0.0, 50.0, 9.0]]]])
IDS = torch.tensor([[[0, 1, 0, 255]]])


def test_loss_by_hand() -> None:
    """0 for the sure one, log 2 for the undecided, 50 for the one that is surely wrong."""
    expected = (0 + math.log(2) + 50) / 3
    assert segmentation_loss(LOGITS, IDS).item() == pytest.approx(expected)


def test_weights_multiply_and_do_not_divide() -> None:
    weighted = segmentation_loss(LOGITS, IDS, class_weights=torch.tensor([0.5, 4.0]))
    assert weighted.item() == pytest.approx((4 * math.log(2) + 0.5 * 50) / 3)


def test_errors_are_counted_among_labelled_pixels() -> None:
    assert pixel_error(LOGITS, IDS).item() == pytest.approx(2 / 3)  # a tie reads as the first


def test_a_map_without_labels() -> None:
    nothing = torch.full_like(IDS, 255)
    assert segmentation_loss(LOGITS, nothing).item() == 0
    assert pixel_error(LOGITS, nothing).item() == 0
