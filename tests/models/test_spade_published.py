"""SPADE networks against the published definition, written plainly in spade_reference."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
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
from tests.models import spade_reference as reference

COCO = SpadeConfig(
    num_classes=182,
    has_instance_edges=True,
    size_hw=(64, 64),
    base_channels=4,
    hidden_channels=8,
)
ADE20K = SpadeConfig(num_classes=150, size_hw=(96, 64), base_channels=3, hidden_channels=8)
CITYSCAPES = SpadeConfig(
    num_classes=35,
    has_unlabeled=False,
    has_instance_edges=True,
    size_hw=(64, 128),
    base_channels=2,
    hidden_channels=8,
    upsampling="more",
)
MOST = SpadeConfig(
    num_classes=13, size_hw=(128, 128), base_channels=4, hidden_channels=8, upsampling="most"
)
INSTANCE = SpadeConfig(
    num_classes=13,
    size_hw=(64, 64),
    base_channels=4,
    hidden_channels=8,
    kernel_size=5,
    normalization="instance",
    has_spectral_norm=False,
)
CONFIGS = {
    "coco": COCO,
    "ade20k": ADE20K,
    "cityscapes": CITYSCAPES,
    "most": MOST,
    "instance norm, kernel 5, no spectral norm": INSTANCE,
}

# How our keys are called in the released files; the order matters.
_RENAMINGS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"^start\.", "fc."),
    (r"^to_image\.", "conv_img."),
    (r"^blocks\.(\d)", lambda match: reference.BLOCK_NAMES[int(match[1])]),
    (r"norm_shortcut", "norm_s"),
    (r"conv_shortcut", "conv_s"),
    (r"normalize", "param_free_norm"),
    (r"shared\.", "mlp_shared.0."),
    (r"gamma\.", "mlp_gamma."),
    (r"beta\.", "mlp_beta."),
    (r"parametrizations\.weight\.original", "weight_orig"),
    (r"parametrizations\.weight\.0\._", "weight_"),
    (r"^scales\.(\d)\.layers\.0\.convolution", r"discriminator_\1.model0.0"),
    (r"^scales\.(\d)\.layers\.(\d)\.convolution", r"discriminator_\1.model\2.0.0"),
    (r"^scales\.(\d)\.logits", r"discriminator_\1.model4.0"),
    (r"^layers\.(\d)\.0\.", lambda match: f"layer{int(match[1]) + 1}.0."),
    (r"^to_mean\.", "fc_mu."),
    (r"^to_log_variance\.", "fc_var."),
]


def published_name(key: str) -> str:
    for pattern, replacement in _RENAMINGS:
        key = re.sub(pattern, replacement, key)
    return key


def published_weights(network: nn.Module) -> reference.Weights:
    """The state of a network under the names of the released files."""
    return {published_name(key): value for key, value in network.state_dict().items()}


def randomize(network: nn.Module) -> None:
    """Random statistics, and a map that matters as much as the features."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_mean"):
                value.normal_(std=0.3, generator=generator)
            elif name.endswith("running_var"):
                value.uniform_(0.5, 2.0, generator=generator)
            elif name.endswith("shared.weight"):
                value.mul_(10.0)
            elif name.endswith(("_u", "_v")):
                # Stored vectors must be used as they are, so let them be a little stale.
                stale = value + 0.1 * torch.randn(value.shape, generator=generator) * value.std()
                value.copy_(stale / stale.norm())


