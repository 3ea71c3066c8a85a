"""What the loop needs of an objective; the loop knows no paper."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sinopia.nn.precision import Precision
from sinopia.scene.batch import SceneBatch

__all__ = ["Objective"]


class Objective(Protocol):
    """Networks, their losses, and how to look at what they have learnt.

    Loss names are "loss/G/..." and "loss/D/..."; values are weighted scalars that are added up to
    be minimised. Values named "health/..." beside them are only reported.
    """

    @property
    def generators(self) -> dict[str, nn.Module]:
        """Networks that minimise the generator losses; the first is the one that is averaged."""
        ...

    @property
    def discriminators(self) -> dict[str, nn.Module]:
        """Networks that minimise the discriminator losses, by name; there may be none."""
        ...

    def wrap(self, networks: dict[str, nn.Module]) -> None:
        """Use networks wrapped for several processes in place of the bare ones of these names."""
        ...

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Any:
        """Fake pictures and all that the losses need of them; random numbers come from `draws`."""
        ...

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Any, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses that reach no generator."""
        ...

    def generator_losses(
        self, batch: SceneBatch, synthesis: Any, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses through the synthesis and, without changing them, the discriminators."""
        ...

    def preview(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, Tensor]:
        """What the averaged network makes of a batch: titled pictures (B, 3, H, W) in [-1, 1]."""
        ...

    def measure(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, float]:
        """Mean distances of the averaged generator on a batch; names "validation/..."."""
        ...
