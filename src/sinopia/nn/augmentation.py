"""Differentiable augmentation of what a discriminator sees: few pictures cannot be learnt by heart.

Zhao, Liu, Lin, Zhu, Han, "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS
2020, arXiv:2006.10738, section 3.2: the same random changes for real and fake, with gradients
through them. Here a picture comes with its map: moves are applied to both, so that they still fit;
colours and holes to the picture only.

Shapes: B pictures, S condition channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["Augmentation", "AugmentationDraw", "augment", "draw_augmentation"]

Augmentation = Literal["color", "translation", "cutout"]

_TRANSLATION_SHARE = 1 / 8
_CUTOUT_SHARE = 1 / 2


@dataclass(frozen=True, eq=False)
class AugmentationDraw:
    """The random numbers of a batch, (B, n) uniform in [0, 1); what is not applied is None."""

    color: Tensor | None
    """(B, 3): brightness, saturation, contrast."""
    translation: Tensor | None
    """(B, 2): down, right."""
    cutout: Tensor | None
    """(B, 2): centre, from the top left."""


def draw_augmentation(
    kinds: Sequence[Augmentation], *, batch_size: int, generator: torch.Generator
) -> AugmentationDraw:
    """Draw for the named kinds; the same generator state gives the same draw."""

    def draw(kind: Augmentation, count: int) -> Tensor | None:
        numbers = torch.rand(batch_size, count, generator=generator)
        return numbers if kind in kinds else None

    return AugmentationDraw(draw("color", 3), draw("translation", 2), draw("cutout", 2))


def augment(images: Tensor, condition: Tensor, draw: AugmentationDraw) -> tuple[Tensor, Tensor]:
    """Change pictures (B, 3, H, W) in [-1, 1] and their maps (B, S, H, W) as drawn."""
    if draw.color is not None:
        images = _change_color(images, draw.color.to(images.device))
    if draw.translation is not None:
        images, condition = _translate(images, condition, draw.translation)
    if draw.cutout is not None:
        images = _cut_out(images, draw.cutout)
    return images, condition


def _change_color(images: Tensor, draw: Tensor) -> Tensor:
    brightness, saturation, contrast = draw.to(images.dtype).reshape(-1, 3, 1, 1, 1).unbind(1)
    images = images + (brightness - 0.5)
    gray = images.mean(dim=1, keepdim=True)
    images = (images - gray) * (saturation * 2) + gray
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - mean) * (contrast + 0.5) + mean


def _translate(images: Tensor, condition: Tensor, draw: Tensor) -> tuple[Tensor, Tensor]:
    """Move each picture and its map by up to an eighth of the side; what is uncovered is zero."""
    height, width = images.shape[2:]
    shifts = _whole_shifts(draw, height, width)
    moved = torch.cat([images, condition.to(images.dtype)], dim=1)
    moved = torch.stack(
        [_shift(each, dy, dx) for each, (dy, dx) in zip(moved, shifts, strict=True)]
    )
    return moved[:, :3], moved[:, 3:]


def _whole_shifts(draw: Tensor, height: int, width: int) -> list[list[int]]:
    reach = torch.tensor([int(height * _TRANSLATION_SHARE), int(width * _TRANSLATION_SHARE)])
    return (torch.floor(draw * (2 * reach + 1)).to(torch.int64) - reach).tolist()


def _shift(image: Tensor, down: int, right: int) -> Tensor:
    """Move (C, H, W) by whole pixels, zeros coming in."""
    height, width = image.shape[1:]
    inside = image[:, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    padding = (max(0, right), max(0, -right), max(0, down), max(0, -down))
    return torch.nn.functional.pad(inside, padding)


def _cut_out(images: Tensor, draw: Tensor) -> Tensor:
    """Set a square of half the side, around a random centre, to zero."""
    batch, _, height, width = images.shape
    keep = torch.ones(batch, 1, height, width, dtype=images.dtype)
    half_height, half_width = (int(side * _CUTOUT_SHARE / 2 + 0.5) for side in (height, width))
    for index, (y, x) in enumerate(draw.tolist()):
        center_y, center_x = int(y * height), int(x * width)
        keep[
            index,
            :,
            max(0, center_y - half_height) : center_y + half_height,
            max(0, center_x - half_width) : center_x + half_width,
        ] = 0.0
    return images * keep.to(images.device)
