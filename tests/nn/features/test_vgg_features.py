from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import vgg
from torchvision.transforms.functional import normalize

from sinopia.errors import ModelError
from sinopia.nn.features import Vgg19Features


@pytest.fixture(scope="module")
def reference() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return vgg.make_layers(vgg.cfgs["E"]).eval()


@pytest.fixture(scope="module")
def weights(reference: torch.nn.Sequential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the names of torchvision's, classifier included."""
    path = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    tensors = {f"features.{name}": tensor for name, tensor in reference.state_dict().items()}
    torch.save(tensors | {"classifier.0.weight": torch.zeros(1)}, path)
    return path


def test_taps_are_torchvisions(reference: torch.nn.Sequential, weights: Path) -> None:
    images = torch.rand(1, 3, 32, 48) * 2 - 1
    taps = Vgg19Features.from_file(weights)(images)
    assert [tuple(tap.shape[1:]) for tap in taps] == [
        (64, 32, 48),
        (128, 16, 24),
        (256, 8, 12),
        (512, 4, 6),
        (512, 2, 3),
    ]
    for tap, stop in zip(taps, (2, 7, 12, 21, 30), strict=True):
        torch.testing.assert_close(tap, reference[:stop](images))


def test_imagenet_normalisation(reference: torch.nn.Sequential, weights: Path) -> None:
    images = torch.rand(1, 3, 16, 16) * 2 - 1
    network = Vgg19Features.from_file(weights, imagenet_normalized=True)
    normalized = normalize((images + 1) / 2, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    torch.testing.assert_close(network(images)[0], reference[:2](normalized), rtol=1e-4, atol=1e-5)


def test_frozen(weights: Path) -> None:
    network = Vgg19Features.from_file(weights)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file({"conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(
        ModelError, match=r"does not hold the weights of VGG19: missing features\.0"
    ):
        Vgg19Features.from_file(path)
