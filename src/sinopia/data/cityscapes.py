"""Cityscapes: German streets (Cordts et al. 2016) with fine annotations.

    ROOT/leftImg8bit/train/CITY/CITY_000000_000019_leftImg8bit.png
    ROOT/gtFine/train/CITY/CITY_000000_000019_gtFine_labelIds.png
    ROOT/gtFine/train/CITY/CITY_000000_000019_gtFine_instanceIds.png     optional

The label files hold the 35 label ids; vocabulary cityscapes-train reads them as 19 train ids.
"""

from __future__ import annotations

from pathlib import Path

from sinopia.data.dataset import Split
from sinopia.data.pairing import PairedScenes, contents, natural_key, pair_files, require_folder
from sinopia.errors import DatasetError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["open_cityscapes"]


def open_cityscapes(
    root: str | Path, *, split: Split = "train", vocabulary: Vocabulary | None = None
) -> PairedScenes:
    """Open Cityscapes; files of all cities are paired by city, sequence and frame.

    Raises:
        DatasetError: for another layout or release, an empty folder, a file without its partner.
    """
    root = require_folder(root)
    photos, annotations = root / "leftImg8bit" / split, root / "gtFine" / split
    if not (photos.is_dir() and annotations.is_dir()):
        raise DatasetError(
            f"expected Cityscapes as leftImg8bit/{split}/CITY/ and gtFine/{split}/CITY/, but "
            f"{root} {contents(root)}. Unpack leftImg8bit_trainvaltest.zip and "
            f"gtFine_trainvaltest.zip here."
        )
    label_maps = _by_frame(annotations, "_gtFine_labelIds.png")
    if not label_maps:
        raise DatasetError(
            f"expected {annotations}/CITY/*_gtFine_labelIds.png, but {annotations} "
            f"{contents(annotations)}. Unpack gtFine_trainvaltest.zip here."
        )
    pairs = pair_files(
        root,
        label_maps=label_maps,
        images=_by_frame(photos, "_leftImg8bit.png"),
        instances=_by_frame(annotations, "_gtFine_instanceIds.png") or None,
    )
    return PairedScenes("cityscapes", vocabulary or Vocabulary.built_in("cityscapes"), pairs)


def _by_frame(folder: Path, ending: str) -> dict[str, Path]:
    files = sorted(folder.glob(f"*/*{ending}"), key=lambda file: natural_key(file.name))
    return {file.name.removesuffix(ending): file for file in files}
