"""Where the files of each kind of data set lie, taken as they are: unpaired, doubled, or missing.

The readers refuse a folder at its first fault; the doctor needs to see all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sinopia.data.dataset import DatasetKind, Split
from sinopia.data.pairing import contents, list_pictures, natural_key, require_folder
from sinopia.errors import DatasetError
from sinopia.scene.image import SUFFIXES

__all__ = ["FILE_KINDS", "Files", "Part", "find_parts", "kind_of_folder"]

FILE_KINDS: tuple[DatasetKind, ...] = ("folder", "camvid", "coco-stuff", "ade20k", "cityscapes")
"""The kinds that lie on a disk."""

_SPLITS: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True)
class Files:
    """The files of one sort in one folder."""

    folder: Path
    by_key: dict[str, tuple[Path, ...]]
    """Files of each scene, in natural order; more than one is a fault."""
    others: tuple[Path, ...] = ()
    """Files that are no pictures."""

    def __len__(self) -> int:
        return sum(len(files) for files in self.by_key.values())


@dataclass(frozen=True)
class Part:
    """One split of a data set; a sort of file whose folder is missing is None."""

    name: str
    """train, val, or a portrait part; empty where a data set has one part only."""
    labels: Files
    images: Files | None
    instances: Files | None
    vocabulary_places: tuple[Path, ...] = ()
    """Where a vocabulary.json may be."""


def find_parts(root: str | Path, kind: DatasetKind) -> list[Part]:
    """The parts of a data set in the layout of that kind.

    Raises:
        DatasetError: when there is no such folder, or no label map where the layout has them.
    """
    root = require_folder(root)
    if kind not in _FINDERS:
        raise DatasetError(
            f"data of kind {kind!r} have no files to look at; expected {', '.join(FILE_KINDS)}."
        )
    parts = list(_FINDERS[kind](root))
    if not parts:
        raise DatasetError(
            f"expected {_EXPECTED[kind]} in {root}, which {contents(root)}. "
            f"Other layouts: --kind {', '.join(each for each in FILE_KINDS if each != kind)}."
        )
    return parts


def kind_of_folder(root: str | Path) -> DatasetKind:
    """The kind whose layout the folder has.

    Raises:
        DatasetError: when it has none; the message names what was looked for.
    """
    root = require_folder(root)
    for kind in FILE_KINDS:
        if any(True for _ in _FINDERS[kind](root)):
            return kind
    expected = "; ".join(f"{kind}: {_EXPECTED[kind]}" for kind in FILE_KINDS)
    raise DatasetError(
        f"{root} has the layout of no data set that sinopia reads: it {contents(root)}. "
        f"Expected one of: {expected}. "
        f"For pairs of your own, put photos into images/ and label maps of the same names into "
        f"labels/."
    )


def _folder(root: Path) -> Iterator[Part]:
    for split in _SPLITS:
        if (root / split / "labels").is_dir():
            yield _plain_part(split, root / split)
    if (root / "labels").is_dir() and not (root / "train" / "labels").is_dir():
        yield _plain_part("", root)


def _plain_part(name: str, base: Path) -> Part:
    return Part(
        name,
        labels=_pictures(base / "labels"),
        images=_optional(base / "images"),
        instances=_optional(base / "instances"),
        vocabulary_places=(base / "vocabulary.json", base.resolve().parent / "vocabulary.json"),
    )


def _camvid(root: Path) -> Iterator[Part]:
    base = root / "CamVid" if (root / "CamVid").is_dir() else root
    for split in _SPLITS:
        if (base / f"{split}annot").is_dir():
            yield Part(split, _pictures(base / f"{split}annot"), _optional(base / split), None)
        elif (root / split / "labels").is_dir():
            yield _without_vocabulary(_plain_part(split, root / split))


def _without_vocabulary(part: Part) -> Part:
    return Part(part.name, part.labels, part.images, part.instances)


def _coco_stuff(root: Path) -> Iterator[Part]:
    for split in _SPLITS:
        for suffix in ("", "_portrait") if split == "train" else ("",):
            labels = root / f"{split}_label{suffix}"
            if labels.is_dir():
                yield Part(
                    split + suffix,
                    labels=_pictures(labels),
                    images=_optional(root / f"{split}_img{suffix}"),
                    instances=_optional(root / f"{split}_inst{suffix}"),
                )


def _ade20k(root: Path) -> Iterator[Part]:
    release = root / "ADEChallengeData2016"
    base = release if release.is_dir() else root
    for split, folder in (("train", "training"), ("val", "validation")):
        labels = base / "annotations" / folder
        if labels.is_dir():
            yield Part(split, _pictures(labels), _optional(base / "images" / folder), None)


def _cityscapes(root: Path) -> Iterator[Part]:
    for split in _SPLITS:
        annotations, photos = root / "gtFine" / split, root / "leftImg8bit" / split
        if annotations.is_dir():
            instances = _frames(annotations, "_gtFine_instanceIds.png")
            yield Part(
                split,
                labels=_frames(annotations, "_gtFine_labelIds.png"),
                images=_frames(photos, "_leftImg8bit.png") if photos.is_dir() else None,
                instances=instances if len(instances) else None,
            )


def _pictures(folder: Path) -> Files:
    by_key: dict[str, tuple[Path, ...]] = {}
    for file in list_pictures(folder):
        by_key[file.stem] = (*by_key.get(file.stem, ()), file)
    others = (
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() not in SUFFIXES and not entry.name.startswith(".")
    )
    return Files(folder, by_key, tuple(sorted(others, key=lambda file: natural_key(file.name))))


def _optional(folder: Path) -> Files | None:
    return _pictures(folder) if folder.is_dir() else None


def _frames(folder: Path, ending: str) -> Files:
    by_key: dict[str, tuple[Path, ...]] = {}
    for file in sorted(folder.glob(f"*/*{ending}"), key=lambda file: natural_key(file.name)):
        key = file.name.removesuffix(ending)
        by_key[key] = (*by_key.get(key, ()), file)
    return Files(folder, by_key)


_FINDERS: dict[DatasetKind, Callable[[Path], Iterator[Part]]] = {
    "folder": _folder,
    "camvid": _camvid,
    "coco-stuff": _coco_stuff,
    "ade20k": _ade20k,
    "cityscapes": _cityscapes,
}

_EXPECTED: dict[DatasetKind, str] = {
    "folder": "labels/ or train/labels/",
    "camvid": "trainannot/ or train/labels/",
    "coco-stuff": "train_label/",
    "ade20k": "annotations/training/",
    "cityscapes": "gtFine/train/",
}
