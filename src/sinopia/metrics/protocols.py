"""What a number means: named ways of measuring, and the form in which numbers are kept."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Literal

from sinopia.errors import ConfigError
from sinopia.metrics.segmentation import UnlabeledTreatment

__all__ = [
    "FEW_PICTURES",
    "PROTOCOLS",
    "Measurement",
    "Protocol",
    "StyleRule",
    "count_warnings",
    "find_protocol",
    "library_versions",
]

StyleRule = Literal["seed", "photo"]

FEW_PICTURES = 2_000
"""Distances between fewer pictures are biased upward so much that it is said with the number."""


@dataclass(frozen=True)
class Protocol:
    """Everything that two numbers must share to be compared, but for model, data and weights."""

    name: str
    description: str
    style: StyleRule
    """seed: the style code is drawn from (seed, map). photo: it is the encoder's mean of the map's
    own photo; a model without style makes its one picture either way."""
    reference_split: Literal["train", "val"]
    """Photos that distances compare with; the maps that are painted are those of val."""
    unlabeled: UnlabeledTreatment
    """The treatment that the headline agreement uses; both are always printed."""
    size_hw: tuple[int, int] | None = None
    """Height and width of maps, pictures and photos; none = the first model's own size."""
    map_resize: Literal["nearest"] = "nearest"
    photo_resize: Literal["bicubic, antialiased"] = "bicubic, antialiased"
    file_format: Literal["none: uint8 arrays"] = "none: uint8 arrays"
    """Pictures are measured as they are made; no JPEG comes between."""


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        each.name: each
        for each in (
            Protocol(
                name="validation",
                description="Validation maps in styles drawn from the seed, against the "
                "validation photos: what someone who paints a map gets.",
                style="seed",
                reference_split="val",
                unlabeled="ignored",
            ),
            Protocol(
                name="validation_photo_style",
                description="Validation maps in the styles of their own photos, against the "
                "validation photos: flatters models with an encoder.",
                style="photo",
                reference_split="val",
                unlabeled="ignored",
            ),
            Protocol(
                name="train_reference",
                description="Validation maps in styles drawn from the seed, against the training "
                "photos, as CLADE and many GAN papers count.",
                style="seed",
                reference_split="train",
                unlabeled="ignored",
            ),
            Protocol(
                name="validation_256",
                description="As `validation`, at 256x256 whatever the model's own size.",
                style="seed",
                reference_split="val",
                unlabeled="ignored",
                size_hw=(256, 256),
            ),
        )
    }
)


def find_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        ConfigError: when there is none; the message lists all.
    """
    if name not in PROTOCOLS:
        raise ConfigError(f"no protocol {name!r}; there are {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


@dataclass(frozen=True)
class Measurement:
    """One number, with what must be said beside it."""

    name: str
    """Pins network and resize."""
    value: float
    is_better: Literal["lower", "higher"]
    deviation: float | None = None
    """Between random subsets, where there are some."""
    num_pictures: int = 0
    num_reference: int = 0
    """Photos compared with; 0 when there are none."""
    network: str = ""
    resize: str = ""
    weights_sha256: str = ""
    warnings: tuple[str, ...] = ()


def count_warnings(num_pictures: int, num_reference: int, *, dim: int) -> tuple[str, ...]:
    """What a distance between so many vectors of `dim` numbers has to be read with."""
    warnings = []
    fewest = min(num_pictures, num_reference)
    if fewest < FEW_PICTURES:
        warnings.append(
            f"{num_pictures} pictures against {num_reference} photos: below {FEW_PICTURES:,} a "
            f"Frechet distance is biased upward. Compare only with numbers of equal counts."
        )
    if fewest <= dim:
        warnings.append(
            f"{fewest} vectors of {dim} numbers give a covariance of rank {fewest - 1} at most: "
            f"the Frechet distance ignores all other directions."
        )
    return tuple(warnings)


def library_versions() -> dict[str, str]:
    """Versions of python and of the libraries that can move a number."""
    names = ("torch", "torchvision", "numpy", "pillow")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
