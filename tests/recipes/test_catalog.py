"""The recipes: published settings, whole configurations, and the catalogue of names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinopia import config as configs
from sinopia.errors import ConfigError
from sinopia.models.spade import SpadeDiscriminatorConfig
from sinopia.recipes import RECIPES, find_recipe
from sinopia.recipes.pretrained import NOTHING, Pretrained, find_pretrained
from sinopia.scene import Vocabulary
from sinopia.training.config import OptimizerConfig, SegmenterTrainConfig, TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import GuidanceConfig, PerceptualConfig
from tests.training.runs import write_pairs

VGG = PerceptualConfig("vgg19", "weights/vgg19.pth")
AT_HAND = Pretrained(VGG, squeezenet_1_0="weights/1_0", squeezenet_1_1="weights/1_1")
SEGMENTERS = ("judge", "judge_camvid", "segmenter", "teacher", "teacher_camvid")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_vocabulary: Vocabulary) -> str:
    """A folder of pairs of 32x32, for recipes that look at their data."""
    return str(write_pairs(tmp_path_factory.mktemp("data") / "pairs", tiny_vocabulary))


def _build(name: str) -> TrainConfig:
    config = RECIPES[name].build("data", AT_HAND)
    assert isinstance(config, TrainConfig)
    return config


def _build_segmenter(name: str, folder: str) -> SegmenterTrainConfig:
    config = RECIPES[name].build(folder, AT_HAND)
    assert isinstance(config, SegmenterTrainConfig)
    return config


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_is_a_whole_configuration(name: str, folder: str) -> None:
    config = RECIPES[name].build(folder, AT_HAND)
    assert config.name == name
    assert isinstance(config, SegmenterTrainConfig) == (name in SEGMENTERS)
    if isinstance(config, TrainConfig):
        assert config.guidance.perceptual == VGG
    text = json.dumps(configs.to_json(config))
    assert configs.from_json(type(config), json.loads(text)) == config
    has_part = config.dataset.kind != "folder" or isinstance(config, TrainConfig)
    assert (config.validation is not None) == has_part  # the folder here has no val/
    assert config.validation is None or config.validation.split == "val"
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
    assert config.model.interpolation == "nearest" and not config.model.has_noise
    assert config.discriminator == SpadeDiscriminatorConfig(64, 4, 2, "instance", True, 0.02)
    assert config.objective == GauganObjectiveConfig(
        adversarial="hinge",
        adversarial_weight=1.0,
        feature_matching_weight=10.0,
        augmentations=(),
    )
    assert config.guidance == GuidanceConfig(VGG, perceptual_weight=10.0, kl_weight=0.05)
    assert config.guidance.segmenter is None
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


def test_a_judge_and_a_teacher_share_nothing(folder: str) -> None:
    judge, teacher = _build_segmenter("judge", folder), _build_segmenter("teacher", folder)
    assert judge.backbone == "weights/1_0" and teacher.backbone == "weights/1_1"
    assert judge.model != teacher.model and judge.seed != teacher.seed
    assert judge.model.num_classes == teacher.model.num_classes == 5  # as the folder has
    assert judge.preprocess.size_hw == (32, 32)
    assert _build_segmenter("segmenter", folder).backbone is None


def test_a_judge_of_camvid_reads_what_its_generator_paints() -> None:
    judge, painter = _build_segmenter("judge_camvid", "data"), _build("street")
    assert judge.model.num_classes == painter.model.num_classes
    assert judge.preprocess.size_hw == painter.model.size_hw


@pytest.mark.parametrize(("name", "file"), [("judge", "1_0"), ("teacher_camvid", "1_1")])
def test_a_segmenter_without_the_weights_it_begins_with(name: str, file: str, folder: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{name}' begins with SqueezeNet.*squeezenet{file}/"):
        RECIPES[name].build(folder, NOTHING)


def test_unknown_names_are_told_the_others() -> None:
    with pytest.raises(ConfigError, match=r"no recipe 'gaugan'\. Recipes: gaugan_ade20k, .*folder"):
        find_recipe("gaugan")


def test_the_networks_at_hand(tmp_path: Path) -> None:
    def put(name: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return str(path)

    assert find_pretrained(tmp_path) == find_pretrained(tmp_path / "absent") == NOTHING
    linear = put("lpips/squeeze_linear.safetensors")
    assert find_pretrained(tmp_path) == NOTHING  # it needs the features too
    features = put("squeezenet1_1/features.safetensors")
    lpips = PerceptualConfig("squeezenet_lpips", features, linear)
    assert find_pretrained(tmp_path) == Pretrained(lpips, None, features)
    Path(linear).unlink()
    assert find_pretrained(tmp_path).perceptual == PerceptualConfig("squeezenet", features)
    vgg, judge = put("vgg19-dcbb9e9d.pth"), put("squeezenet1_0/model.safetensors")
    assert find_pretrained(tmp_path) == Pretrained(PerceptualConfig("vgg19", vgg), judge, features)
