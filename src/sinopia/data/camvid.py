"""CamVid: street scenes from a car (Brostow, Fauqueur, Cipolla 2009) with the 11 classes of SegNet.

    ROOT/train/*.png  ROOT/trainannot/*.png  ...     as published with SegNet; also ROOT/CamVid/
    ROOT/train/images/*  ROOT/train/labels/*.png  ...    the layout of `folder`

Label files hold 0 to 10, and 11 for unlabeled.
"""

from __future__ import annotations

from pathlib import Path

from sinopia.data.dataset import Split
from sinopia.data.folder import open_folder
from sinopia.data.pairing import PairedScenes, contents, files_by_stem, pair_files, require_folder
from sinopia.errors import DatasetError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["open_camvid"]


def open_camvid(
    root: str | Path, *, split: Split = "train", vocabulary: Vocabulary | None = None
) -> PairedScenes:
    """Open CamVid with 11 classes, in either layout.

    Raises:
        DatasetError: for another layout or release, an empty folder, a file without its partner.
    """
    root = require_folder(root)
    vocabulary = vocabulary or Vocabulary.built_in("camvid")
    if (root / split / "labels").is_dir():
        pairs = open_folder(root, split=split, vocabulary=vocabulary).paths
        return PairedScenes("camvid", vocabulary, pairs)
    base = root / "CamVid" if (root / "CamVid").is_dir() else root
    if not (base / f"{split}annot").is_dir():
        if (base / "LabeledApproved_full").is_dir() or (base / "701_StillsRaw_full").is_dir():
            raise DatasetError(
                f"{base} is the first release of CamVid, whose masks are colours of 32 classes. "
                f"Expected the index masks of 11 classes in {base / f'{split}annot'}."
            )
        raise DatasetError(
            f"expected CamVid as {split}/ and {split}annot/, or as {split}/images/ and "
            f"{split}/labels/, but {base} {contents(base)}."
        )
    label_maps = files_by_stem(base / f"{split}annot")
    pairs = pair_files(base, label_maps=label_maps, images=files_by_stem(base / split))
    return PairedScenes("camvid", vocabulary, pairs)
