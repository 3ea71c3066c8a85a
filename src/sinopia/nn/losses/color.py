"""Where a picture has which colour: the difference that is left when all detail is averaged away.

Networks of perceptual losses see little of colour and light; this sees nothing else. It is what
makes a style code worth learning: a photo's time of day is in it, and its texture is not.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = ["color_loss"]

_CELLS = 16
"""Cells along the short side."""


def color_loss(fake_images: Tensor, real_images: Tensor) -> Tensor:
    """Mean squared difference of the means of cells, of (B, 3, H, W) pictures in [-1, 1].

    The picture is cut into 16 cells along its short side, as nearly square as they come; the result
    is a float32 scalar in [0, 4]. Squared, so that the few sunsets count, which are far from all
    other photos.
    """
    height, width = fake_images.shape[2:]
    short = min(height, width)
    cells = min(_CELLS, short)
    grid = (round(cells * height / short), round(cells * width / short))
    fake, real = (F.adaptive_avg_pool2d(each.float(), grid) for each in (fake_images, real_images))
    return (fake - real).square().mean()
