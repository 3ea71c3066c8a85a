"""A run folder: it explains itself, and it refuses to become another run's.

config.json · metrics.jsonl · tensorboard/ · previews/ · checkpoints/ · model/ · best/
"""

from __future__ import annotations

import dataclasses
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sinopia import config as configs
from sinopia.errors import TrainingError
from sinopia.files import write_text
from sinopia.nn.precision import Precision
from sinopia.scene.image import ImageArray, write_image
from sinopia.training.config import RunConfig
from sinopia.training.processes import Processes

__all__ = ["RunFolder"]

_MAY_CHANGE = ("images", "schedule", "num_workers", "card")
"""Fields that a resumed run may have different from the run that was stopped."""


@dataclass(frozen=True)
class RunFolder:
    """The places in a run folder."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Training states, one file each."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The model folder of the latest checkpoint, ready for `sinopia paint --model`."""
        return self.path / "model"

    @property
    def best(self) -> Path:
        """The model folder of the best measurement so far."""
        return self.path / "best"

    def open(self, config: RunConfig, precision: Precision, processes: Processes) -> Precision:
        """Make the folder, or check that it is this run's; returns the precision that the run uses.

        A run keeps the precision that it began with, since a probe may decide otherwise another
        time.

        Raises:
            TrainingError: when the folder holds a run with another configuration.
        """
        file = self.path / "config.json"
        if processes.is_first:
            if file.exists():
                precision = self._resume(file, config)
            elif self.path.exists() and any(self.path.iterdir()):
                raise TrainingError(
                    f"{self.path} holds files but no config.json, so it is no run of ours. "
                    f"Choose another folder with --out."
                )
            self._write(file, config, precision)
        processes.wait()
        return self._recorded_precision(json.loads(file.read_text(encoding="utf-8")))

    def _resume(self, file: Path, config: RunConfig) -> Precision:
        try:
            recorded = json.loads(file.read_text(encoding="utf-8"))
            settings, precision = recorded["config"], self._recorded_precision(recorded)
        except (ValueError, LookupError, TypeError) as error:
            raise TrainingError(
                f"{file} is not the config.json of a run ({error!r}); choose another --out."
            ) from None
        kind = type(config)
        assert dataclasses.is_dataclass(kind), "runs are described by dataclasses"
        before = configs.from_json(kind, settings, where=str(file))
        for field in dataclasses.fields(kind):
            old, new = getattr(before, field.name), getattr(config, field.name)
            if old != new and field.name not in _MAY_CHANGE:
                raise TrainingError(
                    f"{self.path} holds a run with another "
                    f"{_first_difference(field.name, old, new)}. Give the run's own settings to "
                    f"resume it, or another --out to begin anew."
                )
        return precision

    @staticmethod
    def _recorded_precision(recorded: dict[str, Any]) -> Precision:
        return "bf16" if recorded["precision"] == "bf16" else "fp32"

    def _write(self, file: Path, config: RunConfig, precision: Precision) -> None:
        content = {
            "config": configs.to_json(config),
            "precision": precision,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
        }
        write_text(file, json.dumps(content, indent=1) + "\n")

    def write_preview(self, grid: ImageArray, images_seen: int) -> None:
        """Write a sample grid."""
        write_image(self.path / "previews" / f"{images_seen:010d}.jpg", grid)


def _first_difference(name: str, old: Any, new: Any) -> str:
    """Where two values of a field differ, with both values."""
    if dataclasses.is_dataclass(old) and type(old) is type(new):
        for field in dataclasses.fields(old):
            inner_old, inner_new = getattr(old, field.name), getattr(new, field.name)
            if inner_old != inner_new:
                return _first_difference(f"{name}.{field.name}", inner_old, inner_new)
    return f"{name} ({old!r}; asked for: {new!r})"
