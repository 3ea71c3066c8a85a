from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from sinopia.errors import ConfigError, ModelError
from sinopia.models.segmenter import CompactSegmenter, Segmenter, SegmenterConfig
from sinopia.scene import Vocabulary
from sinopia.zoo.checkpoint import Model, load_model, save_model

TINY = SegmenterConfig(
    num_classes=5, channels=(4, 8, 8), num_blocks=(1, 1, 2), expansion=2, pyramid_channels=8
)


def build(config: SegmenterConfig = TINY) -> CompactSegmenter:
    """A network with random statistics, so that every layer matters."""
    torch.manual_seed(0)
    network = CompactSegmenter(config)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            module.running_mean = torch.randn(module.num_features) * 0.1
    return network.eval()


def test_default_size() -> None:
    with torch.device("meta"):
        network = CompactSegmenter(SegmenterConfig(num_classes=8))
    assert 3.4e6 < sum(each.numel() for each in network.parameters()) < 3.6e6


@pytest.mark.parametrize("size_hw", [(32, 32), (37, 50), (8, 8), (64, 16)])
def test_any_size(size_hw: tuple[int, int]) -> None:
    network: Segmenter = build()
    logits = network(torch.randn(2, 3, *size_hw))
    assert logits.shape == (2, 5, *size_hw)
    assert torch.isfinite(logits).all()


def test_pictures_of_a_batch_do_not_touch_each_other() -> None:
    network = build()
    images = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]), rtol=1e-4, atol=1e-5)


def test_it_learns_a_map() -> None:
    """A tiny network tells bright from dark after a few steps, and not before."""
    network = build(replace(TINY, num_classes=2, dropout=0.0)).train()
    labels = torch.zeros(4, 32, 32, dtype=torch.int64)
    labels[:, :, 12:] = 1
    images = torch.randn(4, 3, 32, 32) * 0.1 + (labels[:, None] * 2.0 - 1.0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 0.5
    assert losses[-1] < 0.2
    gradients = [each.grad for each in network.parameters()]
    assert all(each is not None and each.abs().sum() > 0 for each in gradients)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_blocks": (1, 1)}, "two stages or more"),
        ({"kernel_size": 4}, "odd number, got 4"),
        ({"dropout": 1.0}, "dropout"),
        ({"num_classes": 256}, "1 to 255 classes"),
        ({"expansion": 0}, "at least one"),
    ],
)
def test_configs_that_cannot_be(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(TINY, **changes)


def test_model_folder(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    network = build()
    model = Model("segmenter", TINY, tiny_vocabulary, {"segmenter": network}, {"data": "none"})
    save_model(tmp_path / "judge", model, card="# judge\n")
    loaded = load_model(tmp_path / "judge")
    assert (loaded.family, loaded.config) == ("segmenter", TINY)
    images = torch.randn(1, 3, 32, 32)
    restored = loaded.networks["segmenter"]
    assert not restored.training
    torch.testing.assert_close(restored(images), network(images))


def test_a_folder_of_impossible_size_is_refused(
    tmp_path: Path, tiny_vocabulary: Vocabulary
) -> None:
    huge = replace(TINY, num_blocks=(1, 1, 1000))
    with torch.device("meta"):
        network = CompactSegmenter(TINY)
    model = Model("segmenter", huge, tiny_vocabulary, {"segmenter": network}, {})
    with pytest.raises(ModelError, match=r"config\.num_blocks: expected 1 to 64, got 1002"):
        save_model(tmp_path / "judge", model, card="")


def test_state_goes_through_a_file_unchanged() -> None:
    network, buffer = build(), io.BytesIO()
    torch.save(network.state_dict(), buffer)
    buffer.seek(0)
    other = CompactSegmenter(TINY).eval()
    other.load_state_dict(torch.load(buffer, weights_only=True))
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(network(images), other(images))
