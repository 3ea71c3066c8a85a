from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sinopia.errors import ModelError
from sinopia.nn.features import SqueezeNetFeatures, Vgg19Features
from sinopia.nn.losses import (
    L1Distance,
    PerceptualLoss,
    l1_distance,
    lpips_distance,
    relative_l1_distance,
    squeezenet_lpips,
    squeezenet_perceptual,
    vgg19_perceptual,
)

CHANNELS = (64, 128, 256, 384, 384, 512, 512)


class TwoLayers(nn.Module):
    """Features that can be computed in the head: the image doubled, and its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.graphs: list[bool] = []

    def forward(self, images: Tensor) -> list[Tensor]:
        self.graphs.append(torch.is_grad_enabled())
        return [images * self.scale, images.mean(dim=(2, 3), keepdim=True)]


def save_random_squeezenet(path: Path) -> SqueezeNetFeatures:
    torch.manual_seed(0)
    network = SqueezeNetFeatures("1.1")
    with torch.no_grad():
        network.conv1.weight /= 50  # inputs reach 150
    save_file(network.state_dict(), path)
    return network


def save_random_linear(path: Path) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    weights = [torch.rand(1, channels, 1, 1, generator=generator) for channels in CHANNELS]
    save_file({f"lin{index}.model.1.weight": w for index, w in enumerate(weights)}, path)
    return weights


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    fake, real = torch.rand(2, 2, 3, 33, 40, generator=torch.Generator().manual_seed(2)) * 2 - 1
    return fake, real


def test_distances_by_hand() -> None:
    fake = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1)
    real = torch.tensor([0.0, 2.0]).view(1, 2, 1, 1)
    assert l1_distance(fake, real).item() == pytest.approx((3 + 2) / 2)
    assert relative_l1_distance(fake, real).item() == pytest.approx(2.5 / 1)
    assert relative_l1_distance(7 * fake, 7 * real).item() == pytest.approx(2.5)
    # unit vectors (.6, .8) and (0, 1): .36 * 2 + .04 * 5
    weights = torch.tensor([2.0, 5.0])
    assert lpips_distance(fake, real, weights).item() == pytest.approx(0.92)
    # a second pixel that agrees halves the mean
    twice = [torch.cat([x, torch.ones(1, 2, 1, 1)], dim=3) for x in (fake, real)]
    assert lpips_distance(*twice, weights).item() == pytest.approx(0.46)


def test_lpips_distance_bears_pixels_without_features() -> None:
    fake = torch.zeros(1, 4, 2, 2, requires_grad=True)
    loss = lpips_distance(fake.relu(), torch.ones(1, 4, 2, 2), torch.ones(4))
    loss.backward()
    assert loss.item() == pytest.approx(1)
    assert fake.grad is not None and fake.grad.isfinite().all()


def test_loss_weighs_layers_and_teaches_the_fake_images_only() -> None:
    network = TwoLayers().train()
    loss = PerceptualLoss(
        network, layer_weights=(0.5, 10.0), distances=(L1Distance(), L1Distance())
    )
    fake = torch.full((2, 3, 4, 4), 0.5, requires_grad=True)
    real = torch.full((2, 3, 4, 4), -0.25, requires_grad=True)
    value = loss(fake, real)
    assert value.item() == pytest.approx(0.5 * 1.5 + 10 * 0.75)
    value.backward()
    assert fake.grad is not None and (fake.grad > 0).all()
    assert real.grad is None
    assert network.scale.grad is None and not network.scale.requires_grad
    assert not network.training
    assert network.graphs == [False, True]


def test_as_many_distances_as_weights() -> None:
    with pytest.raises(ValueError, match="expected 2 distances, one a weight, got 1"):
        PerceptualLoss(TwoLayers(), layer_weights=(1.0, 1.0), distances=(L1Distance(),))


def test_vgg_loss_is_the_published_sum(tmp_path: Path, images: tuple[Tensor, Tensor]) -> None:
    torch.manual_seed(0)
    network = Vgg19Features()
    save_file(network.state_dict(), tmp_path / "vgg.safetensors")
    fake, real = images
    weights = (0.03125, 0.0625, 0.125, 0.25, 1.0)
    expected = sum(
        weight * (a - b).abs().mean()
        for weight, a, b in zip(weights, network(fake), network(real), strict=True)
    )
    loss = vgg19_perceptual(tmp_path / "vgg.safetensors")
    assert loss(fake, real).item() == pytest.approx(float(expected), rel=1e-5)


def test_lpips_against_a_plain_formula(tmp_path: Path, images: tuple[Tensor, Tensor]) -> None:
    network = save_random_squeezenet(tmp_path / "features.safetensors")
    weights = save_random_linear(tmp_path / "linear.safetensors")
    fake, real = images
    expected = 0.0
    for weight, a, b in zip(weights, network(fake), network(real), strict=True):
        unit_a, unit_b = (
            x.double().numpy() / np.sqrt((x.double().numpy() ** 2).sum(axis=1, keepdims=True))
            for x in (a, b)
        )
        layer = np.einsum("bchw,c->bhw", (unit_a - unit_b) ** 2, weight.double().numpy().ravel())
        expected += layer.mean(axis=(1, 2)).mean()
    loss = squeezenet_lpips(tmp_path / "features.safetensors", tmp_path / "linear.safetensors")
    assert loss(fake, real).item() == pytest.approx(expected, rel=1e-4)
    assert loss(real, real).item() == 0


def test_lpips_refuses_other_files(tmp_path: Path) -> None:
    features, linear = tmp_path / "features.safetensors", tmp_path / "linear.safetensors"
    save_random_squeezenet(features)
    with pytest.raises(ModelError, match=r"expected a file of weights at .*linear.safetensors"):
        squeezenet_lpips(features, linear)
    save_file({"lin0.model.1.weight": torch.zeros(1, 64, 1, 1)}, linear)
    with pytest.raises(ModelError, match=r"missing lin1\.model\.1\.weight, .* and 3 more"):
        squeezenet_lpips(features, linear)
    save_random_linear(linear)
    save_file(SqueezeNetFeatures("1.0").state_dict(), features)
    with pytest.raises(ModelError, match=r"holds SqueezeNet 1\.0; LPIPS weighs"):
        squeezenet_lpips(features, linear)


def test_autocast_and_channels_last(tmp_path: Path, images: tuple[Tensor, Tensor]) -> None:
    save_random_squeezenet(tmp_path / "features.safetensors")
    save_random_linear(tmp_path / "linear.safetensors")
    for loss in (
        squeezenet_lpips(tmp_path / "features.safetensors", tmp_path / "linear.safetensors"),
        squeezenet_perceptual(tmp_path / "features.safetensors"),
    ):
        plain = loss(*images)
        fake, real = (x.contiguous(memory_format=torch.channels_last) for x in images)
        assert loss(fake, real).item() == pytest.approx(plain.item(), rel=1e-4)
        fake.requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = loss(fake, real)
        value.backward()
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(plain.item(), rel=0.05)
        assert fake.grad is not None and fake.grad.isfinite().all() and fake.grad.abs().sum() > 0
        fake.grad = None


@pytest.mark.weights
def test_real_networks_order_pictures_sensibly() -> None:
    root = os.environ.get("SINOPIA_WEIGHTS")
    if root is None:
        pytest.skip("SINOPIA_WEIGHTS names no folder of pretrained networks")
    features = Path(root, "squeezenet1_1", "features.safetensors")
    y, x = torch.meshgrid(torch.linspace(0, 9, 64), torch.linspace(0, 6, 64), indexing="ij")
    waves = torch.stack([x.sin() * y.cos(), (x + y).sin(), (x * y / 9).cos()])[None]
    noise = torch.randn(waves.shape, generator=torch.Generator().manual_seed(0))
    for loss in (
        squeezenet_lpips(features, Path(root, "lpips", "squeeze_linear.safetensors")),
        squeezenet_perceptual(features),
        squeezenet_perceptual(Path(root, "squeezenet1_0", "model.safetensors")),
    ):
        by_noise = [loss(waves + level * noise, waves).item() for level in (0, 0.05, 0.1, 0.2, 0.4)]
        assert by_noise[0] == 0
        assert by_noise == sorted(set(by_noise))
        assert 0.05 < by_noise[-1] < 5
