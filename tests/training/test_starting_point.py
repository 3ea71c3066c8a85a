"""Runs that begin with a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sinopia.errors import ConfigError, ModelError
from sinopia.models.spade import SpadeConfig, SpadeEncoder, SpadeGenerator
from sinopia.scene import SemanticClass, Vocabulary
from sinopia.training.run import train
from sinopia.training.starting_point import start_from
from sinopia.zoo.checkpoint import load_model
from tests.training.runs import tiny_run

IDS = torch.tensor([0, 1, 2, 3]).repeat_interleave(8).repeat(1, 32, 1)


def networks_of(config: SpadeConfig) -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    assert config.encoder is not None and config.style_dim is not None
    return {
        "generator": SpadeGenerator(config),
        "encoder": SpadeEncoder(config.encoder, style_dim=config.style_dim),
    }


def picture(generator: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    assert isinstance(generator, SpadeGenerator)
    generator.eval()
    style = torch.ones(1, 8)
    with torch.no_grad():
        return generator(generator.condition(ids), style)


def test_the_networks_are_the_models(whole_run: Path, pairs: Path) -> None:
    """Spectral norm over weights that were divided by their norm: it must find a norm of one."""
    model = load_model(whole_run / "model")
    config = tiny_run(pairs).model
    networks = networks_of(config)
    before = picture(networks["generator"], IDS)
    start_from(str(whole_run / "model"), networks, config=config, vocabulary=model.vocabulary)
    after = picture(networks["generator"], IDS)
    expected = picture(model.networks["generator"], IDS)
    assert (before - expected).abs().max() > 10 * (after - expected).abs().max()
    torch.testing.assert_close(after, expected, atol=0.01, rtol=0)
    photo = torch.rand(1, 3, 32, 32)
    for network in (networks["encoder"], model.networks["encoder"]):
        network.eval()
    with torch.no_grad():
        mean, expected_mean = networks["encoder"](photo)[0], model.networks["encoder"](photo)[0]
    torch.testing.assert_close(mean, expected_mean, atol=0.02, rtol=0.02)


def test_classes_are_matched_by_name(
    whole_run: Path, pairs: Path, tiny_vocabulary: Vocabulary
) -> None:
    """Turned round and with a new class, the same areas of the same names give the same picture."""
    names = [*reversed(tiny_vocabulary.classes), SemanticClass("lava", (255, 60, 0), 77)]
    classes = tuple(replace(each, source_id=index) for index, each in enumerate(names))
    other = Vocabulary("other", classes)
    config = replace(tiny_run(pairs).model, num_classes=6)
    networks = networks_of(config)
    start_from(str(whole_run / "model"), networks, config=config, vocabulary=other)
    model = load_model(whole_run / "model")
    expected = picture(model.networks["generator"], IDS)
    torch.testing.assert_close(picture(networks["generator"], 4 - IDS), expected, atol=0.01, rtol=0)
    generator = networks["generator"]
    assert isinstance(generator, SpadeGenerator)
    weight = generator.blocks[0].norm_0.shared.weight  # type: ignore[union-attr]
    known = model.networks["generator"].blocks[0].norm_0.shared.weight  # type: ignore[union-attr]
    torch.testing.assert_close(weight[:, 5], known.mean(dim=1))  # lava: the mean of all
    torch.testing.assert_close(weight[:, 6], known[:, 5])  # unlabeled


def test_an_encoder_with_colors_begins_with_its_own_mix(whole_run: Path, pairs: Path) -> None:
    """Beside that mix it is the encoder of the model."""
    plain = tiny_run(pairs).model
    assert plain.encoder is not None
    config = replace(plain, encoder=replace(plain.encoder, has_colors=True))
    networks = networks_of(config)
    model = load_model(whole_run / "model")
    start_from(str(whole_run / "model"), networks, config=config, vocabulary=model.vocabulary)
    encoder = networks["encoder"].eval()
    assert isinstance(encoder, SpadeEncoder)
    colors = encoder.to_mean.weight[:, -12:].clone()
    assert colors.abs().max() > 0
    with torch.no_grad():
        encoder.to_mean.weight[:, -12:] = 0
        photo = torch.rand(1, 3, 32, 32)
        mean, expected = encoder(photo)[0], model.networks["encoder"].eval()(photo)[0]
    torch.testing.assert_close(mean, expected, atol=0.02, rtol=0.02)


def test_a_run_begins_with_a_model(tmp_path: Path, whole_run: Path, pairs: Path) -> None:
    config = tiny_run(pairs, images=4, start_from=str(whole_run / "model"))
    config = replace(config, optimizer=replace(config.optimizer, generator_lr=0.0))
    train(config, tmp_path / "run", device="cpu")
    begun = load_model(tmp_path / "run" / "model").networks["generator"].to_image  # type: ignore[union-attr]
    model = load_model(whole_run / "model").networks["generator"].to_image  # type: ignore[union-attr]
    assert torch.equal(begun.weight, model.weight)


def test_a_model_without_noise_can_be_given_some(whole_run: Path, pairs: Path) -> None:
    model = load_model(whole_run / "model")
    config = replace(tiny_run(pairs).model, has_noise=True)
    networks = networks_of(config)
    start_from(str(whole_run / "model"), networks, config=config, vocabulary=model.vocabulary)
    generator = networks["generator"]
    assert isinstance(generator, SpadeGenerator)
    strengths = [block.noise_strength for block in generator.blocks]  # type: ignore[union-attr]
    assert all(bool((each == 0.5).all()) for each in strengths)  # type: ignore[union-attr, operator]
    for each in strengths:
        torch.nn.init.zeros_(each)  # type: ignore[arg-type]
    expected = picture(model.networks["generator"], IDS)
    torch.testing.assert_close(picture(generator, IDS), expected, atol=0.01, rtol=0)


def test_a_model_can_go_on_with_bilinear_doubling(whole_run: Path, pairs: Path) -> None:
    model = load_model(whole_run / "model")
    config = replace(tiny_run(pairs).model, interpolation="bilinear")
    networks = networks_of(config)
    start_from(str(whole_run / "model"), networks, config=config, vocabulary=model.vocabulary)
    blended, nearest = networks["generator"], model.networks["generator"]
    assert torch.equal(
        blended.get_parameter("to_image.weight"), nearest.get_parameter("to_image.weight")
    )
    assert not torch.allclose(picture(blended, IDS), picture(nearest, IDS), atol=1e-3)


def test_what_does_not_fit(whole_run: Path, pairs: Path, tiny_vocabulary: Vocabulary) -> None:
    config = replace(tiny_run(pairs).model, base_channels=6)
    with pytest.raises(ConfigError, match=r"has .* for start\.weight, the run expects"):
        start_from(
            str(whole_run / "model"),
            networks_of(config),
            config=config,
            vocabulary=tiny_vocabulary,
        )
    with pytest.raises(ConfigError, match="trained without instance edges"):
        start_from(
            str(whole_run / "model"),
            {},
            config=replace(config, has_instance_edges=True),
            vocabulary=tiny_vocabulary,
        )
    with pytest.raises(ModelError, match="absent"):
        start_from("absent", {}, config=config, vocabulary=tiny_vocabulary)
