"""Trains a segmenter: cross-entropy of every labelled pixel, photos changed in colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sinopia.errors import ConfigError
from sinopia.nn.augmentation import Augmentation, augment, draw_augmentation
from sinopia.nn.losses.segmentation import pixel_error, segmentation_loss
from sinopia.nn.precision import Precision, autocast
from sinopia.scene.batch import SceneBatch
from sinopia.training.objectives.painter import photos_of

__all__ = ["SegmentationObjective", "SegmentationObjectiveConfig"]


@dataclass(frozen=True)
class SegmentationObjectiveConfig:
    """How photos are changed before they are read."""

    augmentations: tuple[Augmentation, ...] = ("color", "cutout")
    """color and cutout; a translation would move what is labelled."""
    class_balance: float = 0.0
    """How much more a pixel of a rare class counts: its weight is the class's frequency to the
    power of minus this. 0: all pixels alike; 1: all classes alike."""

    def __post_init__(self) -> None:
        if "translation" in self.augmentations:
            raise ConfigError(
                "objective.augmentations: translation moves photos away from their labels; the "
                "crop of preprocess moves both. Leave it out."
            )
        if not 0 <= self.class_balance <= 1:
            raise ConfigError(
                f"objective.class_balance: expected a number in [0, 1], got {self.class_balance}."
            )


class SegmentationObjective:
    """Cross-entropy between the logits of a segmenter and the label maps.

    Unlabeled pixels do not count.

    Args:
        palette: (256, 3) uint8, the colours that previews show the ids in.
        class_weights: (K,) float32, what a pixel of each class counts in training.
    """

    def __init__(
        self,
        config: SegmentationObjectiveConfig,
        *,
        segmenter: nn.Module,
        palette: NDArray[np.uint8],
        class_weights: NDArray[np.float32],
    ) -> None:
        self.config = config
        self._segmenter = segmenter
        self._palette = torch.from_numpy(palette.copy())
        self._class_weights = torch.from_numpy(class_weights.copy())

    @property
    def generators(self) -> dict[str, nn.Module]:
        """The segmenter."""
        return {"segmenter": self._segmenter}

    @property
    def discriminators(self) -> dict[str, nn.Module]:
        """None: the labels judge."""
        return {}

    def wrap(self, networks: dict[str, nn.Module]) -> None:
        """Use the segmenter wrapped for several processes."""
        self._segmenter = networks["segmenter"]

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Tensor:
        """Logits (B, K, H, W) of the changed photos."""
        draw = draw_augmentation(self.config.augmentations, batch_size=len(batch), generator=draws)
        photos = photos_of(batch)
        photos, _ = augment(photos, photos[:, :0], draw)
        # Dropout draws from the global generator, which a resumed run would find elsewhere.
        seed = int(torch.randint(2**62, (), generator=draws))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return self._segmenter(photos.contiguous(memory_format=torch.channels_last))

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Tensor, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """None."""
        return {}

    def generator_losses(
        self, batch: SceneBatch, synthesis: Tensor, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """The mean cross-entropy of the labelled pixels, each weighted by its class."""
        loss = segmentation_loss(
            synthesis.float(), batch.label_ids, class_weights=self._class_weights
        )
        return {"loss/G/cross_entropy": loss}

    @torch.no_grad()
    def preview(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, Tensor]:
        """What the segmenter reads in the photos, in the colours of the classes."""
        with autocast(precision, batch.label_ids.device):
            ids = generator(photos_of(batch)).argmax(dim=1)
        colors = self._palette.to(ids.device)[ids]  # (B, H, W, 3)
        return {"read": colors.movedim(3, 1).float() / 127.5 - 1}

    @torch.no_grad()
    def measure(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, float]:
        """Cross-entropy, and the share of labelled pixels that are read wrongly."""
        with autocast(precision, batch.label_ids.device):
            logits = generator(photos_of(batch)).float()
        return {
            "validation/cross_entropy": float(segmentation_loss(logits, batch.label_ids)),
            "validation/pixel_error": float(pixel_error(logits, batch.label_ids)),
        }
