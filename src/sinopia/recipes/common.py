"""What several recipes have in common."""

from __future__ import annotations

from typing import TypedDict

from sinopia.data.dataset import DatasetConfig, DatasetKind
from sinopia.models.spade import SpadeDiscriminatorConfig

__all__ = ["Splits", "early_discriminator", "load_size", "splits"]

_LOAD_FACTOR = 1.12  # SPADE's 286 / 256


class Splits(TypedDict):
    """The two data sets of a run, as arguments of its configuration."""

    dataset: DatasetConfig
    validation: DatasetConfig


def splits(kind: DatasetKind, root: str) -> Splits:
    """Training and validation part of a data set's folder."""
    return Splits(
        dataset=DatasetConfig(kind, root), validation=DatasetConfig(kind, root, split="val")
    )


def load_size(size_hw: tuple[int, int]) -> int:
    """Shorter side that photos are scaled to before a piece of a size is cropped from them."""
    return round(_LOAD_FACTOR * min(size_hw))


def early_discriminator(base_channels: int) -> SpadeDiscriminatorConfig:
    """The patch discriminator without instance norm, beginning with weights of gain 1.

    It learns sooner than the published one, which short runs on few pictures leave far behind; see
    docs/training.md.
    """
    return SpadeDiscriminatorConfig(base_channels, normalization="none", initialization_gain=1.0)
