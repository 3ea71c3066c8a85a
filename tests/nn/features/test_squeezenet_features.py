from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision.models import squeezenet1_0, squeezenet1_1

from sinopia.errors import ConfigError, ModelError
from sinopia.nn.features import SqueezeNetFeatures

REFERENCES = {"1.0": squeezenet1_0, "1.1": squeezenet1_1}
# Where torchvision's feature list ends after conv1, fire3, fire5, fire6, fire7, fire8, fire9.
STOPS = {"1.0": (2, 5, 8, 9, 10, 11, 13), "1.1": (2, 5, 8, 10, 11, 12, 13)}
CHANNELS = (128, 256, 384, 384, 512, 512)


def reference_of(version: str) -> nn.Module:
    torch.manual_seed(0)
    return REFERENCES[version](weights=None).eval()


def authors_names(reference: nn.Module, version: str) -> dict[str, torch.Tensor]:
    """The names of the original release, from fire modules in order of appearance."""
    tensors = {f"conv1.{k}": v for k, v in reference.features[0].state_dict().items()}
    fires = [module for module in reference.features if hasattr(module, "squeeze")]
    for number, fire in enumerate(fires, start=2):
        for theirs, ours in (("squeeze", "squeeze"), ("expand1x1", "e1"), ("expand3x3", "e3")):
            for key, tensor in getattr(fire, theirs).state_dict().items():
                tensors[f"fire{number}.{ours}.{key}"] = tensor
    return tensors


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_torchvisions_file(tmp_path: Path, version: str) -> None:
    reference = reference_of(version)
    torch.save(reference.state_dict(), tmp_path / "net.pth")
    network = SqueezeNetFeatures.from_file(tmp_path / "net.pth")
    assert (network.version, network.convention) == (version, "imagenet")
    images = torch.rand(2, 3, 47, 64) * 2 - 1
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    taps = network(images)
    assert [tap.shape[1] for tap in taps] == [96 if version == "1.0" else 64, *CHANNELS]
    for tap, stop in zip(taps, STOPS[version], strict=True):
        expected = reference.features[:stop](((images + 1) / 2 - mean) / std)
        torch.testing.assert_close(tap, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_authors_file_takes_bgr_in_0_to_255(tmp_path: Path, version: str) -> None:
    reference = reference_of(version)
    path = tmp_path / "net.safetensors"
    save_file(authors_names(reference, version) | {"conv10.bias": torch.zeros(1000)}, path)
    network = SqueezeNetFeatures.from_file(path)
    assert (network.version, network.convention) == (version, "caffe")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 32, 3), dtype=np.uint8)
    rgb = np.asarray(Image.fromarray(pixels), dtype=np.float32)
    bgr = rgb[..., ::-1] - np.array([104, 117, 123], dtype=np.float32)
    images = torch.from_numpy(rgb / 127.5 - 1).permute(2, 0, 1)[None]
    caffe = torch.from_numpy(np.ascontiguousarray(bgr)).permute(2, 0, 1)[None]
    for tap, stop in zip(network(images), STOPS[version], strict=True):
        torch.testing.assert_close(tap, reference.features[:stop](caffe), rtol=1e-3, atol=1e-3)


def test_smallest_images() -> None:
    network = SqueezeNetFeatures("1.1")
    assert len(network(torch.zeros(1, 3, 32, 32))) == 7
    assert len(SqueezeNetFeatures("1.0")(torch.zeros(1, 3, 32, 32))) == 7
    with pytest.raises(ConfigError, match="at least 32x32 pixels, got 31x64"):
        network(torch.zeros(1, 3, 31, 64))


def test_frozen() -> None:
    network = SqueezeNetFeatures("1.1")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"weight": torch.zeros(1)}, r"weights of SqueezeNet 1\.1: missing conv1"),
        ({"features.0.weight": torch.zeros(64, 3, 3, 3)}, r"1\.1: missing conv1\.bias"),
        ({"conv1.weight": torch.zeros(96, 3, 7, 7)}, r"SqueezeNet 1\.0: missing conv1\.bias"),
        ({"conv1.weight": torch.tensor(1.0)}, "missing conv1"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, tensors: dict[str, torch.Tensor], message: str
) -> None:
    path = tmp_path / "net.safetensors"
    save_file(tensors, path)
    with pytest.raises(ModelError, match=message):
        SqueezeNetFeatures.from_file(path)
