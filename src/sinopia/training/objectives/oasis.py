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
from sinopia.nn.precision import Precision
from sinopia.scene.batch import SceneBatch
from sinopia.scene.vocabulary import UNLABELED
from sinopia.training.objectives.guidance import Guidance
from sinopia.training.objectives.painter import SpadePainter, Synthesis, photos_of
from sinopia.training.processes import bare

__all__ = ["OasisObjective", "OasisObjectiveConfig"]


@dataclass(frozen=True)
class OasisObjectiveConfig:
    """Adversarial losses and their weights; the defaults are the published ones."""

    adversarial_weight: float = 1.0
    """Of the generator's adversarial loss."""
    label_mix_weight: float = 10.0
    """Of the consistency of mixed pictures (5 for Cityscapes); 0 leaves it out."""
    augmentations: tuple[Augmentation, ...] = field(default=())
    """What the discriminator's inputs go through: color, translation, cutout (Zhao et al. 2020)."""


class OasisObjective:
    """Trains a SPADE generator, and its encoder if any, against a segmenting discriminator."""

    def __init__(
        self,
        config: OasisObjectiveConfig,
        *,
        painter: SpadePainter,
        discriminator: nn.Module,
        guidance: Guidance,
        num_classes: int,
    ) -> None:
        self.config = config
        self._painter = painter
        self._discriminator = discriminator
        self._guidance = guidance
        self._num_classes = num_classes

    @property
    def generators(self) -> dict[str, nn.Module]:
        """The generator and the encoder, if there is one."""
        return self._painter.networks

    @property
    def discriminators(self) -> dict[str, nn.Module]:
        """The discriminator."""
        return {"discriminator": self._discriminator}

    def wrap(self, networks: dict[str, nn.Module]) -> None:
        """Use networks wrapped for several processes in place of the bare ones of these names."""
        self._painter.wrap(networks)
        self._discriminator = networks["discriminator"]

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Synthesis:
        """Fake pictures; see `SpadePainter.synthesize`."""
        return self._painter.synthesize(batch, draws)

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Classes in photos, fake in fakes, LabelMix; one pass over all, fakes first."""
        real_images, fake_images = photos_of(batch), synthesis.fake_images.detach().float()
        (fake_images, real_images), label_ids = self._augmented(
            [fake_images, real_images], batch.label_ids, draws
        )
        inputs = [fake_images, real_images]
        mask = label_mix_mask(label_ids, generator=draws)
        if self.config.label_mix_weight > 0:
            inputs.append(label_mix(real_images, fake_images, mask))
        stacked = torch.cat(inputs).contiguous(memory_format=torch.channels_last)
        fake_logits, real_logits, *mixed_logits = self._discriminator(stacked).chunk(len(inputs))
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
        """The map found in fakes, and the losses of the guidance, weighted."""
        fake_images = synthesis.fake_images.float()
        discriminator = bare(self._discriminator)
        (seen,), label_ids = self._augmented([fake_images], batch.label_ids, draws)
        with frozen(discriminator):
            logits = discriminator(seen.contiguous(memory_format=torch.channels_last))
        weights = balanced_class_weights(label_ids, num_classes=self._num_classes)
        losses = {
            "loss/G/adversarial": self.config.adversarial_weight
            * label_loss(logits, label_ids, weights)
        }
        return losses | self._guidance.losses(
            fake_images,
            photos_of(batch),
            batch.label_ids,
            mean=synthesis.mean,
            log_variance=synthesis.log_variance,
        )

    def preview(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, Tensor]:
        """Pictures in random styles; see `SpadePainter.preview`."""
        return self._painter.preview(generator, batch, seed=seed, precision=precision)

    def measure(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, float]:
        """Distances to the photos; see `SpadePainter.measure`."""
        return self._painter.measure(
            generator, batch, guidance=self._guidance, seed=seed, precision=precision
        )

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
