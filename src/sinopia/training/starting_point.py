"""Begins a run with the weights of a model: a few hundred pairs then go a long way.

Classes are matched by their names. A class that the model has not seen begins as the mean of those
that it knows; the rest of the network is the same for all classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sinopia.errors import ConfigError, ModelError
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.nn.initialization import restart_power_iteration
from sinopia.nn.spade import SpadeNorm
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.catalog import find_model
from sinopia.zoo.checkpoint import load_model

__all__ = ["start_from"]

_NORMED_WEIGHT = ".parametrizations.weight.original"
_NOISE = ".noise_strength"
_STYLE_WEIGHTS = ("to_mean.weight", "to_log_variance.weight")
_NORM_STATE = ".parametrizations.weight.0."


def start_from(
    name: str,
    networks: Mapping[str, nn.Module],
    *,
    config: SpadeConfig,
    vocabulary: Vocabulary,
) -> None:
    """Copy the weights of a model, given by name or folder, into networks that have not trained.

    `config` and `vocabulary` are those of the networks. Widths must be the model's; size, classes
    and upsampling may differ.

    Raises:
        ModelError: when there is no such model, or it is no SPADE generator.
        ConfigError: when the networks have other shapes; the message names the first.
    """
    model = load_model(find_model(name))
    if not isinstance(model.config, SpadeConfig):
        raise ModelError(
            f"start_from: {name} holds a model of family {model.family!r}, expected a generator."
        )
    channels = _source_channels(config, vocabulary, model.config, model.vocabulary)
    for title, network in networks.items():
        if title not in model.networks:
            raise ConfigError(
                f"start_from: {name} has no {title}, but the run has. Set model.encoder=none, or "
                f"begin with another model."
            )
        _copy(network, model.networks[title].state_dict(), channels=channels, name=name)


def _source_channels(
    config: SpadeConfig, vocabulary: Vocabulary, source: SpadeConfig, known: Vocabulary
) -> list[int | None]:
    """For each channel of the networks' condition the model's; None where it has no such channel.

    Raises:
        ConfigError: when the run marks instance edges and the model has never seen any.
    """
    by_name = {each: index for index, each in enumerate(known.names)}
    channels: list[int | None] = [by_name.get(each) for each in vocabulary.names]
    if config.has_unlabeled:
        channels.append(source.num_classes if source.has_unlabeled else None)
    if config.has_instance_edges:
        if not source.has_instance_edges:
            raise ConfigError(
                "start_from: the model was trained without instance edges; set "
                "model.has_instance_edges=false."
            )
        channels.append(source.condition_channels - 1)
    return channels


@torch.no_grad()
def _copy(
    network: nn.Module, given: dict[str, Tensor], *, channels: list[int | None], name: str
) -> None:
    map_weights = _map_weights(network)
    for path, tensor in network.state_dict().items():
        if _NORM_STATE in path:
            continue  # made anew below, for the weights that are here by then
        if path.endswith(_NOISE) and path not in given:
            continue  # the model knows no noise: the run begins with its own strengths
        key = path.replace(_NORMED_WEIGHT, ".weight")
        source = given.get(key)
        if source is not None and key in map_weights:
            source = _remap(source, channels)
        if source is not None and key in _STYLE_WEIGHTS and source.shape[1] < tensor.shape[1]:
            # the model's encoder knows no colours: the run's begins with its own mix of them
            source = torch.cat([source, tensor[:, source.shape[1] :].to(source)], dim=1)
        if source is None or source.shape != tensor.shape:
            shape = "nothing" if source is None else tuple(source.shape)
            raise ConfigError(
                f"start_from: {name} has {shape} for {key}, the run expects "
                f"{tuple(tensor.shape)}. Give the run the model's widths (model.*), or begin with "
                f"another model."
            )
        tensor.copy_(source)
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if parametrize.is_parametrized(module, "weight"):
            norms = cast(nn.ModuleDict, module.parametrizations)["weight"]
            assert isinstance(norms, parametrize.ParametrizationList)
            restart_power_iteration(norms[0], cast(Tensor, norms.original), generator)


def _map_weights(network: nn.Module) -> set[str]:
    """Names of the weights whose input channels are those of the map."""
    names = {
        f"{path}.shared.weight"
        for path, each in network.named_modules()
        if isinstance(each, SpadeNorm)
    }
    if isinstance(network, SpadeGenerator) and isinstance(network.start, nn.Conv2d):
        names.add("start.weight")
    return names


def _remap(weight: Tensor, channels: list[int | None]) -> Tensor:
    """A weight (D, S, k, k) with its input channels in the run's order."""
    mean = weight.mean(dim=1)
    return torch.stack([mean if each is None else weight[:, each] for each in channels], dim=1)
