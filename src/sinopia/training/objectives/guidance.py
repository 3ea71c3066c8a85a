"""What guides a generator beside its discriminator: the photo, the map, the prior of styles.

Every objective of label-to-image generators can have these. Park et al., CVPR 2019, section 3 and
appendix A: perceptual loss, KL divergence of style codes. The segmenter's loss is that a frozen
reader of photos finds the map in the picture again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from sinopia.data.class_counts import class_weights
from sinopia.data.dataset import Dataset
from sinopia.errors import ConfigError
from sinopia.models.segmenter import Segmenter
from sinopia.nn.losses.color import color_loss
from sinopia.nn.losses.kl import kl_divergence
from sinopia.nn.losses.perceptual import (
    PerceptualLoss,
    squeezenet_lpips,
    squeezenet_perceptual,
    vgg19_perceptual,
)
from sinopia.nn.losses.segmentation import pixel_error, segmentation_loss
from sinopia.nn.neighborhoods import nearest_resize
from sinopia.zoo.catalog import find_model
from sinopia.zoo.segmenters import load_segmenter

__all__ = ["Guidance", "GuidanceConfig", "PerceptualConfig", "load_guidance"]


@dataclass(frozen=True)
class PerceptualConfig:
    """The frozen network that judges how alike a picture and its photo are."""

    network: Literal["vgg19", "squeezenet_lpips", "squeezenet"]
    """vgg19: as published. squeezenet: L1 on its features. squeezenet_lpips: LPIPS v0.1 on them."""
    path: str
    """File of the network's weights."""
    linear_path: str | None = None
    """File of LPIPS's linear layers; squeezenet_lpips needs it."""

    def __post_init__(self) -> None:
        if (self.network == "squeezenet_lpips") != (self.linear_path is not None):
            raise ConfigError(
                "guidance.perceptual: linear_path goes with network squeezenet_lpips, and only "
                "with it."
            )


@dataclass(frozen=True)
class GuidanceConfig:
    """Losses of the generator that no discriminator gives; the defaults are GauGAN's."""

    perceptual: PerceptualConfig | None = None
    """Network of the perceptual loss; none leaves it out."""
    perceptual_weight: float = 10.0
    """Of the perceptual loss."""
    segmenter: str | None = None
    """Model folder of a segmenter that teaches; it must not be one that judges the model later."""
    segmenter_weight: float = 1.0
    """Of the cross-entropy between what it reads in the picture and the map."""
    segmenter_scale: int = 1
    """How many pixels of a side become one before it reads: a segmenter trained on small photos
    teaches a generator of large pictures."""
    class_balance: float = 0.5
    """How much more a pixel of a rare class counts there; see SegmentationObjectiveConfig."""
    color_weight: float = 0.0
    """Of the difference between the mean colours of the map's areas in picture and photo; 0 leaves
    it out. With a lower kl_weight it teaches style codes the light and colours of their photos."""
    kl_weight: float = 0.05
    """Of the KL divergence of style codes, summed over the batch of all processes and parts."""

    def __post_init__(self) -> None:
        if self.segmenter_scale < 1:
            raise ConfigError(
                f"guidance.segmenter_scale: expected 1 or more, got {self.segmenter_scale}."
            )
        if not 0 <= self.class_balance <= 1:
            raise ConfigError(
                f"guidance.class_balance: expected a number in [0, 1], got {self.class_balance}."
            )


