"""The scenes of an evaluation: which part, which of them, at which size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sinopia.data.dataset import Dataset
from sinopia.data.folder import find_vocabulary, open_folder, split_folder
from sinopia.data.transforms import PreprocessConfig, preprocess
from sinopia.errors import DatasetError, LabelError
from sinopia.scene.image import ImageArray
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["EvaluationScenes", "evenly_spread", "open_scenes", "photo_of", "scene_content"]


@dataclass(frozen=True, eq=False)
class EvaluationScenes:
    """Scenes at one size, read when they are asked for."""

    dataset: Dataset
    split: str
    """train, val, or all for a data set of one part."""
    positions: tuple[int, ...]
    size_hw: tuple[int, int]

    @property
    def vocabulary(self) -> Vocabulary:
        """Of every label map."""
        return self.dataset.vocabulary

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[Scene]:
        config = PreprocessConfig(mode="fixed", size_hw=self.size_hw, flip=False)
        for position in self.positions:
            yield preprocess(self.dataset[position], config, rng=None)

    def photos(self) -> Iterator[ImageArray]:
        """The photos (H, W, 3) uint8.

        Raises:
            DatasetError: when a scene has none.
        """
        for scene in self:
            yield photo_of(scene)


def open_scenes(
    root: str | Path,
    split: str,
    *,
    vocabulary: Vocabulary,
    limit: int | None,
    size_hw: tuple[int, int],
) -> EvaluationScenes:
    """Open ROOT/val or ROOT/train, in the layout of one's own pairs; see `sinopia.data.folder`.

    `vocabulary` is the model's. Where it numbers the classes as the folder's vocabulary.json does,
    it reads the maps, since it may know numbers of unlabeled pixels that the file leaves out.
    A folder that has one part only is taken whole for val. Of more than `limit` scenes, as many
    are taken, evenly spread and always the same.

    Raises:
        LabelError: when the folder has other classes than the model.
        DatasetError: for another layout, an empty folder, or training photos asked of a folder of
            one part.
    """
    root = Path(root)
    has_parts = (root / "val").is_dir() or (root / "train").is_dir()
    if split == "train" and not has_parts:
        raise DatasetError(
            f"the protocol compares with training photos, but {root} has one part only: expected "
            f"{root / 'train'} and {root / 'val'}. Use another --protocol."
        )
    part = "val" if has_parts and split == "val" else "train"
    found = _vocabulary_of(split_folder(root, part), vocabulary)
    dataset = open_folder(root, split=part, vocabulary=found)
    positions = evenly_spread(len(dataset), limit)
    return EvaluationScenes(dataset, split if has_parts else "all", positions, size_hw)


def _vocabulary_of(folder: Path, models: Vocabulary) -> Vocabulary:
    files = (folder / "vocabulary.json", folder.resolve().parent / "vocabulary.json")
    if not any(each.is_file() for each in files):
        return models
    own = find_vocabulary(folder)
    if own.names != models.names:
        raise LabelError(
            f"the maps of {folder} have the classes of {own.name!r} ({', '.join(own.names[:6])} "
            f"...), but the model paints {models.name!r} ({', '.join(models.names[:6])} ...). "
            f"Take a model of {own.name!r}, or other data."
        )
    numbers_are_equal = all(
        ours.source_id == theirs.source_id
        for ours, theirs in zip(own.classes, models.classes, strict=True)
    )
    return models if numbers_are_equal else own


def photo_of(scene: Scene) -> ImageArray:
    """The photo of a scene, (H, W, 3) uint8.

    Raises:
        DatasetError: when it has none.
    """
    if scene.image is None:
        raise DatasetError(
            f"scene {scene.key!r} has no photo to compare with: add an images folder beside labels."
        )
    return scene.image


def evenly_spread(count: int, limit: int | None) -> tuple[int, ...]:
    """Up to `limit` positions in [0, count), the first and the last among them."""
    if limit is None or limit >= count:
        return tuple(range(count))
    return tuple(np.linspace(0, count - 1, limit).round().astype(int).tolist())


def scene_content(scene: Scene) -> bytes:
    """Key, ids and photo, where there is one, of a scene, for hashing."""
    photo = b"" if scene.image is None else scene.image.tobytes()
    return scene.key.encode() + scene.label_map.ids.tobytes() + photo
