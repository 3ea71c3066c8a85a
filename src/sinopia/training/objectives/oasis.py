"""The OASIS objective: the discriminator finds the map in photos, and "fake" in fakes.

Sushko et al., ICLR 2021, arXiv:2012.04781, section 3. The generator is SPADE's, with its style
code in place of the paper's noise map, so that the exact engine serves it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from sinopia.nn.augmentation import Augmentation, augment, draw_augmentation
from sinopia.nn.features.weights import frozen
from sinopia.nn.losses.adversarial import win_rate
from sinopia.nn.losses.oasis import (
    balanced_class_weights,
    fake_loss,
    label_loss,
    label_mix,
    label_mix_loss,
    label_mix_mask,
    realness,
)
from sinopia.scene.batch import SceneBatch
from sinopia.scene.vocabulary import UNLABELED
from sinopia.training.objectives.painter import Synthesis, photos_of
from sinopia.training.processes import bare

__all__ = ["OasisAdversary", "OasisObjectiveConfig"]


@dataclass(frozen=True)
class OasisObjectiveConfig:
    """Adversarial losses and their weights; the defaults are the published ones."""

    adversarial_weight: float = 1.0
    """Of the generator's adversarial loss."""
    label_mix_weight: float = 10.0
    """Of the consistency of mixed pictures (5 for Cityscapes); 0 leaves it out."""
    augmentations: tuple[Augmentation, ...] = field(default=())
    """What the discriminator's inputs go through: color, translation, cutout (Zhao et al. 2020)."""


class OasisAdversary:
    """A discriminator that reads the map in photos; it sees pictures only."""

    def __init__(
        self, config: OasisObjectiveConfig, *, discriminator: nn.Module, num_classes: int
    ) -> None:
        self.config = config
        self.discriminator = discriminator
        self._num_classes = num_classes

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Classes in photos, fake in fakes, LabelMix; one pass over all, fakes first."""
        real_images, fake_images = photos_of(batch), synthesis.fake_images.detach()
        (fake_images, real_images), label_ids = self._augmented(
            [fake_images, real_images], batch.label_ids, draws
        )
        inputs = [fake_images, real_images]
        mask = label_mix_mask(label_ids, generator=draws)
        if self.config.label_mix_weight > 0:
            inputs.append(label_mix(real_images, fake_images, mask))
        stacked = torch.cat(inputs).contiguous(memory_format=torch.channels_last)
        fake_logits, real_logits, *mixed_logits = self.discriminator(stacked).chunk(len(inputs))
        weights = balanced_class_weights(label_ids, num_classes=self._num_classes)
        losses = {
            "loss/D/real": label_loss(real_logits, label_ids, weights),
            "loss/D/fake": fake_loss(fake_logits),
            "health/D/win_rate": win_rate(
                [realness(real_logits.detach())], [realness(fake_logits.detach())]
            ),
        }
        for logits in mixed_logits:
            consistency = label_mix_loss(logits, real_logits, fake_logits, mask)
            losses["loss/D/label_mix"] = self.config.label_mix_weight * consistency
        return losses

    def generator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """The map found in fakes, weighted."""
        discriminator = bare(self.discriminator)
        (seen,), label_ids = self._augmented([synthesis.fake_images], batch.label_ids, draws)
        with frozen(discriminator):
            logits = discriminator(seen.contiguous(memory_format=torch.channels_last))
        weights = balanced_class_weights(label_ids, num_classes=self._num_classes)
        loss = label_loss(logits, label_ids, weights)
        return {"loss/G/adversarial": self.config.adversarial_weight * loss}

    def _augmented(
        self, pictures: list[Tensor], label_ids: Tensor, draws: torch.Generator
    ) -> tuple[list[Tensor], Tensor]:
        """All pictures changed alike, and the map; what a move uncovers is unlabeled."""
        draw = draw_augmentation(
            self.config.augmentations, batch_size=len(label_ids), generator=draws
        )
        below = (label_ids - UNLABELED)[:, None]  # zero, which a move fills in, is unlabeled
        changed = [augment(each, below, draw) for each in pictures]
        moved = changed[0][1][:, 0].round().to(torch.int64) + UNLABELED
        return [images for images, _ in changed], moved
