"""Losses of a discriminator that reads each pixel as one of K classes, or as fake (OASIS).

Sushko et al., ICLR 2021, arXiv:2012.04781, equations 1 to 4. Logits are (B, K + 1, H, W), the last
channel being fake; maps are (B, H, W) int64, 255 = unlabeled, which counts in no term but "fake".
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from sinopia.nn.losses.segmentation import segmentation_loss
from sinopia.scene.vocabulary import UNLABELED

__all__ = [
    "balanced_class_weights",
    "fake_loss",
    "label_loss",
    "label_mix",
    "label_mix_loss",
    "label_mix_mask",
    "realness",
]


def balanced_class_weights(label_ids: Tensor, *, num_classes: int) -> Tensor:
    """Equation 2: weights (K + 1,) inverse to how often a class occurs in the batch.

    Scaled so that a labelled pixel weighs 1 on average, which keeps this term the size of the
    unweighted one for fakes. Classes that do not occur, and fake, have weight 0: no pixel of the
    map is one.
    """
    counts = torch.bincount(label_ids.flatten(), minlength=UNLABELED + 1)[:num_classes]
    present = counts > 0
    weights = counts.sum() / (counts.clamp_min(1) * present.sum().clamp_min(1))
    return F.pad(weights.float() * present, (0, 1))


def label_loss(logits: Tensor, label_ids: Tensor, class_weights: Tensor) -> Tensor:
    """Weighted cross-entropy with the map: of photos for the discriminator (equation 1, first
    term), of fakes for the generator (equation 3); a float32 scalar."""
    return segmentation_loss(logits.float(), label_ids, class_weights=class_weights)


def fake_loss(logits: Tensor) -> Tensor:
    """Cross-entropy of every pixel with the class fake (equation 1, second term)."""
    target = torch.full_like(logits[:, 0], logits.shape[1] - 1, dtype=torch.int64)
    return F.cross_entropy(logits.float(), target)


def realness(logits: Tensor) -> Tensor:
    """Log odds (B, H, W) that a pixel is of any class rather than fake."""
    logits = logits.float()
    return torch.logsumexp(logits[:, :-1], dim=1) - logits[:, -1]


def label_mix_mask(label_ids: Tensor, *, generator: torch.Generator) -> Tensor:
    """A mask (B, 1, H, W) that is 1 in the areas of some classes, drawn for each map, else 0."""
    bits = torch.randint(2, (label_ids.shape[0], UNLABELED + 1), generator=generator)
    mask = bits.to(label_ids.device).gather(1, label_ids.flatten(1)).view_as(label_ids)
    return mask[:, None].float()


def label_mix(real: Tensor, fake: Tensor, mask: Tensor) -> Tensor:
    """The real values where the mask is 1, the fake ones elsewhere."""
    return fake + mask * (real - fake)


def label_mix_loss(
    mixed_logits: Tensor, real_logits: Tensor, fake_logits: Tensor, mask: Tensor
) -> Tensor:
    """Equation 4: what is read in a mixed picture should be the mix of what is read in the two."""
    mixed = label_mix(real_logits.float(), fake_logits.float(), mask)
    return F.mse_loss(mixed_logits.float(), mixed)
