"""From a configuration to the data set that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sinopia.data.ade20k import open_ade20k
from sinopia.data.camvid import open_camvid
from sinopia.data.cityscapes import open_cityscapes
from sinopia.data.coco_stuff import open_coco_stuff
from sinopia.data.dataset import Dataset, DatasetConfig, DatasetKind
from sinopia.data.folder import open_folder
from sinopia.errors import ConfigError
from sinopia.scene.vocabulary import Vocabulary
from sinopia.seeding import derive_seed

__all__ = ["open_dataset"]


def open_dataset(config: DatasetConfig) -> Dataset:
    """Open the data set that a configuration names.

    Raises:
        ConfigError: when the kind needs a root that is not given, or takes no vocabulary.
        DatasetError: when the folder has another layout, or its files are not paired.
        FileFormatError, LabelError: when the vocabulary cannot be read.
    """
    return _OPENERS[config.kind](config)


def _open_procedural(config: DatasetConfig) -> Dataset:
    from sinopia.data.procedural import ProceduralScenes  # the painter is needed for this kind only

    if config.vocabulary is not None:
        raise ConfigError(
            f"vocabulary: procedural scenes have their own, got {config.vocabulary!r}; "
            f"leave it out."
        )
    return ProceduralScenes(
        config.size_hw, length=config.length, seed=derive_seed(config.seed, config.split)
    )


def _root(config: DatasetConfig) -> str:
    if config.root is None:
        raise ConfigError(f"root: data of kind {config.kind!r} need the folder that they lie in.")
    return config.root


def _vocabulary(config: DatasetConfig) -> Vocabulary | None:
    return None if config.vocabulary is None else Vocabulary.find(config.vocabulary)


_OPENERS: Mapping[DatasetKind, Callable[[DatasetConfig], Dataset]] = {
    "folder": lambda c: open_folder(_root(c), split=c.split, vocabulary=_vocabulary(c)),
    "camvid": lambda c: open_camvid(_root(c), split=c.split, vocabulary=_vocabulary(c)),
    "coco-stuff": lambda c: open_coco_stuff(_root(c), split=c.split, vocabulary=_vocabulary(c)),
    "ade20k": lambda c: open_ade20k(_root(c), split=c.split, vocabulary=_vocabulary(c)),
    "cityscapes": lambda c: open_cityscapes(_root(c), split=c.split, vocabulary=_vocabulary(c)),
    "procedural": _open_procedural,
}
