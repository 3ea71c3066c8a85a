"""What tests of several parts share: a tiny model with random weights, and maps for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sinopia.scene import LabelMap, SemanticClass, Vocabulary

if TYPE_CHECKING:
    from sinopia.models.spade import SpadeConfig


@pytest.fixture(scope="session")
def tiny_vocabulary() -> Vocabulary:
    """Five classes."""
    names = ("sky", "tree", "grass", "water", "house")
    return Vocabulary(
        "tiny",
        tuple(
            SemanticClass(name, (40 * index, 200 - 40 * index, 90), index, name == "house")
            for index, name in enumerate(names)
        ),
    )


@pytest.fixture(scope="session")
def tiny_config() -> SpadeConfig:
    """A generator of 32x32 pictures in five classes, with a style code and an encoder."""
    from sinopia.models.spade import SpadeConfig, SpadeEncoderConfig

    return SpadeConfig(
        num_classes=5,
        size_hw=(32, 32),
        base_channels=4,
        hidden_channels=8,
        style_dim=8,
        encoder=SpadeEncoderConfig(base_channels=4, input_size=32),
    )


@pytest.fixture(scope="session")
def tiny_model_folder(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> Path:
    """A model folder of `tiny_config` with random weights; shared, so only for reading."""
    return save_random_model(
        tmp_path_factory.mktemp("models") / "tiny", tiny_config, tiny_vocabulary
    )


def save_random_model(
    folder: Path, config: SpadeConfig, vocabulary: Vocabulary, *, seed: int = 5
) -> Path:
    """Write a model folder with random weights whose pictures show map and style."""
    import torch

    from sinopia.models.spade import SpadeGenerator
    from sinopia.zoo.checkpoint import Model, save_model
    from sinopia.zoo.registry import find_family

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        networks = find_family("spade").build(config)
        for network in networks.values():
            for parameter in network.parameters():
                if parameter.dim() > 1:
                    torch.nn.init.kaiming_normal_(parameter)
        generator = networks["generator"]
        assert isinstance(generator, SpadeGenerator)
        for module in generator.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 1.0  # one pass gives it the statistics of its input
        height, width = config.size_hw
        edges = torch.zeros(4, 1, height, width) if config.has_instance_edges else None
        condition = generator.condition(
            torch.randint(config.num_classes, (4, height, width)), edges
        )
        style = None if config.style_dim is None else torch.randn(4, config.style_dim)
        generator.train()(condition, style)
        generator.to_image.weight.mul_(0.05)  # few pixels at the ends of the range
    model = Model(
        family="spade",
        config=config,
        vocabulary=vocabulary,
        networks=networks,
        facts={"data": "none: random weights"},
    )
    save_model(folder, model, card="# tiny\n\nRandom weights, for tests.\n")
    return folder


@pytest.fixture(scope="session")
def tiny_map(tiny_vocabulary: Vocabulary) -> LabelMap:
    """A 32x32 map of all five classes, with a patch of unlabeled pixels."""
    ids = np.repeat(np.array([0, 1, 2, 3], np.uint8), 8)[:, None].repeat(32, axis=1)
    ids[10:22, 4:14] = 4
    ids[25:30, 20:27] = 255
    return LabelMap(ids, tiny_vocabulary)
