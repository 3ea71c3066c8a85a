"""What the SPADE networks promise beside the published definition."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.errors import ConfigError, RequestError
from sinopia.models.spade import (
    Interpolation,
    SpadeConfig,
    SpadeDiscriminatorConfig,
    SpadeEncoder,
    SpadeEncoderConfig,
    SpadeGenerator,
    build_discriminator,
    doubled,
    draw_noise,
    fixed_noise,
    sample_style,
)
from sinopia.nn import spade as nn_spade
from sinopia.nn.neighborhoods import Neighborhoods, find_neighborhoods
from sinopia.nn.spade import DenseCondition
from tests.golden import files, spade

TINY = SpadeConfig(num_classes=5, size_hw=(32, 32), base_channels=4, hidden_channels=8)
STYLED = replace(TINY, size_hw=(64, 64), style_dim=6)


def build(config: SpadeConfig) -> SpadeGenerator:
    """A generator whose map matters as much as its features."""
    torch.manual_seed(0)
    network = SpadeGenerator(config)
    with torch.no_grad():
        for block in network.blocks:
            for module in block.modules():
                if isinstance(module, nn_spade.SpadeNorm):
                    module.shared.weight.mul_(5.0)
    return network


def noisy_map(*shape: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 5, shape, generator=generator)
    return torch.where(torch.rand(shape, generator=generator) < 0.1, 255, ids)


def test_state_dict_keys_are_the_ones_that_files_on_disk_have() -> None:
    files.check_text(spade.KEYS_FILE, spade.keys())


@pytest.mark.parametrize("upsampling", ["normal", "more"])
def test_fewer_doublings_have_the_same_keys_but_for_the_last_block(upsampling: Any) -> None:
    most = replace(TINY, size_hw=(128, 128), upsampling="most")
    keys = set(SpadeGenerator(replace(most, upsampling=upsampling)).state_dict())
    keys_of_most = set(SpadeGenerator(most).state_dict())
    assert (len(keys), len(keys_of_most)) == (234, 272)
    assert keys == {key for key in keys_of_most if not key.startswith("blocks.7.")}


def test_values_for_weights_by_a_formula() -> None:
    files.check_values(spade.VALUES_FILE, spade.values(), atol=1e-4)


@pytest.mark.parametrize("config", [TINY, STYLED], ids=["from the map", "from a style"])
def test_dense_condition_gives_the_same_picture(config: SpadeConfig) -> None:
    network = build(config).eval()
    condition = network.condition(noisy_map(2, *config.size_hw))
    style = None if config.style_dim is None else torch.randn(2, config.style_dim)
    with torch.no_grad():
        expected = network(DenseCondition(condition.dense_at(config.size_hw)), style)
        assert float((network(condition, style) - expected).abs().max()) <= 1e-5


@pytest.mark.parametrize(
    ("interpolation", "expected"),
    [("nearest", [0, 0, 4, 4, 8, 8]), ("bilinear", [0, 1, 3, 5, 7, 8])],
)
def test_doubling_by_hand(interpolation: Interpolation, expected: list[float]) -> None:
    """Bilinear: each new pixel lies a quarter of the way to the next old one; the ends stay."""
    line = torch.tensor([0.0, 4.0, 8.0])
    across = doubled(line.expand(1, 1, 2, 3), interpolation)
    assert across.tolist() == [[[expected] * 4]]
    assert doubled(line[:, None].expand(1, 1, 3, 2), interpolation).equal(across.mT[..., :4])


NOISY = replace(STYLED, has_noise=True)


def test_noise_is_added_where_the_strength_says() -> None:
    """A finished picture always has the same; in training it is drawn; without strength, none."""
    network = build(NOISY).eval()
    condition, style = network.condition(noisy_map(1, 64, 64)), torch.randn(2, 6)[:1]
    noise = draw_noise(NOISY, (64, 64), batch_size=1, generator=torch.Generator().manual_seed(0))
    assert [tuple(each.shape) for each in noise] == [
        (1, 1, side, side) for side in (2, 4, 4, 8, 16, 32, 64)
    ]
    with torch.no_grad():
        finished = network(condition, style)
        assert torch.equal(finished, network(condition, style))
        drawn = network(condition, style, noise)
        assert not torch.equal(drawn, finished)
        fixed = fixed_noise(NOISY, (64, 64), device=torch.device("cpu"))
        assert torch.equal(network(condition, style, fixed), finished)
        for block in network.blocks:
            block.noise_strength.zero_()  # type: ignore[union-attr, operator]
        silent = network(condition, style)
        assert torch.equal(silent, network(condition, style, noise))
        without = SpadeGenerator(STYLED).eval()
        weights = {k: v for k, v in network.state_dict().items() if "noise" not in k}
        without.load_state_dict(weights)  # the published network, but for the strengths
        assert torch.equal(silent, without(condition, style))


def test_the_strength_of_noise_is_learnt() -> None:
    network = build(NOISY)
    network(network.condition(noisy_map(2, 64, 64)), torch.randn(2, 6)).square().mean().backward()
    strengths = [block.noise_strength for block in network.blocks]  # type: ignore[union-attr]
    assert all(each.grad is not None and each.grad.any() for each in strengths)  # type: ignore[union-attr]
    assert draw_noise(STYLED, (64, 64), batch_size=1, generator=torch.Generator()) == []


def test_each_size_of_a_map_is_numbered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def count(values: Tensor, *, num_values: int, kernel_size: int) -> Neighborhoods:
        sizes.append(tuple(values.shape[1:]))
        return find_neighborhoods(values, num_values=num_values, kernel_size=kernel_size)

    monkeypatch.setattr(nn_spade, "find_neighborhoods", count)
    network = build(TINY).eval()
    condition = network.condition(noisy_map(1, 64, 32))
    for _ in range(2):
        network(condition)
    assert sizes == [(2, 1), (4, 2), (8, 4), (16, 8), (32, 16), (64, 32)]


def test_a_picture_does_not_depend_on_its_batch() -> None:
    network = build(TINY).double().eval()
    label_ids = torch.cat([noisy_map(2, 32, 32), torch.full((1, 32, 32), 4)])
    with torch.no_grad():
        together = network(network.condition(label_ids))
        for index in range(3):
            alone = network(network.condition(label_ids[index : index + 1]))
            torch.testing.assert_close(together[index], alone[0], rtol=0, atol=1e-12)


def test_evaluation_is_deterministic_and_leaves_no_trace() -> None:
    network = build(TINY).eval()
    before = copy.deepcopy(network.state_dict())
    label_ids = noisy_map(2, 32, 32)
    first = network(network.condition(label_ids))
    assert torch.equal(network(network.condition(label_ids)), first)
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


def test_one_forward_in_training_moves_every_statistic_once() -> None:
    network = build(TINY)
    before = copy.deepcopy(network.state_dict())
    inputs: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(
                lambda module, args, output, name=name: inputs.update({name: args[0]})
            )
    network(network.condition(noisy_map(3, 64, 64)))

    state = network.state_dict()
    assert len(inputs) == 18  # 3 blocks of two norms, 4 of three
    for name, x in inputs.items():
        assert state[f"{name}.num_batches_tracked"].item() == 1
        mean, variance = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3))
        torch.testing.assert_close(state[f"{name}.running_mean"], 0.1 * mean)
        torch.testing.assert_close(state[f"{name}.running_var"], 0.9 + 0.1 * variance)
    vectors = [key for key in state if key.endswith("._u")]
    assert len(vectors) == 18
    assert all(not torch.equal(before[key], state[key]) for key in vectors)


@pytest.mark.parametrize("config", [TINY, STYLED], ids=["from the map", "from a style"])
def test_every_parameter_learns(config: SpadeConfig) -> None:
    network = build(config)
    style = None if config.style_dim is None else torch.randn(2, config.style_dim)
    network(network.condition(noisy_map(2, 64, 64)), style).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name


def columns_in_reach(first: int, last: int) -> tuple[int, int]:
    """Columns of a picture, "normal" upsampling, that may change when these are repainted.

    Each convolution of a block adds one cell on both sides, and so does its norm's sight of two
    cells around in the map of its own size, of which cell i is pixel i * cell.
    """
    cell = 32
    low, high = -(-first // cell) - 1, last // cell + 1  # the start convolution
    for doubles in (False, True, False, True, True, True, True):
        if doubles:
            cell, low, high = cell // 2, 2 * low, 2 * high + 1
        map_low, map_high = -(-first // cell) - 2, last // cell + 2
        for _ in range(2):
            low, high = min(low, map_low) - 1, max(high, map_high) + 1
    return low - 1, high + 1  # the last convolution


def test_repainting_changes_the_inside_and_nothing_out_of_reach() -> None:
    network = build(replace(TINY, base_channels=2)).double().eval()
    label_ids = torch.zeros(1, 32, 1024, dtype=torch.int64)
    label_ids[:, 16:] = 1
    label_ids[:, 8:24, 200::64] = 3
    repainted = label_ids.clone()
    repainted[:, :, 512:544] = 2
    with torch.no_grad():
        before, after = (network(network.condition(ids)) for ids in (label_ids, repainted))
    change = (before - after).abs().amax(dim=(0, 1, 2))
    low, high = columns_in_reach(512, 543)
    assert 200 < low and high < 900
    assert change[512:544].min() > 1e-6
    assert change[:low].max() < 1e-12
    assert change[high + 1 :].max() < 1e-12


def test_the_same_generator_serves_other_sizes_by_stretching_its_start() -> None:
    network = build(STYLED).eval()
    style = torch.randn(2, 6)
    trained = network.start_features(network.condition(noisy_map(2, 64, 64)), style)
    assert torch.equal(trained, network.start(style).reshape(2, 64, 2, 2))

    wide = network.start_features(network.condition(noisy_map(2, 96, 160)), style)
    expected = F.interpolate(trained, size=(3, 5), mode="bilinear", align_corners=False)
    assert torch.equal(wide, expected)
    corners = [(0, 0), (0, -1), (-1, 0), (-1, -1)]
    for y, x in corners:
        torch.testing.assert_close(wide[:, :, y, x], trained[:, :, y, x])
    assert network(network.condition(noisy_map(2, 96, 160)), style).shape == (2, 3, 96, 160)


def test_a_generator_without_style_serves_other_sizes() -> None:
    network = build(TINY).eval()
    assert network(network.condition(noisy_map(1, 96, 64))).shape == (1, 3, 96, 64)


@pytest.mark.parametrize(
    ("upsampling", "size_hw", "message"),
    [
        ("normal", (100, 64), "of 32; asked for 100x64 .* is 96x64: --size 96 64"),
        ("more", (64, 100), "of 64; asked for 64x100 .* is 64x128: --size 64 128"),
        ("most", (1, 3), "of 128; asked for 1x3 .* is 128x128: --size 128 128"),
    ],
)
def test_sizes_that_cannot_be_made_are_refused_with_the_nearest(
    upsampling: Any, size_hw: tuple[int, int], message: str
) -> None:
    network = build(replace(TINY, size_hw=(128, 128), upsampling=upsampling))
    with pytest.raises(RequestError, match=message):
        network(network.condition(torch.zeros(1, *size_hw).long()))


def test_instance_norm_is_not_asked_to_begin_with_a_single_pixel() -> None:
    with pytest.raises(ConfigError, match="'instance' cannot begin with a single pixel"):
        replace(TINY, normalization="instance")
    network = build(replace(TINY, size_hw=(32, 64), normalization="instance"))
    assert network(network.condition(noisy_map(1, 32, 64))).shape == (1, 3, 32, 64)
    with pytest.raises(RequestError, match=r"32x32 does\. The nearest size is 32x64: --size 32 64"):
        network(network.condition(noisy_map(1, 32, 32)))


def test_a_missing_or_needless_style_is_refused() -> None:
    styled, plain = build(STYLED), build(TINY)
    label_ids = noisy_map(1, 64, 64)
    with pytest.raises(RequestError, match="needs a style code"):
        styled(styled.condition(label_ids))
    with pytest.raises(RequestError, match="has no style code"):
        plain(plain.condition(label_ids), torch.zeros(1, 6))


def test_missing_edges_are_refused() -> None:
    network = build(replace(TINY, has_instance_edges=True))
    with pytest.raises(RequestError, match="trained with instance edges"):
        network.condition(noisy_map(1, 32, 32))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size_hw": (48, 64)}, "48x64 does not fit upsampling 'normal', .* multiples of 32"),
        ({"size_hw": (64, 64), "upsampling": "most"}, "multiples of 128"),
        ({"channel_multipliers": (4, 2, 1)}, "expected seven positive numbers"),
        ({"channel_multipliers": (4, 4, 4, 4, 2, 1, 0)}, "expected seven positive numbers"),
        ({"kernel_size": 4}, "expected an odd number, got 4"),
        ({"encoder": SpadeEncoderConfig()}, "without style_dim has no use for an encoder"),
        ({"num_classes": 0}, "1 to 255 classes"),
        ({"num_classes": 256}, "1 to 255 classes"),
        ({"base_channels": 1}, "2 to 1024 base channels"),
    ],
)
def test_wrong_configs_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(TINY, **changes)


@pytest.mark.parametrize("input_size", [0, 4, 100])
def test_wrong_encoder_sizes_are_refused(input_size: int) -> None:
    with pytest.raises(ConfigError, match=f"power of two of 8 or more, got {input_size}"):
        SpadeEncoderConfig(input_size=input_size)


@pytest.mark.parametrize("input_size", [8, 32, 128])
def test_encoders_of_other_sizes_end_at_four_by_four(input_size: int) -> None:
    config = SpadeEncoderConfig(base_channels=2, input_size=input_size)
    network = SpadeEncoder(config, style_dim=3)
    mean, log_variance = network(torch.rand(2, 3, input_size, input_size))
    assert mean.shape == log_variance.shape == (2, 3)
    assert len(network.layers) == input_size.bit_length() - 3


def test_encoder_without_norms() -> None:
    config = SpadeEncoderConfig(
        base_channels=2, input_size=16, normalization="none", has_spectral_norm=False
    )
    keys = set(SpadeEncoder(config, style_dim=3).state_dict())
    assert "layers.0.0.weight" in keys and "layers.0.0.bias" in keys


def test_an_encoder_with_colors_sees_the_means_of_four_bands() -> None:
    """Weights that take the last 12 inputs only, in order: channel by channel, from the top."""
    config = SpadeEncoderConfig(base_channels=2, input_size=16, has_colors=True)
    network = SpadeEncoder(config, style_dim=12).eval()
    with torch.no_grad():
        network.to_mean.weight.copy_(torch.eye(network.to_mean.in_features)[-12:])
        network.to_mean.bias.zero_()
        photo = torch.zeros(1, 3, 32, 64)
        photo[0, 1, 8:16, 16:32] = 0.5  # green, a quarter of the second band
        mean, _ = network(photo)
    expected = torch.zeros(12)
    expected[4 + 1] = 0.5 / 4
    torch.testing.assert_close(mean[0], expected)


def test_a_code_begins_with_colors() -> None:
    """Photos of one colour each, which instance norm makes alike: the mix tells them apart."""
    config = SpadeEncoderConfig(base_channels=2, input_size=16, has_colors=True)
    network = SpadeEncoder(config, style_dim=64).eval()
    photos = torch.tensor([[0.5, 0.0, -0.5], [-0.5, 0.0, 0.5]])[:, :, None, None].expand(
        -1, -1, 16, 16
    )
    with torch.no_grad():
        network.to_mean.weight[:, -12:] = 0
        plain = network(photos)[0]
        network.begin_with_colors(torch.Generator().manual_seed(0))
        mixed = network(photos)[0]
    added = mixed - plain
    torch.testing.assert_close(added[0], -added[1])
    # 8 of 12 inputs are 0.5 or -0.5, times a mix of deviation 0.7: 0.5 * 0.7 * sqrt(8) = 0.99
    assert added.std().item() == pytest.approx(0.99, rel=0.25)


def test_generator_options_without_norms_and_with_other_widths() -> None:
    config = replace(
        TINY, has_spectral_norm=False, channel_multipliers=(4, 3, 3, 2, 2, 1, 1), kernel_size=1
    )
    network = build(config).eval()
    assert not any("parametrizations" in key for key in network.state_dict())
    assert [block.has_learned_shortcut for block in network.blocks] == [  # type: ignore[union-attr]
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    assert network(network.condition(noisy_map(1, 32, 32))).shape == (1, 3, 32, 32)


def test_discriminator_takes_the_map_and_the_picture() -> None:
    network = build_discriminator(
        SpadeDiscriminatorConfig(base_channels=2, num_scales=1, num_layers=3),
        condition_channels=TINY.condition_channels,
    )
    (features,) = network(torch.randn(1, 6 + 3, 32, 32))
    assert [each.shape[1] for each in features] == [2, 4, 8, 1]


def test_sample_style_by_hand() -> None:
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 2.0]])
    style = sample_style(mean, log_variance, torch.tensor([[3.0, 0.5]]))
    torch.testing.assert_close(style, torch.tensor([[4.0, -2.0 + 0.5 * 2.718282]]))


def test_state_dict_round_trip() -> None:
    network, other = build(TINY), SpadeGenerator(TINY)
    network(network.condition(noisy_map(2, 64, 64)))
    other.load_state_dict(network.state_dict())
    label_ids = noisy_map(1, 32, 32, seed=3)
    network.eval()
    other.eval()
    assert torch.equal(network(network.condition(label_ids)), other(other.condition(label_ids)))
