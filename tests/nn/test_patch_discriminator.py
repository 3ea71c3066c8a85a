"""Patch discriminators: sizes of their outputs, and what the options change."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.nn.patch_discriminator import MultiscaleDiscriminator, PatchDiscriminator


def test_output_sizes_of_the_published_discriminator_at_256() -> None:
    torch.manual_seed(0)
    discriminator = MultiscaleDiscriminator(4, base_channels=2).eval()
    with torch.no_grad():
        outputs = discriminator(torch.randn(1, 4, 256, 256))
    assert [[tuple(each.shape) for each in scale] for scale in outputs] == [
        [(1, c, s, s) for c, s in zip((2, 4, 8, 16, 1), (129, 65, 33, 34, 35), strict=True)],
        [(1, c, s, s) for c, s in zip((2, 4, 8, 16, 1), (65, 33, 17, 18, 19), strict=True)],
    ]


def test_channels_stop_growing_at_eight_times_the_base() -> None:
    discriminator = PatchDiscriminator(3, base_channels=2, num_layers=6)
    outputs = discriminator(torch.randn(1, 3, 64, 48))
    assert [each.shape[1] for each in outputs] == [2, 4, 8, 16, 16, 16, 1]


def test_one_layer_judges_with_one_stride() -> None:
    outputs = PatchDiscriminator(3, base_channels=2, num_layers=1)(torch.randn(1, 3, 8, 8))
    assert [tuple(each.shape) for each in outputs] == [(1, 2, 5, 5), (1, 1, 6, 6)]


@pytest.mark.parametrize("num_scales", [1, 2, 3])
def test_scales_halve_the_input_by_averages_of_the_pixels_inside(num_scales: int) -> None:
    torch.manual_seed(1)
    discriminator = MultiscaleDiscriminator(3, num_scales=num_scales, base_channels=2).eval()
    x = torch.randn(2, 3, 40, 33)
    outputs = discriminator(x)
    assert len(outputs) == num_scales
    for patch_discriminator, features in zip(discriminator.scales, outputs, strict=True):
        for got, wanted in zip(features, patch_discriminator(x), strict=True):
            torch.testing.assert_close(got, wanted)
        box = torch.ones(1, 1, 3, 3)
        total = F.conv2d(x.reshape(-1, 1, *x.shape[2:]), box, stride=2, padding=1)
        counted = F.conv2d(torch.ones(1, 1, *x.shape[2:]), box, stride=2, padding=1)
        x = (total / counted).reshape(2, 3, *total.shape[2:])


def test_a_constant_stays_constant_at_every_scale() -> None:
    seen: list[Tensor] = []
    discriminator = MultiscaleDiscriminator(3, num_scales=3, base_channels=2)
    for scale in discriminator.scales:
        scale.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    discriminator(torch.full((1, 3, 32, 32), 0.5))
    assert [tuple(x.shape[2:]) for x in seen] == [(32, 32), (16, 16), (8, 8)]
    for x in seen:
        torch.testing.assert_close(x, torch.full_like(x, 0.5))  # padding is not counted


def test_only_middle_layers_have_norms() -> None:
    names = set(PatchDiscriminator(3, base_channels=2).state_dict())
    assert {"layers.0.convolution.weight", "logits.weight"} <= names
    assert {"layers.0.convolution.bias", "logits.bias"} <= names
    for index in (1, 2, 3):
        assert f"layers.{index}.convolution.parametrizations.weight.original" in names
        assert f"layers.{index}.convolution.bias" not in names

    plain = PatchDiscriminator(3, base_channels=2, normalization="none", has_spectral_norm=False)
    assert not any("parametrizations" in name for name in plain.state_dict())
    assert "layers.1.convolution.bias" in plain.state_dict()
    assert not any(isinstance(module, nn.InstanceNorm2d) for module in plain.modules())


def test_middle_layers_are_instance_normalized_before_the_leak() -> None:
    torch.manual_seed(2)
    features = PatchDiscriminator(3, base_channels=4).eval()(torch.randn(2, 3, 64, 64))
    for middle in features[1:4]:
        before_leak = torch.where(middle > 0, middle, middle / 0.2)
        mean = before_leak.mean(dim=(2, 3))
        deviation = before_leak.std(dim=(2, 3), unbiased=False)
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-5, rtol=0)
        torch.testing.assert_close(deviation, torch.ones_like(mean), atol=0.01, rtol=0)


def test_the_logits_take_both_signs_and_pass_gradient() -> None:
    torch.manual_seed(3)
    discriminator = MultiscaleDiscriminator(3, base_channels=4)
    x = torch.randn(2, 3, 32, 32, requires_grad=True)
    logits = [features[-1] for features in discriminator(x)]
    assert any((each < 0).any() for each in logits) and any((each > 0).any() for each in logits)
    sum(each.sum() for each in logits).backward()
    assert x.grad is not None and (x.grad != 0).any()
    assert all(parameter.grad is not None for parameter in discriminator.parameters())


def test_spectral_vectors_move_in_training_and_rest_in_evaluation() -> None:
    torch.manual_seed(4)
    discriminator = PatchDiscriminator(3, base_channels=2)
    key = "layers.1.convolution.parametrizations.weight.0._u"
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        discriminator.layers[1].convolution.parametrizations.weight.original.normal_()  # type: ignore
    before = discriminator.state_dict()[key].clone()
    discriminator(x)
    after = discriminator.state_dict()[key].clone()
    assert not torch.equal(before, after)
    discriminator.eval()
    assert torch.equal(discriminator(x)[-1], discriminator(x)[-1])
    assert torch.equal(discriminator.state_dict()[key], after)
