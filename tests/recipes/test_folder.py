"""A run on a folder is sized to what is in it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sinopia.errors import ConfigError, DatasetError, ModelError, SinopiaError
from sinopia.models.segmenter import CompactSegmenter, SegmenterConfig
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig, SpadeGenerator
from sinopia.recipes import folder as folders
from sinopia.recipes.folder import folder_run, take_networks
from sinopia.recipes.pretrained import NOTHING
from sinopia.scene import Vocabulary
from sinopia.zoo.checkpoint import Model, save_model
from tests.training.runs import write_pairs


def test_few_pairs_get_a_small_augmented_run(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    root = write_pairs(tmp_path / "mine", tiny_vocabulary, count=2)
    config = folder_run(str(root), NOTHING)
    assert config.name == "mine" and config.dataset.root == str(root)
    assert config.validation is None
    assert config.model.num_classes == 5 and config.model.has_instance_edges
    assert config.model.base_channels == 48
    assert config.model.encoder is not None and config.model.encoder.base_channels == 48
    assert config.objective.augmentations == ("color", "translation", "cutout")
    assert config.discriminator == SpadeDiscriminatorConfig(
        48, normalization="none", initialization_gain=1.0
    )
    assert config.preprocess.mode == "scale_shortside_and_crop"
    assert config.preprocess.load_size == 287


def test_many_pairs_get_the_published_width(
    tmp_path: Path, tiny_vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_pairs(tmp_path / "mine", tiny_vocabulary, count=2, has_instances=False)
    monkeypatch.setattr(folders, "_FEW_PAIRS", 2)
    config = folder_run(str(root), NOTHING)
    assert config.model.base_channels == 64
    assert config.objective.augmentations == ()
    assert config.discriminator == SpadeDiscriminatorConfig()
    assert not config.model.has_instance_edges


def test_a_validation_folder_is_used(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    write_pairs(tmp_path / "mine" / "train", tiny_vocabulary, count=2)
    write_pairs(tmp_path / "mine" / "val", tiny_vocabulary, count=1)
    config = folder_run(str(tmp_path / "mine"), NOTHING)
    assert config.validation is not None and config.validation.split == "val"


def test_folders_that_cannot_be_learnt_from(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    root = write_pairs(tmp_path / "mine", tiny_vocabulary, count=2, has_images=False)
    with pytest.raises(DatasetError, match="label maps only; training needs an images folder too"):
        folder_run(str(root), NOTHING)
    shutil.rmtree(root / "labels")
    with pytest.raises(SinopiaError, match="expected label maps in"):
        folder_run(str(root), NOTHING)


def test_a_run_takes_the_networks_of_a_model(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    known = SpadeConfig(
        num_classes=3,
        has_unlabeled=False,
        size_hw=(32, 64),
        base_channels=4,
        channel_multipliers=(2, 2, 2, 2, 1, 1, 1),
        hidden_channels=4,
    )
    three = Vocabulary("three", tiny_vocabulary.classes[:3])
    model = Model("spade", known, three, {"generator": SpadeGenerator(known)}, {})
    save_model(tmp_path / "model", model, card="")
    own = folder_run(str(write_pairs(tmp_path / "pairs", tiny_vocabulary)), NOTHING)
    config = take_networks(own, str(tmp_path / "model"))
    assert config.start_from == str(tmp_path / "model")
    assert config.model == replace(known, num_classes=5, has_unlabeled=True)
    assert own.model.has_instance_edges and not config.model.has_instance_edges
    assert config.preprocess.mode == "resize_and_crop"
    assert (config.preprocess.size_hw, config.preprocess.load_size) == ((32, 64), 36)
    assert (config.dataset, config.guidance) == (own.dataset, own.guidance)
    assert config.discriminator == replace(own.discriminator, base_channels=4)
    with pytest.raises(ModelError, match="absent"):
        take_networks(own, "absent")


def test_a_run_cannot_begin_with_a_segmenter(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    config = SegmenterConfig(5, channels=(4, 8), num_blocks=(1, 1), pyramid_channels=4)
    networks = {"segmenter": CompactSegmenter(config)}
    save_model(tmp_path / "m", Model("segmenter", config, tiny_vocabulary, networks, {}), card="")
    own = folder_run(str(write_pairs(tmp_path / "pairs", tiny_vocabulary)), NOTHING)
    with pytest.raises(ConfigError, match=r"family 'segmenter'; expected a generator"):
        take_networks(own, str(tmp_path / "m"))
