"""The families of models: what a config builds, in one literal table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from sinopia.errors import ModelError
from sinopia.models.segmenter import CompactSegmenter, SegmenterConfig
from sinopia.models.spade import SpadeConfig, SpadeEncoder, SpadeGenerator
from sinopia.models.squeezenet_segmenter import SqueezeNetSegmenter, SqueezeNetSegmenterConfig

__all__ = ["FAMILIES", "Family", "FamilyConfig", "find_family"]

FamilyConfig = SpadeConfig | SegmenterConfig | SqueezeNetSegmenterConfig
"""The config of any family."""

MAX_CHANNELS = 4096
MAX_CLASSES = 255
MAX_KERNEL_SIZE = 9
MAX_SIDE = 2048
MAX_BLOCKS = 64


@dataclass(frozen=True)
class Family:
    """One architecture: its config, and the networks that a config builds."""

    name: str
    config_type: type[FamilyConfig]
    build: Callable[[FamilyConfig], dict[str, nn.Module]]
    """The networks by name; `Model.networks` and the keys of the weight file use these names."""
    without_spectral_norm: Callable[[FamilyConfig], FamilyConfig]
    """The config whose networks have plain convolutions: what a model folder's weights fit."""
    check_limits: Callable[[FamilyConfig], None]
    """Raises ModelError for sizes that no model has, before anything is allocated for them."""


def _build_spade(config: FamilyConfig) -> dict[str, nn.Module]:
    assert isinstance(config, SpadeConfig)
    networks: dict[str, nn.Module] = {"generator": SpadeGenerator(config)}
    if config.encoder is not None and config.style_dim is not None:
        networks["encoder"] = SpadeEncoder(config.encoder, style_dim=config.style_dim)
    return networks


def _spade_without_spectral_norm(config: FamilyConfig) -> FamilyConfig:
    assert isinstance(config, SpadeConfig)
    encoder = config.encoder
    if encoder is not None:
        encoder = dataclasses.replace(encoder, has_spectral_norm=False)
    return dataclasses.replace(config, has_spectral_norm=False, encoder=encoder)


def _check_spade_limits(config: FamilyConfig) -> None:
    assert isinstance(config, SpadeConfig)
    widest = config.base_channels * max(config.channel_multipliers)
    values = {
        "num_classes": (config.num_classes, MAX_CLASSES),
        "base_channels * channel_multipliers": (widest, MAX_CHANNELS),
        "hidden_channels": (config.hidden_channels, MAX_CHANNELS),
        "kernel_size": (config.kernel_size, MAX_KERNEL_SIZE),
        "size_hw": (max(config.size_hw), MAX_SIDE),
        "style_dim": (1 if config.style_dim is None else config.style_dim, MAX_CHANNELS),
    }
    if config.encoder is not None:
        values["encoder.base_channels"] = (config.encoder.base_channels, MAX_CHANNELS // 8)
        values["encoder.input_size"] = (config.encoder.input_size, MAX_SIDE)
    _check_values(values)


def _build_segmenter(config: FamilyConfig) -> dict[str, nn.Module]:
    assert isinstance(config, SegmenterConfig)
    return {"segmenter": CompactSegmenter(config)}


def _check_segmenter_limits(config: FamilyConfig) -> None:
    assert isinstance(config, SegmenterConfig)
    _check_values(
        {
            "num_classes": (config.num_classes, MAX_CLASSES),
            "channels * expansion": (max(config.channels) * config.expansion, MAX_CHANNELS),
            "num_blocks": (sum(config.num_blocks), MAX_BLOCKS),
            "kernel_size": (config.kernel_size, MAX_KERNEL_SIZE),
            "pyramid_channels": (config.pyramid_channels, MAX_CHANNELS),
        }
    )


def _build_squeezenet_segmenter(config: FamilyConfig) -> dict[str, nn.Module]:
    assert isinstance(config, SqueezeNetSegmenterConfig)
    return {"segmenter": SqueezeNetSegmenter(config)}


def _check_squeezenet_segmenter_limits(config: FamilyConfig) -> None:
    assert isinstance(config, SqueezeNetSegmenterConfig)
    _check_values(
        {
            "num_classes": (config.num_classes, MAX_CLASSES),
            "kernel_size": (config.kernel_size, MAX_KERNEL_SIZE),
            "pyramid_channels": (config.pyramid_channels, MAX_CHANNELS),
        }
    )


def _check_values(values: Mapping[str, tuple[int, int]]) -> None:
    for name, (value, largest) in values.items():
        if not 1 <= value <= largest:
            raise ModelError(f"config.{name}: expected 1 to {largest}, got {value}.")


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "spade": Family(
            name="spade",
            config_type=SpadeConfig,
            build=_build_spade,
            without_spectral_norm=_spade_without_spectral_norm,
            check_limits=_check_spade_limits,
        ),
        "segmenter": Family(
            name="segmenter",
            config_type=SegmenterConfig,
            build=_build_segmenter,
            without_spectral_norm=lambda config: config,  # it has none
            check_limits=_check_segmenter_limits,
        ),
        "squeezenet_segmenter": Family(
            name="squeezenet_segmenter",
            config_type=SqueezeNetSegmenterConfig,
            build=_build_squeezenet_segmenter,
            without_spectral_norm=lambda config: config,  # it has none
            check_limits=_check_squeezenet_segmenter_limits,
        ),
    }
)


def find_family(name: str) -> Family:
    """The family of that name.

    Raises:
        ModelError: when there is none; the message lists all.
    """
    if name not in FAMILIES:
        raise ModelError(
            f"no model family {name!r}; this sinopia knows {', '.join(FAMILIES)}. A newer sinopia "
            f"may know it: pip install --upgrade sinopia."
        )
    return FAMILIES[name]
