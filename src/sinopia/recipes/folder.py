"""A run on a folder of the user's own pairs, sized to what is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sinopia import config as configs
from sinopia.data.dataset import DatasetConfig
from sinopia.data.folder import open_folder
from sinopia.data.pairing import PairedScenes
from sinopia.data.transforms import PreprocessConfig
from sinopia.errors import ConfigError, DatasetError
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig, SpadeEncoderConfig
from sinopia.recipes.common import early_discriminator, load_size
from sinopia.recipes.pretrained import NOTHING, Pretrained
from sinopia.training.config import TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import GuidanceConfig
from sinopia.zoo.catalog import find_model
from sinopia.zoo.manifest import read_manifest

__all__ = ["folder_run", "take_networks", "validation_part"]

_FEW_PAIRS = 5_000


def folder_run(root: str, pretrained: Pretrained = NOTHING) -> TrainConfig:
    """A GauGAN with a style code at 256x256, for the vocabulary and the edges of the folder.

    Few pairs need a smaller network and a discriminator that is augmented and learns early; 5,000
    or more get the published ones.

    Raises:
        DatasetError, LabelError, FileFormatError: when the folder is no data set; see
        `open_folder`.
    """
    training = open_folder(root)
    if all(paths.image is None for paths in training.paths):
        raise DatasetError(f"{root} has label maps only; training needs an images folder too.")
    size_hw = (256, 256)
    is_small = len(training) < _FEW_PAIRS
    width = 48 if is_small else 64
    scenes = DatasetConfig("folder", root)
    return TrainConfig(
        name=Path(root).resolve().name,
        dataset=scenes,
        validation=validation_part(root),
        model=SpadeConfig(
            num_classes=len(training.vocabulary),
            has_instance_edges=_has_instances(training),
            size_hw=size_hw,
            base_channels=width,
            style_dim=256,
            encoder=SpadeEncoderConfig(base_channels=width),
        ),
        preprocess=PreprocessConfig(
            mode="scale_shortside_and_crop",
            load_size=load_size(size_hw),
            size_hw=size_hw,
        ),
        discriminator=early_discriminator(width)
        if is_small
        else SpadeDiscriminatorConfig(base_channels=width),
        objective=GauganObjectiveConfig(
            augmentations=("color", "translation", "cutout") if is_small else (),
        ),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=300_000,
        batch_size=8,
        decay_from=0.5,
    )


def take_networks(run: TrainConfig, name: str) -> TrainConfig:
    """The same run with the networks and the size of a model, beginning with its weights.

    Instance edges are left out if the model does not know them.

    Raises:
        ModelError: when there is no such model.
        ConfigError: when it is no SPADE generator.
    """
    manifest = read_manifest(find_model(name))
    if manifest.family != "spade":
        raise ConfigError(
            f"--start-from: {name} is a model of family {manifest.family!r}; expected a generator."
        )
    known = configs.from_json(SpadeConfig, manifest.config, where=f"{name}: config")
    model = replace(
        known,
        num_classes=run.model.num_classes,
        has_unlabeled=run.model.has_unlabeled,
        has_instance_edges=known.has_instance_edges and run.model.has_instance_edges,
    )
    is_square = known.size_hw[0] == known.size_hw[1]
    preprocess = replace(
        run.preprocess,
        # a crop that is not square may not fit into a photo that keeps its own shape
        mode="scale_shortside_and_crop" if is_square else "resize_and_crop",
        load_size=load_size(known.size_hw),
        size_hw=known.size_hw,
    )
    discriminator = replace(run.discriminator, base_channels=known.base_channels)
    return replace(
        run, model=model, preprocess=preprocess, discriminator=discriminator, start_from=name
    )


def _has_instances(scenes: PairedScenes) -> bool:
    return all(paths.instances is not None for paths in scenes.paths)


def validation_part(root: str) -> DatasetConfig | None:
    """The part of a folder that is kept for validation, if it has one."""
    if not (Path(root) / "val").is_dir():
        return None
    return DatasetConfig("folder", root, split="val")
