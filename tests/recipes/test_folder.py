"""A run on a folder is sized to what is in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sinopia.errors import DatasetError, SinopiaError
from sinopia.recipes import folder as folders
from sinopia.recipes.folder import folder_run
from sinopia.scene import Vocabulary
from tests.training.runs import write_pairs


def test_few_pairs_get_a_small_augmented_run(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    root = write_pairs(tmp_path / "mine", tiny_vocabulary, count=2)
    config = folder_run(str(root), None)
    assert config.name == "mine" and config.dataset.root == str(root)
    assert config.validation is None
    assert config.model.num_classes == 5 and config.model.has_instance_edges
    assert config.model.base_channels == config.discriminator.base_channels == 48
    assert config.model.encoder is not None and config.model.encoder.base_channels == 48
    assert config.objective.augmentations == ("color", "translation", "cutout")
    assert config.preprocess.mode == "scale_shortside_and_crop"
    assert config.preprocess.load_size == 287


def test_many_pairs_get_the_published_width(
    tmp_path: Path, tiny_vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_pairs(tmp_path / "mine", tiny_vocabulary, count=2, has_instances=False)
    monkeypatch.setattr(folders, "_FEW_PAIRS", 2)
    config = folder_run(str(root), None)
    assert config.model.base_channels == config.discriminator.base_channels == 64
    assert config.objective.augmentations == ()
    assert not config.model.has_instance_edges


def test_a_validation_folder_is_used(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    write_pairs(tmp_path / "mine" / "train", tiny_vocabulary, count=2)
    write_pairs(tmp_path / "mine" / "val", tiny_vocabulary, count=1)
    config = folder_run(str(tmp_path / "mine"), None)
    assert config.validation is not None and config.validation.split == "val"


def test_folders_that_cannot_be_learnt_from(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    root = write_pairs(tmp_path / "mine", tiny_vocabulary, count=2, has_images=False)
    with pytest.raises(DatasetError, match="label maps only; training needs an images folder too"):
        folder_run(str(root), None)
    shutil.rmtree(root / "labels")
    with pytest.raises(SinopiaError, match="expected label maps in"):
        folder_run(str(root), None)
