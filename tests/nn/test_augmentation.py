"""Differentiable augmentation: each change by hand, alike for real and fake, with gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sinopia.nn.augmentation import Augmentation, AugmentationDraw, augment, draw_augmentation

ALL: tuple[Augmentation, ...] = ("color", "translation", "cutout")


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(2, 3, 16, 24, generator=_generator(1)) * 2 - 1


@pytest.fixture
def condition() -> Tensor:
    return torch.rand(2, 5, 16, 24, generator=_generator(2)) + 0.5  # nowhere zero


def test_nothing_drawn_changes_nothing(images: Tensor, condition: Tensor) -> None:
    draw = draw_augmentation((), batch_size=2, generator=_generator())
    assert draw == AugmentationDraw(None, None, None) or draw.color is None
    changed, moved = augment(images, condition, draw)
    assert changed is images and moved is condition


def test_the_same_generator_state_gives_the_same_draw() -> None:
    one = draw_augmentation(ALL, batch_size=4, generator=_generator(3))
    two = draw_augmentation(ALL, batch_size=4, generator=_generator(3))
    three = draw_augmentation(ALL, batch_size=4, generator=_generator(4))
    for name, width in (("color", 3), ("translation", 2), ("cutout", 2)):
        numbers = getattr(one, name)
        assert numbers.shape == (4, width)
        assert torch.equal(numbers, getattr(two, name))
        assert not torch.equal(numbers, getattr(three, name))
        assert 0 <= numbers.min() and numbers.max() < 1


def test_a_kind_is_drawn_alike_whatever_the_others_are() -> None:
    alone = draw_augmentation(("cutout",), batch_size=4, generator=_generator(3))
    among = draw_augmentation(ALL, batch_size=4, generator=_generator(3))
    assert alone.color is None and alone.translation is None
    assert alone.cutout is not None and among.cutout is not None
    assert torch.equal(alone.cutout, among.cutout)


def test_color_by_hand(condition: Tensor) -> None:
    # One row of two pixels: (0.1, 0.4, 0.7) and (-0.2, 0.1, 0.4).
    image = torch.tensor([[0.1, -0.2], [0.4, 0.1], [0.7, 0.4]]).reshape(1, 3, 1, 2)
    # brightness + (0.75 - 0.5), saturation * 2 * 0.25, contrast * (0.5 + 0.5)
    draw = AugmentationDraw(torch.tensor([[0.75, 0.25, 0.5]]), None, None)
    changed, moved = augment(image, condition, draw)
    # pixel 1 brightened: 0.35, 0.65, 0.95, gray 0.65; half as far from gray: 0.5, 0.65, 0.8
    # pixel 2 brightened: 0.05, 0.35, 0.65, gray 0.35; half as far from gray: 0.2, 0.35, 0.5
    expected = torch.tensor([[0.5, 0.2], [0.65, 0.35], [0.8, 0.5]]).reshape(1, 3, 1, 2)
    torch.testing.assert_close(changed, expected)
    assert moved is condition

    # contrast alone: mean 0.25, twice... (1.0 + 0.5) times as far from it
    draw = AugmentationDraw(torch.tensor([[0.5, 0.5, 1.0]]), None, None)
    changed, _ = augment(image, condition, draw)
    torch.testing.assert_close(changed, (image - 0.25) * 1.5 + 0.25)


def test_each_picture_has_its_own_color(images: Tensor, condition: Tensor) -> None:
    numbers = torch.tensor([[0.5, 0.5, 0.5], [0.9, 0.5, 0.5]])
    changed, _ = augment(images, condition, AugmentationDraw(numbers, None, None))
    torch.testing.assert_close(changed[0], images[0])
    torch.testing.assert_close(changed[1], images[1] + 0.4)


@pytest.mark.parametrize(
    ("numbers", "down", "right"),
    [
        ((0.5, 0.5), 0, 0),
        ((0.0, 0.0), -2, -3),  # an eighth of 16 and of 24
        ((0.999, 0.999), 2, 3),
        ((0.3, 0.8), -1, 2),  # floor(0.3 * 5) - 2, floor(0.8 * 7) - 3
    ],
)
def test_translation_moves_picture_and_map_alike_and_lets_zeros_in(
    images: Tensor, condition: Tensor, numbers: tuple[float, float], down: int, right: int
) -> None:
    draw = AugmentationDraw(None, torch.tensor([[0.5, 0.5], numbers]), None)
    both = augment(images, condition, draw)
    for before, after in zip((images, condition), both, strict=True):
        assert torch.equal(after[0], before[0])
        expected = torch.zeros_like(before[1])
        for y in range(16):
            for x in range(24):
                if 0 <= y - down < 16 and 0 <= x - right < 24:
                    expected[:, y, x] = before[1][:, y - down, x - right]
        assert torch.equal(after[1], expected)


def test_cutout_sets_half_the_sides_to_zero_in_the_picture_only(condition: Tensor) -> None:
    images = torch.ones(3, 3, 16, 24)
    # centres (8, 12), (0, 0), (15, 23): whole, a corner of 4 x 6, a corner of 5 x 7
    numbers = torch.tensor([[0.5, 0.5], [0.0, 0.0], [0.95, 0.97]])
    changed, kept = augment(images, condition, AugmentationDraw(None, None, numbers))
    assert kept is condition
    holes = changed[:, 0] == 0
    assert torch.equal(changed[:, 1] == 0, holes) and torch.equal(changed[:, 2] == 0, holes)
    assert holes.sum(dim=(1, 2)).tolist() == [8 * 12, 4 * 6, 5 * 7]
    assert holes[0, 4:12, 6:18].all() and holes[1, :4, :6].all() and holes[2, 11:, 17:].all()


def test_gradients_flow_to_what_is_seen(images: Tensor, condition: Tensor) -> None:
    images.requires_grad_()
    draw = draw_augmentation(ALL, batch_size=2, generator=_generator(5))
    changed, moved = augment(images, condition, draw)
    assert changed.shape == images.shape and moved.shape == condition.shape
    changed.square().sum().backward()
    assert images.grad is not None and torch.isfinite(images.grad).all()
    share = (images.grad != 0).any(dim=1).float().mean()
    assert 0.5 < share <= 1

    translation = AugmentationDraw(None, torch.tensor([[0.0, 0.0], [0.0, 0.0]]), None)
    images.grad = None
    augment(images, condition, translation)[0].sum().backward()
    assert images.grad is not None
    assert images.grad[:, :, 2:, 3:].eq(1).all()  # moved out: no gradient
    assert images.grad[:, :, :2].eq(0).all() and images.grad[:, :, :, :3].eq(0).all()


def test_real_and_fake_are_changed_alike(images: Tensor, condition: Tensor) -> None:
    draw = draw_augmentation(("translation", "cutout"), batch_size=2, generator=_generator(6))
    fake, fake_map = augment(-images, condition, draw)
    real, real_map = augment(images, condition, draw)
    assert torch.equal(fake, -real) and torch.equal(fake_map, real_map)
