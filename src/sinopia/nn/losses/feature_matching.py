"""Feature matching through the discriminator (Wang et al. 2018, "pix2pixHD", eq. 4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["feature_matching_loss"]


def feature_matching_loss(
    real_features: Sequence[Sequence[Tensor]], fake_features: Sequence[Sequence[Tensor]]
) -> Tensor:
    """L1 between the discriminator's features of real and fake images; a float32 scalar.

    Features are a sequence of layers for each scale, the logits last; the logits take no part. Each
    layer is averaged over its values, layers are summed, scales averaged. Gradients flow to the
    fake features only.
    """
    scales = [
        torch.stack(
            [
                (fake - real.detach()).abs().mean(dtype=torch.float32)
                for real, fake in zip(real_layers[:-1], fake_layers[:-1], strict=True)
            ]
        ).sum()
        for real_layers, fake_layers in zip(real_features, fake_features, strict=True)
    ]
    return torch.stack(scales).mean()
