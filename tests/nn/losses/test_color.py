"""The difference of coarse colours, by hand."""

from __future__ import annotations

import pytest
import torch

from sinopia.nn.losses import color_loss


def test_texture_is_not_seen_and_color_is() -> None:
    """A checkerboard of one pixel is gray in every cell of two."""
    rows = torch.arange(32)
    board = ((rows[:, None] + rows[None, :]) % 2).float() * 2 - 1
    gray, checkered = torch.zeros(1, 3, 32, 32), board.expand(1, 3, 32, 32)
    assert color_loss(checkered, gray).item() == pytest.approx(0, abs=1e-6)
    assert color_loss(gray + 0.25, gray).item() == pytest.approx(0.25**2)


def test_one_cell_of_a_wide_picture_by_hand() -> None:
    """Cells of 2x2 at 32x64: 16 by 32 of them, one off by 1 in one of three channels."""
    photo = torch.zeros(1, 3, 32, 64)
    picture = photo.clone()
    picture[0, 1, 4:6, 10:12] = 1.0
    assert color_loss(picture, photo).item() == pytest.approx(1 / (3 * 16 * 32))


def test_small_pictures_have_a_cell_a_pixel() -> None:
    photo = torch.zeros(1, 3, 4, 8)
    picture = photo.clone()
    picture[0, 0, 0, 0] = 2.0
    assert color_loss(picture, photo).item() == pytest.approx(2**2 / (3 * 32))
