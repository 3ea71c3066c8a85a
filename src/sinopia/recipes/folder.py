"""A run on a folder of the user's own pairs, sized to what is in it."""

from __future__ import annotations

from pathlib import Path

from sinopia.data.dataset import DatasetConfig
from sinopia.data.folder import open_folder
from sinopia.data.pairing import PairedScenes
from sinopia.data.transforms import PreprocessConfig
from sinopia.errors import DatasetError
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig, SpadeEncoderConfig
from sinopia.training.config import TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig, PerceptualConfig

__all__ = ["folder_run"]

_FEW_PAIRS = 5_000
_LOAD_FACTOR = 1.12  # SPADE's 286 / 256


def folder_run(root: str, perceptual: PerceptualConfig | None) -> TrainConfig:
    """A GauGAN with a style code at 256x256, for the vocabulary and the edges of the folder.

    Few pairs need an augmented discriminator and a smaller network; more than 5,000 get the
    published one.

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
        validation=DatasetConfig("folder", root, split="val") if _has_validation(root) else None,
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
            load_size=round(_LOAD_FACTOR * min(size_hw)),
            size_hw=size_hw,
        ),
        discriminator=SpadeDiscriminatorConfig(base_channels=width),
        objective=GauganObjectiveConfig(
            perceptual=perceptual,
            augmentations=("color", "translation", "cutout") if is_small else (),
        ),
        images=300_000,
        batch_size=8,
        decay_from=0.5,
    )


def _has_instances(scenes: PairedScenes) -> bool:
    return all(paths.instances is not None for paths in scenes.paths)


def _has_validation(root: str) -> bool:
    return (Path(root) / "val").is_dir()
