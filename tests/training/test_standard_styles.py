"""Codes that are standard normal together, and pictures that stay what they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import sinopia
from sinopia.errors import ConfigError
from sinopia.models.spade import SpadeConfig, SpadeEncoder, SpadeGenerator
from sinopia.scene.batch import SceneBatch
from sinopia.training.run import train
from sinopia.training.standard_styles import standardize_styles
from tests.training.runs import final_weights, tiny_run


def batches_of(count: int) -> list[SceneBatch]:
    torch.manual_seed(3)
    ids = torch.randint(0, 5, (4, 32, 32))
    tones = torch.randn(count, 4, 3, 1, 1) * 0.3
    return [SceneBatch(ids, tone + 0.1 * torch.randn(4, 3, 32, 32), None) for tone in tones]


@pytest.fixture
def networks(tiny_config: SpadeConfig) -> dict[str, torch.nn.Module]:
    torch.manual_seed(1)
    assert tiny_config.encoder is not None and tiny_config.style_dim is not None
    encoder_config = replace(tiny_config.encoder, has_colors=True)
    encoder = SpadeEncoder(encoder_config, style_dim=tiny_config.style_dim)
    encoder.begin_with_colors(torch.Generator().manual_seed(0))
    return {"generator": SpadeGenerator(tiny_config).eval(), "encoder": encoder.eval()}


def encoded(network: torch.nn.Module, batches: list[SceneBatch]) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        pairs = [network(batch.images) for batch in batches]
    means, log_variances = zip(*pairs, strict=True)
    return torch.cat(means), torch.cat(log_variances).exp()


def test_codes_are_standard_normal_together(networks: dict[str, torch.nn.Module]) -> None:
    batches = batches_of(64)
    means, _ = encoded(networks["encoder"], batches)
    assert (torch.cov(means.T) - torch.eye(means.shape[1])).abs().max() > 0.3
    standard = standardize_styles(networks, batches)
    means, variances = encoded(standard["encoder"], batches)
    torch.testing.assert_close(means.mean(0), torch.zeros(means.shape[1]), atol=1e-4, rtol=0)
    torch.manual_seed(0)
    sampled = (means + variances.sqrt() * torch.randn(200, *means.shape)).flatten(0, 1)
    # the diagonal is exact; beside it stands what the noise, no longer diagonal, would take away
    assert sampled.var(0).tolist() == pytest.approx([1.0] * means.shape[1], rel=0.05)


def test_a_picture_in_the_style_of_a_photo_stays(networks: dict[str, torch.nn.Module]) -> None:
    batches = batches_of(8)
    standard = standardize_styles(networks, batches)

    def picture(of: dict[str, torch.nn.Module]) -> torch.Tensor:
        generator = of["generator"]
        assert isinstance(generator, SpadeGenerator)
        with torch.no_grad():
            style = of["encoder"](batches[0].images)[0]
            return generator(generator.condition(batches[0].label_ids), style)

    torch.testing.assert_close(picture(standard), picture(networks), atol=2e-4, rtol=0)
    fresh = torch.randn(4, 8)
    generator = standard["generator"]
    assert isinstance(generator, SpadeGenerator)
    with torch.no_grad():
        other = generator(generator.condition(batches[0].label_ids), fresh)
    assert (other - picture(networks)).abs().max() > 1e-2


def test_a_run_saves_them_and_goes_on_with_its_own(tmp_path: Path, pairs: Path) -> None:
    """The run's own networks are left alone: the same run without it ends with the same weights."""
    config = replace(tiny_run(pairs, images=8), standard_styles=True)
    train(config, tmp_path / "standard", device="cpu")
    train(replace(config, standard_styles=False), tmp_path / "plain", device="cpu")
    assert final_weights(tmp_path / "standard") == final_weights(tmp_path / "plain")
    models = [sinopia.load(tmp_path / run / "model") for run in ("standard", "plain")]
    torch.manual_seed(0)
    photo = (torch.rand(32, 32, 3) * 255).byte().numpy()
    assert abs(models[0].encode_style(photo) - models[1].encode_style(photo)).max() > 1e-3


def test_a_run_without_an_encoder_is_refused(pairs: Path) -> None:
    config = tiny_run(pairs)
    with pytest.raises(ConfigError, match="standard_styles"):
        replace(config, standard_styles=True, model=replace(config.model, encoder=None))
