"""Pairs of one's own: images/, labels/, instances/ where there are any, and a vocabulary.json.

ROOT/images/a.jpg             or   ROOT/train/images/a.jpg   ROOT/val/images/b.jpg
ROOT/labels/a.png                  ROOT/train/labels/a.png   ROOT/val/labels/b.png
ROOT/instances/a.png               ...
ROOT/vocabulary.json               ROOT/vocabulary.json
"""

from __future__ import annotations

from pathlib import Path

from sinopia.data.dataset import Split
from sinopia.data.pairing import PairedScenes, contents, files_by_stem, pair_files, require_folder
from sinopia.errors import DatasetError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["find_vocabulary", "open_folder", "split_folder"]


def open_folder(
    root: str | Path, *, split: Split = "train", vocabulary: Vocabulary | None = None
) -> PairedScenes:
    """Open a folder of pairs; label files hold source ids. Without images/ scenes have no picture.

    Unless one is given, the vocabulary is the `vocabulary.json` beside labels/ or one folder above.

    Raises:
        DatasetError: for another layout, an empty folder, a lone file, no vocabulary.
    """
    base = split_folder(root, split)
    images, instances = base / "images", base / "instances"
    return PairedScenes(
        Path(root).resolve().name,
        find_vocabulary(base) if vocabulary is None else vocabulary,
        pair_files(
            base,
            label_maps=files_by_stem(base / "labels"),
            images=files_by_stem(images) if images.is_dir() else None,
            instances=files_by_stem(instances) if instances.is_dir() else None,
        ),
    )


def split_folder(root: str | Path, split: Split) -> Path:
    """The folder that holds labels/: ROOT/split, or ROOT itself where a data set has one part only.

    Raises:
        DatasetError: when neither has one, or validation is asked of a data set of one part.
    """
    root = require_folder(root)
    if (root / split / "labels").is_dir():
        return root / split
    if (root / "labels").is_dir():
        if split == "train":
            return root
        raise DatasetError(
            f"{root} has one part only; for validation, expected {root / split / 'labels'}. "
            f"Move some pairs to {root / split}, or use the train split."
        )
    raise DatasetError(
        f"expected label maps in {root / 'labels'} or {root / split / 'labels'}, but {root} "
        f"{contents(root)}. Put photos into images and label maps of the same names into labels."
    )


def find_vocabulary(base: str | Path) -> Vocabulary:
    """The vocabulary.json in the folder or one above it.

    Raises:
        DatasetError: when there is none.
        FileFormatError, ConfigError, LabelError: when it cannot be used.
    """
    places = [Path(base) / "vocabulary.json", Path(base).resolve().parent / "vocabulary.json"]
    for place in places:
        if place.is_file():
            return Vocabulary.read(place)
    raise DatasetError(
        f"no vocabulary at {places[0]} or {places[1]}. Write one (a name, and classes with name, "
        f"color and source_id), or name a vocabulary: {', '.join(Vocabulary.built_in_names())}."
    )
