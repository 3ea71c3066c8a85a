from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import segmentation

from sinopia.errors import ConfigError, ModelError
from sinopia.models.published_segmenters import PublishedNetwork, PublishedSegmenter

CLASSES = ((0,), (), (3, 12))
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class FakeNetwork(torch.nn.Module):
    """Keeps its input; its 21 logits are the channel numbers times the red channel."""

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        self.seen = images
        return {"out": torch.arange(21.0).view(1, 21, 1, 1) * images[:, :1]}


@pytest.fixture(scope="module")
def segmenter() -> PublishedSegmenter:
    return PublishedSegmenter("fcn_resnet101", source_classes=CLASSES)


def test_classes_and_input(segmenter: PublishedSegmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNetwork()
    monkeypatch.setattr(segmenter, "network", fake)
    images = torch.rand(2, 3, 6, 5) * 2 - 1
    logits = segmenter(images)
    torch.testing.assert_close(fake.seen, ((images + 1) / 2 - MEAN) / STD)
    red = fake.seen[:, 0]
    assert torch.equal(logits[:, 0], torch.zeros_like(red))
    assert torch.isneginf(logits[:, 1]).all()
    torch.testing.assert_close(logits[:, 2], torch.maximum(3 * red, 12 * red))


def write_stretched_weights(path: Path, network: PublishedNetwork) -> int:
    """A file of the published layout in which every tensor is one number, stretched: kilobytes.

    Returns the number of its tensors.
    """
    with torch.device("meta"):
        reference = getattr(segmentation, network)(
            weights=None, weights_backbone=None, aux_loss=True
        )
    state = reference.state_dict()
    tensors = {
        name: torch.full((), 0.01).expand(tensor.shape)
        if tensor.is_floating_point()
        else torch.zeros(tensor.shape, dtype=tensor.dtype)
        for name, tensor in state.items()
    }
    torch.save(tensors, path)
    return len(tensors)


@pytest.mark.parametrize(
    ("network", "num_keys"), [("deeplabv3_resnet101", 676), ("fcn_resnet101", 640)]
)
def test_published_files_load(tmp_path: Path, network: PublishedNetwork, num_keys: int) -> None:
    assert write_stretched_weights(tmp_path / "net.pth", network) == num_keys
    loaded = PublishedSegmenter.from_file(
        tmp_path / "net.pth", network=network, source_classes=CLASSES
    )
    assert not any(each.requires_grad for each in loaded.parameters())
    last = list(loaded.network.state_dict().values())[-1]
    assert torch.equal(last, torch.full(last.shape, 0.01))
    if network == "fcn_resnet101":
        with torch.inference_mode():
            assert loaded(torch.zeros(1, 3, 33, 40)).shape == (1, 3, 33, 40)


def test_another_networks_file_is_refused(tmp_path: Path) -> None:
    torch.save({"classifier.0.weight": torch.zeros(1)}, tmp_path / "net.pth")
    with pytest.raises(ModelError, match="weights of fcn_resnet101: missing"):
        PublishedSegmenter.from_file(
            tmp_path / "net.pth", network="fcn_resnet101", source_classes=CLASSES
        )


@pytest.mark.parametrize(
    ("source_classes", "message"),
    [
        (((), ()), "at least one"),
        (((0,), (21,)), "from 0 to 20"),
        (((0,), (0,)), "each once"),
    ],
)
def test_mappings_that_cannot_be(source_classes: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PublishedSegmenter("fcn_resnet101", source_classes=source_classes)
