from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sinopia.errors import ConfigError, ModelError
from sinopia.models.segmenter import Segmenter
from sinopia.models.squeezenet_segmenter import SqueezeNetSegmenter, SqueezeNetSegmenterConfig
from sinopia.nn.features import SqueezeNetFeatures
from sinopia.scene import Vocabulary
from sinopia.zoo.checkpoint import Model, load_model, save_model

TINY = SqueezeNetSegmenterConfig(num_classes=5, version="1.1", pyramid_channels=8)


def build(config: SqueezeNetSegmenterConfig = TINY) -> SqueezeNetSegmenter:
    torch.manual_seed(0)
    return SqueezeNetSegmenter(config).eval()


def test_default_size() -> None:
    with torch.device("meta"):
        network = SqueezeNetSegmenter(SqueezeNetSegmenterConfig(num_classes=8))
    assert 0.9e6 < sum(each.numel() for each in network.parameters()) < 1.1e6


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("size_hw", [(32, 32), (37, 50), (64, 32)])
def test_any_size(version: str, size_hw: tuple[int, int]) -> None:
    network: Segmenter = build(replace(TINY, version=version))
    logits = network(torch.randn(2, 3, *size_hw))
    assert logits.shape == (2, 5, *size_hw)
    assert torch.isfinite(logits).all()


def test_the_grid_of_the_features_lies_on_that_of_the_photo() -> None:
    """What happens in the middle of the photo is read as much to one side as to the other."""
    network = build(replace(TINY, version="1.0"))
    photo = torch.zeros(1, 3, 64, 64)
    touched = photo.clone()
    touched[:, :, 28:36, 28:36] = 1.0
    features = [
        (network.encoder(torch.nn.functional.pad(each, (3, 3, 3, 3), mode="replicate"))[0])
        for each in (photo, touched)
    ]
    changed = (features[0] != features[1]).any(dim=1)[0].any(dim=0).nonzero().flatten()
    assert changed.min() + changed.max() == pytest.approx(31, abs=1)


def test_all_of_it_learns() -> None:
    network = build().train()
    assert network.encoder.conv1.weight.requires_grad
    network(torch.randn(2, 3, 32, 32)).square().mean().backward()
    gradients = [each.grad for each in network.encoder.parameters()]
    assert all(each is not None for each in gradients)
    assert sum(float(each.abs().sum()) for each in gradients if each is not None) > 0


def test_it_begins_with_what_squeezenet_knows() -> None:
    torch.manual_seed(1)
    pretrained, network = SqueezeNetFeatures("1.1"), build()
    assert not torch.equal(network.encoder.fire5.e3.weight, pretrained.fire5.e3.weight)
    network.begin_with(pretrained)
    assert torch.equal(network.encoder.fire5.e3.weight, pretrained.fire5.e3.weight)
    assert network.encoder.fire5.e3.weight.requires_grad
    with pytest.raises(ModelError, match=r"built on SqueezeNet 1\.1 .* the file holds 1\.0"):
        network.begin_with(SqueezeNetFeatures("1.0"))
    with pytest.raises(ModelError, match=r"caffe input, the file holds 1\.1 with imagenet"):
        network.begin_with(SqueezeNetFeatures("1.1", convention="imagenet"))


def test_model_folder(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    network = build()
    model = Model("squeezenet_segmenter", TINY, tiny_vocabulary, {"segmenter": network}, {})
    save_model(tmp_path / "judge", model, card="# judge\n")
    loaded = load_model(tmp_path / "judge")
    assert (loaded.family, loaded.config) == ("squeezenet_segmenter", TINY)
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(loaded.networks["segmenter"](images), network(images))
    huge = replace(model, config=replace(TINY, pyramid_channels=5000))
    with pytest.raises(ModelError, match="pyramid_channels: expected 1 to 4096, got 5000"):
        save_model(tmp_path / "judge", huge, card="")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel_size": 4}, "odd number, got 4"),
        ({"dropout": 1.0}, "dropout"),
        ({"num_classes": 0}, "1 to 255 classes"),
        ({"pyramid_channels": 0}, "at least one"),
    ],
)
def test_configs_that_cannot_be(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(TINY, **changes)
