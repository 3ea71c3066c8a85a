"""Signs that a run is well: shares of the generator's losses, and the best model so far."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sinopia.errors import ConfigError, ModelError
from sinopia.zoo.manifest import read_manifest

__all__ = ["BestModel", "loss_shares"]


def loss_shares(losses: Mapping[str, float]) -> dict[str, float]:
    """What part of the generator's losses each one is, by magnitude: "health/G/..._share".

    One that takes nearly all leaves the others without a say.
    """
    own = {name: abs(value) for name, value in losses.items() if name.startswith("loss/G/")}
    total = sum(own.values())
    if total == 0:
        return {}
    return {
        f"health/G/{name.removeprefix('loss/G/')}_share": value / total
        for name, value in own.items()
    }


class BestModel:
    """Remembers, in a model folder, which measurement was the lowest.

    Args:
        folder: of the best model so far; it need not exist.
        metric: what decides; None = the last that is measured, which is the perceptual distance
            where there is a network for it.
    """

    def __init__(self, folder: Path, metric: str | None) -> None:
        self.folder = folder
        self._metric = metric
        self._best: float | None = None
        self._best_name: str | None = None
        try:
            facts = read_manifest(folder).facts
            self._best_name, self._best = facts["chosen_by"], facts["measured"][facts["chosen_by"]]
        except (ModelError, KeyError):
            pass  # nothing was kept yet

    def is_beaten_by(self, measured: Mapping[str, float]) -> bool:
        """Whether a model with these measurements is the best so far; it then counts as kept."""
        name = self.metric_of(measured)
        value = round(measured[name], 5)  # as model folders tell it
        if self._best is not None and name == self._best_name and value >= self._best:
            return False
        self._best_name, self._best = name, value
        return True

    def metric_of(self, measured: Mapping[str, float]) -> str:
        """The metric that decides.

        Raises:
            ConfigError: when the run does not measure it.
        """
        if self._metric is None:
            return list(measured)[-1]
        if self._metric not in measured:
            raise ConfigError(
                f"schedule.best_by: the run does not measure {self._metric!r}; it measures "
                f"{', '.join(measured)}."
            )
        return self._metric
