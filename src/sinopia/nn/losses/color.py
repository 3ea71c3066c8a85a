"""What colours the areas of a picture have: the difference that no texture has a part in.

Networks of perceptual losses see little of colour and light; this sees nothing else. It is what
makes a style code worth learning: the light of a photo is in it, and its texture and its clouds,
which no code of a style should have to hold, are not.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sinopia.scene.vocabulary import UNLABELED

__all__ = ["color_loss"]


def color_loss(fake_images: Tensor, real_images: Tensor, label_ids: Tensor) -> Tensor:
    """Mean squared difference of the mean colours of areas, by their sizes.

    An area is all of a class, or all that is unlabeled, in one picture. Pictures and photos are
    (B, 3, H, W) in [-1, 1], maps (B, H, W) integers; the result is a float32 scalar in [0, 4].
    Squared, so that the few sunsets count, which are far from all other photos.
    """
    batch, channels = fake_images.shape[:2]
    # one number for every area of the batch
    offsets = torch.arange(batch, device=label_ids.device)[:, None] * (UNLABELED + 1)
    areas = (label_ids.flatten(1) + offsets).flatten()
    difference = (fake_images.float() - real_images.float()).transpose(0, 1).reshape(channels, -1)
    sums = difference.new_zeros(channels, batch * (UNLABELED + 1)).index_add(1, areas, difference)
    counts = torch.bincount(areas, minlength=sums.shape[1]).clamp_min(1)
    # the mean of squares over pixels and channels: counts * (sums / counts)^2 for each area
    return (sums.square() / counts).sum() / difference.numel()
