"""The objective of label-to-image generators: a painter, its adversary, and what else guides it."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from sinopia.nn.precision import Precision
from sinopia.scene.batch import SceneBatch
from sinopia.training.objectives.guidance import Guidance
from sinopia.training.objectives.painter import SpadePainter, Synthesis, photos_of

__all__ = ["AdversarialObjective", "Adversary"]


class Adversary(Protocol):
    """A discriminator and the losses between it and a generator: what a paper is about."""

    discriminator: nn.Module
    """May be wrapped for several processes."""

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses of the discriminator, weighted; they reach no generator."""
        ...

    def generator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses of the generator through the discriminator, which they leave alone, weighted."""
        ...


class AdversarialObjective:
    """Trains a SPADE generator, and its encoder if any, against an adversary."""

    def __init__(self, painter: SpadePainter, adversary: Adversary, guidance: Guidance) -> None:
        self._painter = painter
        self._adversary = adversary
        self._guidance = guidance

    @property
    def generators(self) -> dict[str, nn.Module]:
        """The generator and the encoder, if there is one."""
        return self._painter.networks

    @property
    def discriminators(self) -> dict[str, nn.Module]:
        """The discriminator."""
        return {"discriminator": self._adversary.discriminator}

    def wrap(self, networks: dict[str, nn.Module]) -> None:
        """Use networks wrapped for several processes in place of the bare ones of these names."""
        self._painter.wrap(networks)
        self._adversary.discriminator = networks["discriminator"]

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Synthesis:
        """Fake pictures; see `SpadePainter.synthesize`."""
        return self._painter.synthesize(batch, draws)

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Those of the adversary."""
        return self._adversary.discriminator_losses(batch, synthesis, draws)

    def generator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Those of the adversary, and those of the guidance."""
        losses = self._adversary.generator_losses(batch, synthesis, draws)
        return losses | self._guidance.losses(
            synthesis.fake_images,
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
