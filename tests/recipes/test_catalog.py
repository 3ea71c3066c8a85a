"""The recipes: published settings, whole configurations, and the catalogue of names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinopia import config as configs
from sinopia.errors import ConfigError
from sinopia.models.spade import SpadeDiscriminatorConfig
from sinopia.recipes import RECIPES, find_recipe
from sinopia.recipes.perceptual import find_perceptual
from sinopia.scene import Vocabulary
from sinopia.training.config import OptimizerConfig, SegmenterTrainConfig, TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig, PerceptualConfig

VGG = PerceptualConfig("vgg19", "weights/vgg19.pth")


def _build(name: str) -> TrainConfig:
    config = RECIPES[name].build("data", VGG)
    assert isinstance(config, TrainConfig)
    return config


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_is_a_whole_configuration(name: str) -> None:
    config = RECIPES[name].build("data", VGG)
    assert config.name == name
    assert isinstance(config, SegmenterTrainConfig) == name.startswith("segmenter")
    if isinstance(config, TrainConfig):
        assert config.objective.perceptual == VGG
    text = json.dumps(configs.to_json(config))
    assert configs.from_json(type(config), json.loads(text)) == config
    assert config.validation is not None and config.validation.split == "val"
    recipe = find_recipe(name)
    assert recipe.summary.endswith(".") and len(recipe.summary) <= 100
    assert (config.dataset.root is None) == (recipe.layout is None)


# paper and released code: pairs, epochs, batch, classes, condition channels, size, doublings
PUBLISHED = {
    "gaugan_coco": (118_287, 100, 32, 182, 184, (256, 256), "normal", 1.0),
    "gaugan_ade20k": (20_210, 200, 32, 150, 151, (256, 256), "normal", 0.5),
    "gaugan_cityscapes": (2_975, 200, 16, 35, 36, (256, 512), "more", 0.5),
}


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_published_settings(name: str) -> None:
    pairs, epochs, batch, classes, channels, size_hw, upsampling, decay_from = PUBLISHED[name]
    config = _build(name)
    assert config.images == pairs * epochs and config.batch_size == batch
    assert config.decay_from == decay_from
    assert (config.model.num_classes, config.model.condition_channels) == (classes, channels)
    assert (config.model.size_hw, config.model.upsampling) == (size_hw, upsampling)
    assert config.preprocess.size_hw == size_hw and config.preprocess.flip
    mode = "fixed" if name == "gaugan_cityscapes" else "resize_and_crop"
    assert (config.preprocess.mode, config.preprocess.load_size) == (mode, 286)
    assert config.model.base_channels == 64 and config.model.hidden_channels == 128
    assert config.model.normalization == "batch" and config.model.has_spectral_norm
    assert config.model.style_dim is None and config.model.encoder is None
    assert config.optimizer == OptimizerConfig(1e-4, 4e-4, 0.0, 0.9)
    assert config.discriminator == SpadeDiscriminatorConfig(64, 4, 2, "instance", True)
    assert config.objective == GauganObjectiveConfig(
        adversarial="hinge",
        adversarial_weight=1.0,
        feature_matching_weight=10.0,
        perceptual=VGG,
        perceptual_weight=10.0,
        kl_weight=0.05,
        augmentations=(),
    )
    assert (config.initialization, config.initialization_gain) == ("xavier", 0.02)


@pytest.mark.parametrize("name", ["gaugan_landscape", "gaugan_camvid"])
def test_small_sets_have_styles_and_an_augmented_discriminator(name: str) -> None:
    config = _build(name)
    assert config.model.style_dim == 256 and config.model.encoder is not None
    assert config.objective.augmentations == ("color", "translation", "cutout")
    assert min(config.model.size_hw) == 256


@pytest.mark.parametrize(
    ("name", "vocabulary"),
    [
        ("gaugan_coco", "coco-stuff"),
        ("gaugan_ade20k", "ade20k"),
        ("gaugan_cityscapes", "cityscapes"),
        ("gaugan_camvid", "camvid"),
        ("street", "camvid"),
        ("gaugan_tiny", "meadow"),
    ],
)
def test_models_know_the_classes_of_their_data(name: str, vocabulary: str) -> None:
    assert _build(name).model.num_classes == len(Vocabulary.find(vocabulary))


@pytest.mark.parametrize("name", ["segmenter_camvid", "segmenter_landscape"])
def test_a_segmenter_reads_what_the_generator_of_its_data_paints(name: str) -> None:
    config = RECIPES[name].build("data", None)
    painter = _build("street" if name == "segmenter_camvid" else "scenery")
    assert config.model.num_classes == painter.model.num_classes
    assert config.preprocess.size_hw == painter.model.size_hw


def test_unknown_names_are_told_the_others() -> None:
    with pytest.raises(ConfigError, match=r"no recipe 'gaugan'\. Recipes: gaugan_ade20k, .*folder"):
        find_recipe("gaugan")


def test_the_best_perceptual_network_at_hand(tmp_path: Path) -> None:
    assert find_perceptual(tmp_path) is None
    assert find_perceptual(tmp_path / "absent") is None
    (tmp_path / "lpips").mkdir()
    linear = tmp_path / "lpips" / "squeeze_linear.safetensors"
    linear.touch()
    assert find_perceptual(tmp_path) is None  # needs the features too
    features = tmp_path / "squeezenet1_1" / "features.safetensors"
    features.parent.mkdir()
    features.touch()
    assert find_perceptual(tmp_path) == PerceptualConfig(
        "squeezenet_lpips", str(features), str(linear)
    )
    linear.unlink()
    assert find_perceptual(tmp_path) == PerceptualConfig("squeezenet", str(features))
    vgg = tmp_path / "vgg19-dcbb9e9d.pth"
    vgg.touch()
    assert find_perceptual(tmp_path) == PerceptualConfig("vgg19", str(vgg))
