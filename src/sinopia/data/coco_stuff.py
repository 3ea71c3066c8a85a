"""COCO-Stuff: 182 thing and stuff classes (Caesar, Uijlings, Ferrari 2018), as SPADE lays it out.

    ROOT/train_img/*.jpg  ROOT/train_label/*.png  ROOT/train_inst/*.png        and val_...
    ROOT/train_img_portrait, train_label_portrait, train_inst_portrait     optional, training only

Label files hold 0 to 181, and 255 for unlabeled. Instance maps are optional.
"""

from __future__ import annotations

from pathlib import Path

from sinopia.data.dataset import Split
from sinopia.data.pairing import (
    PairedScenes,
    ScenePaths,
    contents,
    files_by_stem,
    pair_files,
    require_folder,
)
from sinopia.errors import DatasetError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["open_coco_stuff"]


def open_coco_stuff(
    root: str | Path, *, split: Split = "train", vocabulary: Vocabulary | None = None
) -> PairedScenes:
    """Open COCO-Stuff; portraits, where there are any, come after the other scenes of training.

    Raises:
        DatasetError: for another layout, an empty folder, a file without its partner.
    """
    root = require_folder(root)
    missing = [name for name in (f"{split}_img", f"{split}_label") if not (root / name).is_dir()]
    if missing:
        raise DatasetError(_other_layout(root, split, missing))
    paths = _pairs(root, split, "")
    if split == "train" and (root / "train_label_portrait").is_dir():
        paths += _pairs(root, split, "_portrait")
    return PairedScenes("coco-stuff", vocabulary or Vocabulary.built_in("coco-stuff"), paths)


def _pairs(root: Path, split: Split, suffix: str) -> list[ScenePaths]:
    instances = root / f"{split}_inst{suffix}"
    return pair_files(
        root,
        label_maps=files_by_stem(root / f"{split}_label{suffix}"),
        images=files_by_stem(root / f"{split}_img{suffix}"),
        instances=files_by_stem(instances) if instances.is_dir() else None,
    )


def _other_layout(root: Path, split: Split, missing: list[str]) -> str:
    expected = (
        f"expected COCO-Stuff as {split}_img/, {split}_label/ and optionally {split}_inst/; "
        f"there is no {' and no '.join(missing)}, {root} {contents(root)}."
    )
    if (root / f"{split}2017").is_dir():
        return (
            f"{expected} As downloaded? Rename {split}2017 to {split}_img, and the folder "
            f"{split}2017 of stuffthingmaps_trainval2017 to {split}_label."
        )
    return expected
