"""The GauGAN objective: hinge loss and feature matching through a multi-scale discriminator.

Park et al., CVPR 2019, section 3 and appendix A; Wang et al., CVPR 2018, equation 4 (feature
matching). The perceptual loss and the KL divergence of styles are in `guidance.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from sinopia.nn.augmentation import (
    Augmentation,
    AugmentationDraw,
    augment,
    draw_augmentation,
)
from sinopia.nn.features.weights import frozen
from sinopia.nn.losses.adversarial import (
    AdversarialLoss,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
    win_rate,
)
from sinopia.nn.losses.feature_matching import feature_matching_loss
from sinopia.scene.batch import SceneBatch
from sinopia.training.objectives.painter import Synthesis, photos_of
from sinopia.training.processes import bare

__all__ = ["GauganAdversary", "GauganObjectiveConfig"]


@dataclass(frozen=True)
class GauganObjectiveConfig:
    """Adversarial losses and their weights; the defaults are the published ones."""

    adversarial: AdversarialLoss = "hinge"
    """hinge, least_squares, original or wasserstein (with gradient penalty)."""
    adversarial_weight: float = 1.0
    """Of the generator's adversarial loss."""
    feature_matching_weight: float = 10.0
    """0 leaves it out."""
    gradient_penalty_weight: float = 10.0
    """Only with wasserstein."""
    r1_weight: float = 0.0
    """Of the squared gradient of the logits' sum at photos (Mescheder et al. 2018): gamma / 2, for
    a sum over a map of logits, so 0.001 is much; 0 leaves it out."""
    augmentations: tuple[Augmentation, ...] = field(default=())
    """What the discriminator's inputs go through: color, translation, cutout (Zhao et al. 2020)."""


class GauganAdversary:
    """A multi-scale discriminator of pictures stacked under their maps."""

    def __init__(self, config: GauganObjectiveConfig, *, discriminator: nn.Module) -> None:
        self.config = config
        self.discriminator = discriminator

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Real and fake terms, and how often photos win; one pass over both, fakes first."""
        real_images, fake_images = photos_of(batch), synthesis.fake_images.detach()
        draw = self._draw(len(batch), draws)
        dense = synthesis.condition.dense_at(batch.size_hw)
        inputs = torch.cat([_stacked(fake_images, dense, draw), _stacked(real_images, dense, draw)])
        logits = [scale[-1].float().chunk(2) for scale in self.discriminator(inputs)]
        real_term, fake_term = discriminator_loss(
            self.config.adversarial, [real for _, real in logits], [fake for fake, _ in logits]
        )
        losses = {
            "loss/D/real": real_term,
            "loss/D/fake": fake_term,
            "health/D/win_rate": win_rate(
                [real.detach() for _, real in logits], [fake.detach() for fake, _ in logits]
            ),
        }
        critic = self._critic(dense, draw)
        if self.config.adversarial == "wasserstein":
            penalty = gradient_penalty(critic, real_images, fake_images, generator=draws)
            losses["loss/D/gradient_penalty"] = self.config.gradient_penalty_weight * penalty
        if self.config.r1_weight > 0:
            losses["loss/D/r1"] = self.config.r1_weight * r1_penalty(critic, real_images)
        return losses

    def _critic(self, dense: Tensor, draw: AugmentationDraw) -> Callable[[Tensor], list[Tensor]]:
        """The logits of pictures of the maps, for penalties on their gradients.

        Through the bare network: the wrapped one has begun its pass of this step already.
        """
        discriminator = bare(self.discriminator)

        def logits(images: Tensor) -> list[Tensor]:
            return [scale[-1] for scale in discriminator(_stacked(images, dense, draw))]

        return logits

    def generator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Adversarial and feature matching losses, weighted."""
        config = self.config
        fake_images, real_images = synthesis.fake_images, photos_of(batch)
        draw = self._draw(len(batch), draws)
        dense = synthesis.condition.dense_at(batch.size_hw)
        discriminator = bare(self.discriminator)
        with frozen(discriminator):
            fake_features = discriminator(_stacked(fake_images, dense, draw))
            fake_logits = [scale[-1].float() for scale in fake_features]
            losses = {
                "loss/G/adversarial": config.adversarial_weight
                * generator_loss(config.adversarial, fake_logits)
            }
            if config.feature_matching_weight > 0:
                with torch.no_grad():
                    real_features = discriminator(_stacked(real_images, dense, draw))
                losses["loss/G/feature_matching"] = (
                    config.feature_matching_weight
                    * feature_matching_loss(real_features, fake_features)
                )
        return losses

    def _draw(self, batch_size: int, draws: torch.Generator) -> AugmentationDraw:
        return draw_augmentation(self.config.augmentations, batch_size=batch_size, generator=draws)


def _stacked(images: Tensor, dense: Tensor, draw: AugmentationDraw) -> Tensor:
    """The discriminator's input (B, S + 3, H, W), the map first."""
    images, dense = augment(images, dense, draw)
    return torch.cat([dense, images], dim=1).contiguous(memory_format=torch.channels_last)
