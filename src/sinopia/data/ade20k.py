"""ADE20K: scenes of 150 classes (Zhou et al. 2017), as the scene parsing challenge laid them out.

    ROOT/images/training/ADE_train_*.jpg      ROOT/annotations/training/ADE_train_*.png
    ROOT/images/validation/ADE_val_*.jpg      ROOT/annotations/validation/ADE_val_*.png

ROOT is ADEChallengeData2016 or the folder that holds it.
Label files hold 1 to 150, and 0 for unlabeled.
"""

from __future__ import annotations

from pathlib import Path

from sinopia.data.dataset import Split
from sinopia.data.pairing import PairedScenes, contents, files_by_stem, pair_files, require_folder
from sinopia.errors import DatasetError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["open_ade20k"]

_RELEASE = "ADEChallengeData2016"
_INDICES = ("index_ade20k.*", "*/index_ade20k.*")
"""Only the full release holds such a file."""

_FOLDER_OF_SPLIT: dict[Split, str] = {"train": "training", "val": "validation"}


def open_ade20k(
    root: str | Path, *, split: Split = "train", vocabulary: Vocabulary | None = None
) -> PairedScenes:
    """Open ADE20K with 150 classes; this release has no instance maps.

    Raises:
        DatasetError: for another layout or release, an empty folder, a file without its partner.
    """
    root = require_folder(root)
    base = root / _RELEASE if (root / _RELEASE).is_dir() else root
    images = base / "images" / _FOLDER_OF_SPLIT[split]
    label_maps = base / "annotations" / _FOLDER_OF_SPLIT[split]
    if not (images.is_dir() and label_maps.is_dir()):
        raise DatasetError(_other_release(base, split))
    pairs = pair_files(base, label_maps=files_by_stem(label_maps), images=files_by_stem(images))
    return PairedScenes("ade20k", vocabulary or Vocabulary.built_in("ade20k"), pairs)


def _other_release(base: Path, split: Split) -> str:
    part = _FOLDER_OF_SPLIT[split]
    expected = f"images/{part}/ and annotations/{part}/ of {_RELEASE} (150 classes)"
    index = next((file for at in _INDICES for file in base.glob(at)), None)
    if index is not None:
        return (
            f"{base} is the full release of ADE20K (it holds {index.name}), whose masks encode "
            f"thousands of names as colours. Expected {expected}."
        )
    return f"expected {expected}, but {base} {contents(base)}."
