"""The difference of the colours of areas, by hand."""

from __future__ import annotations

import pytest
import torch

from sinopia.nn.losses import color_loss


def test_texture_is_not_seen_and_color_is() -> None:
    """A checkerboard of one pixel is gray on the whole."""
    rows = torch.arange(32)
    board = ((rows[:, None] + rows[None, :]) % 2).float() * 2 - 1
    gray, checkered = torch.zeros(1, 3, 32, 32), board.expand(1, 3, 32, 32)
    ids = torch.zeros(1, 32, 32, dtype=torch.int64)
    assert color_loss(checkered, gray, ids).item() == pytest.approx(0, abs=1e-6)
    assert color_loss(gray + 0.25, gray, ids).item() == pytest.approx(0.25**2)


def test_areas_count_by_their_size() -> None:
    """A quarter is class 7 and off by 0.4 in one of three channels; the rest fits."""
    ids = torch.full((1, 8, 8), 255)
    ids[0, :4, :4] = 7
    photo = torch.zeros(1, 3, 8, 8)
    picture = photo.clone()
    picture[0, 1, :4, :4] = 0.4
    assert color_loss(picture, photo, ids).item() == pytest.approx(0.4**2 / 3 / 4)


def test_the_same_class_in_two_pictures_is_two_areas() -> None:
    """Together their colours would be those of the photos."""
    ids = torch.zeros(2, 4, 4, dtype=torch.int64)
    photos = torch.zeros(2, 3, 4, 4)
    pictures = torch.stack([photos[0] + 0.5, photos[1] - 0.5])
    assert color_loss(pictures, photos, ids).item() == pytest.approx(0.25)


def test_it_is_the_distance_of_pictures_painted_in_their_mean_colors() -> None:
    torch.manual_seed(0)
    ids = torch.randint(0, 3, (2, 6, 5))
    pictures, photos = torch.rand(2, 2, 3, 6, 5) * 2 - 1

    def flat(images: torch.Tensor) -> torch.Tensor:
        painted = images.clone()
        for index in range(2):
            for class_id in range(3):
                inside = ids[index] == class_id
                painted[index][:, inside] = images[index][:, inside].mean(dim=1, keepdim=True)
        return painted

    expected = (flat(pictures) - flat(photos)).square().mean()
    assert color_loss(pictures, photos, ids).item() == pytest.approx(expected.item(), rel=1e-5)


def test_gradients_reach_the_picture() -> None:
    pictures = torch.zeros(1, 3, 4, 4, requires_grad=True)
    ids = torch.zeros(1, 4, 4, dtype=torch.int64)
    color_loss(pictures, torch.ones(1, 3, 4, 4), ids).backward()
    assert pictures.grad is not None
    # d/dp of (mean - 1)^2, averaged over three channels: -2 / 16 / 3 at every pixel
    torch.testing.assert_close(pictures.grad, torch.full((1, 3, 4, 4), -2 / 48))