def painted_map(config: SpadeConfig) -> Tensor:
    """Rectangles of many classes, a noisy corner, an unlabeled bar; (2, H, W)."""
    generator = torch.Generator().manual_seed(1)
    height, width = config.size_hw
    ids = torch.zeros(2, height, width, dtype=torch.int64)
    for picture in ids:
        for value in torch.randperm(config.num_classes, generator=generator)[:40]:
            y = int(torch.randint(0, height, (), generator=generator))
            x = int(torch.randint(0, width, (), generator=generator))
            picture[y : y + 20, x : x + 25] = value
    ids[:, :8, :9] = torch.randint(0, config.num_classes, (2, 8, 9), generator=generator)
    ids[:, height // 2 : height // 2 + 6, 3:40] = 255
    return ids


def inputs_of(config: SpadeConfig) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Label ids, edges and style codes; None for what the config does not have."""
    generator = torch.Generator().manual_seed(2)
    edges = torch.randint(0, 2, (2, 1, *config.size_hw), generator=generator).float()
    style = torch.randn(2, config.style_dim or 1, generator=generator)
    return (
        painted_map(config),
        edges if config.has_instance_edges else None,
        None if config.style_dim is None else style,
    )


def build(config: SpadeConfig) -> SpadeGenerator:
    torch.manual_seed(0)
    network = SpadeGenerator(config).eval()
    randomize(network)
    return network


def dense_map(config: SpadeConfig, label_ids: Tensor, edges: Tensor | None) -> Tensor:
    return reference.one_hot_map(
        label_ids,
        num_classes=config.num_classes,
        has_unlabeled=config.has_unlabeled,
        edges=edges,
    )


@pytest.mark.parametrize("style_dim", [None, 6])
@pytest.mark.parametrize("name", CONFIGS)
def test_generator(name: str, style_dim: int | None) -> None:
    config = replace(CONFIGS[name], style_dim=style_dim)
    network = build(config)
    label_ids, edges, style = inputs_of(config)
    with torch.no_grad():
        images = network(network.condition(label_ids, edges), style)
        expected = reference.generator(
            published_weights(network),
            dense_map(config, label_ids, edges),
            upsampling=config.upsampling,
            z=style,
        )
    assert images.shape == (2, 3, *config.size_hw)
    assert expected.std() > 0.02 and expected.abs().max() < 0.9999  # it says something
    assert float((images - expected).abs().max()) <= 1e-5


@pytest.mark.parametrize("name", ["coco", "cityscapes"])
def test_generator_gradients(name: str) -> None:
    config = replace(CONFIGS[name], size_hw=(64, 64))
    network = build(config).double()
    label_ids, edges, _ = inputs_of(config)
    probe = torch.randn(2, 3, *config.size_hw, generator=torch.Generator().manual_seed(3)).double()
    (network(network.condition(label_ids, edges)) * probe).sum().backward()

    parameters = {published_name(key) for key, _ in network.named_parameters()}
    weights = {
        key: value.clone().requires_grad_(key in parameters)
        for key, value in published_weights(network).items()
    }
    segmap = dense_map(config, label_ids, edges).double()
    output = reference.generator(weights, segmap, upsampling=config.upsampling)
    (output * probe).sum().backward()
    for key, parameter in network.named_parameters():
        expected = weights[published_name(key)].grad
        assert parameter.grad is not None and expected is not None, key
        scale = max(1.0, float(expected.abs().max()))
        error = float((parameter.grad - expected).abs().max()) / scale
        assert error <= 1e-10, f"gradient of {key}: error {error}"


@pytest.mark.parametrize("size_hw", [(256, 256), (64, 128), (300, 200)])
def test_encoder(size_hw: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = SpadeEncoder(SpadeEncoderConfig(base_channels=2), style_dim=6).eval()
    randomize(network)
    images = torch.rand(2, 3, *size_hw) * 2 - 1
    with torch.no_grad():
        got = network(images)
        expected = reference.encoder(published_weights(network), images)
    for one, other in zip(got, expected, strict=True):
        assert one.shape == (2, 6)
        assert other.std() > 0.02
        assert float((one - other).abs().max()) <= 1e-5


@pytest.mark.parametrize("num_scales", [2, 3])
@pytest.mark.parametrize("name", ["coco", "ade20k", "cityscapes"])
def test_discriminator(name: str, num_scales: int) -> None:
    config = CONFIGS[name]
    torch.manual_seed(0)
    network = build_discriminator(
        SpadeDiscriminatorConfig(base_channels=4, num_scales=num_scales),
        condition_channels=config.condition_channels,
    ).eval()
    randomize(network)
    label_ids, edges, _ = inputs_of(config)
    images = torch.rand(2, 3, *config.size_hw) * 2 - 1
    segmap = dense_map(config, label_ids, edges)
    with torch.no_grad():
        got = network(torch.cat([segmap, images], dim=1))
        expected = reference.discriminator(
            published_weights(network), segmap, images, num_scales=num_scales
        )
    assert len(got) == len(expected) == num_scales
    for features, expected_features in zip(got, expected, strict=True):
        assert len(features) == len(expected_features) == 5
        for one, other in zip(features, expected_features, strict=True):
            assert other.std() > 0.01
            assert float((one - other).abs().max()) <= 1e-5


def millions_of(network: nn.Module) -> float:
    return round(sum(parameter.numel() for parameter in network.parameters()) / 1e6, 2)


@pytest.mark.parametrize(
    ("changes", "upsampling", "millions"),
    [
        ({"num_classes": 182, "has_instance_edges": True}, "normal", 97.48),
        ({"num_classes": 150}, "normal", 96.49),
        (
            {"num_classes": 35, "has_unlabeled": False, "has_instance_edges": True},
            "more",
            93.05,
        ),
        ({"num_classes": 182, "has_instance_edges": True}, "most", 98.52),
        ({"num_classes": 182, "has_instance_edges": True, "style_dim": 256}, "normal", 112.63),
    ],
    ids=["coco", "ade20k", "cityscapes", "coco most", "coco with style"],
)
def test_generator_has_the_published_size(
    changes: dict[str, Any], upsampling: Any, millions: float
) -> None:
    # Spectral norm has no parameters, and takes long to set up on the meta device.
    config = SpadeConfig(**changes, upsampling=upsampling, has_spectral_norm=False)
    with torch.device("meta"):
        network = SpadeGenerator(config)
    assert millions_of(network) == millions


@pytest.mark.parametrize("name", ["coco", "ade20k", "cityscapes", "most"])
def test_generator_has_the_published_number_of_keys(name: str) -> None:
    keys = SpadeGenerator(CONFIGS[name]).state_dict().keys()
    assert len(keys) == (272 if name == "most" else 234)
    assert len({published_name(key) for key in keys}) == len(keys)


def test_start_grids_of_the_published_generators() -> None:
    with torch.device("meta"):
        coco = SpadeGenerator(SpadeConfig(num_classes=182, style_dim=256, has_spectral_norm=False))
        cityscapes = SpadeGenerator(
            SpadeConfig(
                num_classes=35,
                size_hw=(256, 512),
                upsampling="more",
                style_dim=256,
                has_spectral_norm=False,
            )
        )
    assert coco.start.weight.shape == (1024 * 8 * 8, 256)
    assert cityscapes.start.weight.shape == (1024 * 4 * 8, 256)


@pytest.mark.parametrize(("channels", "millions"), [(184, 5.90), (151, 5.84), (36, 5.60)])
def test_discriminator_has_the_published_size(channels: int, millions: float) -> None:
    config = SpadeDiscriminatorConfig(has_spectral_norm=False)
    with torch.device("meta"):
        assert millions_of(build_discriminator(config, condition_channels=channels)) == millions
    tiny = build_discriminator(
        SpadeDiscriminatorConfig(base_channels=2), condition_channels=channels
    )
    assert len(tiny.state_dict()) == 26


def test_encoder_has_the_published_size() -> None:
    with torch.device("meta"):
        network = SpadeEncoder(SpadeEncoderConfig(has_spectral_norm=False), style_dim=256)
    assert millions_of(network) == 10.46
    assert network.to_mean.weight.shape == (256, 8192)
    tiny = SpadeEncoder(SpadeEncoderConfig(base_channels=2), style_dim=256)
    assert len(tiny.state_dict()) == 22
