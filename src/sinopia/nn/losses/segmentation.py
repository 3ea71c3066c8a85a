"""Cross-entropy and errors between the logits of a segmenter and a label map."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from sinopia.scene.vocabulary import UNLABELED

__all__ = ["pixel_error", "segmentation_loss"]


def segmentation_loss(
    logits: Tensor, label_ids: Tensor, *, class_weights: Tensor | None = None
) -> Tensor:
    """Mean over the labelled pixels, each weighted by its class; a scalar.

    logits: (B, K, H, W). label_ids: (B, H, W) int64, 255 = unlabeled. class_weights: (K,); the sum
    is divided by the number of pixels, not by the sum of their weights. Zero for maps without a
    labelled pixel.
    """
    total = F.cross_entropy(
        logits,
        label_ids,
        weight=None if class_weights is None else class_weights.to(logits.device),
        ignore_index=UNLABELED,
        reduction="sum",
    )
    return total / (label_ids != UNLABELED).sum().clamp_min(1)


def pixel_error(logits: Tensor, label_ids: Tensor) -> Tensor:
    """Share of the labelled pixels whose largest logit is another class, in [0, 1]; a scalar.

    Shapes as in `segmentation_loss`. Zero for maps without a labelled pixel.
    """
    is_labelled = label_ids != UNLABELED
    is_wrong = (logits.argmax(dim=1) != label_ids) & is_labelled
    return is_wrong.sum() / is_labelled.sum().clamp_min(1)
