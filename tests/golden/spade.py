"""State-dict keys of the SPADE networks, and what tiny ones give for weights made by a formula."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from sinopia.models.spade import (
    SpadeConfig,
    SpadeDiscriminatorConfig,
    SpadeEncoder,
    SpadeEncoderConfig,
    SpadeGenerator,
    build_discriminator,
)

KEYS_FILE = "spade_keys.txt"
VALUES_FILE = "spade_values.json"

_Network = TypeVar("_Network", bound=nn.Module)

_TINY = SpadeConfig(
    num_classes=5, has_instance_edges=True, size_hw=(32, 32), base_channels=4, hidden_channels=8
)
_TINY_WITH_STYLE = SpadeConfig(
    num_classes=5,
    size_hw=(32, 32),
    base_channels=4,
    hidden_channels=8,
    style_dim=6,
    encoder=SpadeEncoderConfig(base_channels=4, input_size=32),
)
_TINY_DISCRIMINATOR = SpadeDiscriminatorConfig(base_channels=4)


def keys() -> str:
    """Every key, with its shape at 2 base channels; "most" upsampling has all blocks."""
    most = SpadeConfig(
        num_classes=5,
        has_instance_edges=True,
        size_hw=(128, 128),
        base_channels=2,
        hidden_channels=8,
        upsampling="most",
    )
    networks = {
        "generator": SpadeGenerator(most),
        "encoder": SpadeEncoder(SpadeEncoderConfig(base_channels=2), style_dim=6),
        "discriminator": build_discriminator(
            SpadeDiscriminatorConfig(base_channels=2), condition_channels=7
        ),
    }
    return "".join(
        f"{role} {key} {list(value.shape)}\n"
        for role, network in networks.items()
        for key, value in network.state_dict().items()
    )


def values() -> dict[str, list[float]]:
    """Channel means and deviations of each network's output in evaluation mode."""
    rows, columns = torch.arange(32).reshape(-1, 1), torch.arange(32).reshape(1, -1)
    label_ids = torch.stack([(rows // 5 + columns // 7 + shift) % 5 for shift in (0, 3)])
    label_ids[:, :6, 20:] = 255
    edges = noise((2, 1, 32, 32), seed=1) > 0.3
    images = noise((2, 3, 32, 32), seed=2) * 2

    plain = fill(SpadeGenerator(_TINY))
    styled = fill(SpadeGenerator(_TINY_WITH_STYLE))
    assert _TINY_WITH_STYLE.encoder is not None
    encoder = fill(SpadeEncoder(_TINY_WITH_STYLE.encoder, style_dim=6))
    discriminator = fill(build_discriminator(_TINY_DISCRIMINATOR, condition_channels=7))
    with torch.no_grad():
        condition = plain.condition(label_ids, edges)
        mean, log_variance = encoder(images)
        outputs = {
            "generator": plain(condition),
            "generator with style": styled(styled.condition(label_ids), noise((2, 6), seed=3)),
            "encoder mean": mean.T.reshape(1, 6, 2, 1),
            "encoder log variance": log_variance.T.reshape(1, 6, 2, 1),
        }
        stacked = torch.cat([condition.dense_at((32, 32)), images], dim=1)
        for index, features in enumerate(discriminator(stacked)):
            outputs[f"discriminator scale {index} logits"] = features[-1]
    return {
        f"{name}, {statistic}": numbers.tolist()
        for name, output in outputs.items()
        for statistic, numbers in (
            ("means", output.mean(dim=(0, 2, 3))),
            ("deviations", output.std(dim=(0, 2, 3))),
        )
    }


def noise(shape: tuple[int, ...] | torch.Size, *, seed: int) -> Tensor:
    """Numbers in [-0.5, 0.5) by a formula, the same with every version and machine."""
    position = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    values = torch.sin(position * 12.9898 + seed * 78.233) * 43758.5453
    return (values - values.floor() - 0.5).float().reshape(shape)


def fill(network: _Network) -> _Network:
    """Give a network weights and statistics by a formula; evaluation mode."""
    with torch.no_grad():
        for seed, parameter in enumerate(network.parameters()):
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 4
            parameter.copy_(noise(parameter.shape, seed=seed) * (4 / fan_in) ** 0.5)
        state = network.state_dict()
        for seed, (name, value) in enumerate(state.items()):
            if name.endswith("running_mean"):
                value.copy_(noise(value.shape, seed=seed))
            elif name.endswith("running_var"):
                value.copy_(noise(value.shape, seed=seed) + 1)
            elif name.endswith("parametrizations.weight.original"):
                left, _, right = torch.linalg.svd(value.flatten(1).double())
                state[name.replace("original", "0._u")].copy_(left[:, 0])
                state[name.replace("original", "0._v")].copy_(right[0])
    return network.eval()