class Guidance:
    """The losses of a `GuidanceConfig`.

    Args:
        batch_size: images of a step, over all processes and parts.
        class_weights: (K,) float32, what a pixel of each class counts for the segmenter's loss.
    """

    def __init__(
        self,
        config: GuidanceConfig,
        *,
        batch_size: int,
        perceptual: PerceptualLoss | None = None,
        segmenter: Segmenter | None = None,
        class_weights: Tensor | None = None,
    ) -> None:
        self.config = config
        self._perceptual = perceptual
        self._batch_size = batch_size
        self._segmenter = segmenter
        self._class_weights = class_weights

    def losses(
        self,
        fake_images: Tensor,
        real_images: Tensor,
        label_ids: Tensor,
        *,
        mean: Tensor | None,
        log_variance: Tensor | None,
    ) -> dict[str, Tensor]:
        """Weighted losses of pictures (B, 3, H, W), their photos and maps (B, H, W).

        `mean` and `log_variance` are of the style codes, (B, style_dim), if photos gave them.
        """
        config = self.config
        losses: dict[str, Tensor] = {}
        if self._perceptual is not None:
            distance = self._perceptual(fake_images, real_images)
            losses["loss/G/perceptual"] = config.perceptual_weight * distance
        if self._segmenter is not None:
            logits, ids = self._read(self._segmenter, fake_images, label_ids)
            disagreement = segmentation_loss(logits, ids, class_weights=self._class_weights)
            losses["loss/G/segmenter"] = config.segmenter_weight * disagreement
        if config.color_weight > 0:
            losses["loss/G/color"] = config.color_weight * color_loss(
                fake_images, real_images, label_ids
            )
        if mean is not None and log_variance is not None:
            # The loop averages over processes and parts; this makes it a sum over all images again.
            divergence = kl_divergence(mean, log_variance, reduction="batch_mean")
            losses["loss/G/kl"] = config.kl_weight * self._batch_size * divergence
        return losses

    def distances(
        self, fake_images: Tensor, real_images: Tensor, label_ids: Tensor
    ) -> dict[str, float]:
        """How far pictures are from their maps and photos, unweighted: "validation/...".

        segmenter_error is the share of labelled pixels that the teacher reads wrongly, in [0, 1]:
        that it falls says that the run learns, not how good a judge would find the pictures.
        """
        distances: dict[str, float] = {}
        if self._segmenter is not None:
            logits, ids = self._read(self._segmenter, fake_images, label_ids)
            distances["validation/segmenter_error"] = float(pixel_error(logits, ids))
        if self.config.color_weight > 0:
            distances["validation/color"] = float(color_loss(fake_images, real_images, label_ids))
        if self._perceptual is not None:
            distances["validation/perceptual"] = float(self._perceptual(fake_images, real_images))
        return distances

    def _read(
        self, segmenter: Segmenter, images: Tensor, label_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, K, h, w) of pictures at the segmenter's scale, and the maps at theirs."""
        scale = self.config.segmenter_scale
        seen = F.avg_pool2d(images, scale) if scale > 1 else images
        logits = segmenter(seen).float()
        return logits, nearest_resize(label_ids, (seen.shape[2], seen.shape[3]))


def load_guidance(
    config: GuidanceConfig,
    *,
    dataset: Dataset,
    batch_size: int,
    device: torch.device,
) -> Guidance:
    """Load the frozen networks, and count the classes of the data if a segmenter is to teach.

    Raises:
        ModelError: when a file is missing or is not that network's.
        LabelError: when the segmenter reads other classes than those of the data.
    """
    perceptual, segmenter, weights = None, None, None
    if config.perceptual is not None:
        perceptual = _load_perceptual(config.perceptual)
        perceptual.to(device)
        perceptual.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.segmenter is not None:
        segmenter = load_segmenter(
            find_model(config.segmenter),
            vocabulary=dataset.vocabulary,
            option="guidance.segmenter",
        )
        weights = torch.from_numpy(class_weights(dataset, balance=config.class_balance))
        segmenter.to(device)
        segmenter.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Guidance(
        config,
        batch_size=batch_size,
        perceptual=perceptual,
        segmenter=segmenter,
        class_weights=weights,
    )


def _load_perceptual(config: PerceptualConfig) -> PerceptualLoss:
    if config.network == "vgg19":
        return vgg19_perceptual(config.path)
    if config.network == "squeezenet":
        return squeezenet_perceptual(config.path)
    assert config.linear_path is not None
    return squeezenet_lpips(config.path, config.linear_path)
