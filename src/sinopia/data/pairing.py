"""Finding the files of a data set, pairing them by name, and reading them as scenes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sinopia.errors import DatasetError
from sinopia.scene.image import SUFFIXES, read_image
from sinopia.scene.label_map import LabelMap, read_index_image
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import Vocabulary

__all__ = [
    "PairedScenes",
    "ScenePaths",
    "contents",
    "files_by_stem",
    "list_pictures",
    "natural_key",
    "pair_files",
    "read_scene",
    "require_folder",
]

_NAMED = 5
"""How many files a message names before it only counts."""


@dataclass(frozen=True)
class ScenePaths:
    """The files of one scene; absent parts are None."""

    key: str
    label_map: Path
    image: Path | None = None
    instances: Path | None = None


class PairedScenes:
    """A data set of files; label files hold the source ids of the vocabulary."""

    def __init__(self, name: str, vocabulary: Vocabulary, paths: Sequence[ScenePaths]) -> None:
        self._name = name
        self._vocabulary = vocabulary
        self._paths = tuple(paths)

    @property
    def name(self) -> str:
        """Names the data set in messages and reports."""
        return self._name

    @property
    def vocabulary(self) -> Vocabulary:
        """The classes of every label map of the data set."""
        return self._vocabulary

    @property
    def paths(self) -> tuple[ScenePaths, ...]:
        """The files of each scene, in order."""
        return self._paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int, /) -> Scene:
        return read_scene(self._paths[index], self._vocabulary)


def read_scene(paths: ScenePaths, vocabulary: Vocabulary) -> Scene:
    """Read the files of one scene.

    Raises:
        FileFormatError: when a file cannot be read.
        LabelError: when the label file holds colours, or a number that no class has.
        DatasetError: when the files differ in size.
    """
    source_ids = read_index_image(paths.label_map)
    where = f"label map {paths.label_map}"
    return Scene(
        key=paths.key,
        label_map=LabelMap.from_source_ids(source_ids, vocabulary, where=where),
        image=None if paths.image is None else read_image(paths.image),
        instance_ids=None if paths.instances is None else read_index_image(paths.instances),
    )


def natural_key(text: str) -> tuple[list[str | int], str]:
    """Sorts numbers inside names by their value: frame_2 before frame_10."""
    parts = re.split(r"([0-9]+)", text)  # text and digits in turn, so that like compares with like
    return [int(part) if at % 2 else part.lower() for at, part in enumerate(parts)], text


def list_pictures(folder: str | Path) -> list[Path]:
    """Picture files of a folder, not of its sub-folders, in natural order; no hidden ones."""
    files = (
        entry
        for entry in Path(folder).iterdir()
        if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".")
    )
    return sorted(files, key=lambda file: natural_key(file.name))


def files_by_stem(folder: str | Path) -> dict[str, Path]:
    """Picture files of a folder by name without suffix, in natural order.

    Raises:
        DatasetError: when the folder holds no picture, or two of one stem.
    """
    files: dict[str, Path] = {}
    for file in list_pictures(require_folder(folder)):
        if file.stem in files:
            raise DatasetError(
                f"{folder} holds both {files[file.stem].name} and {file.name}. Files are paired by "
                f"their names without suffix, which must be unique; remove one."
            )
        files[file.stem] = file
    if not files:
        raise DatasetError(
            f"{folder} holds no pictures ({contents(folder)}). "
            f"Expected files that end in {', '.join(SUFFIXES)}."
        )
    return files


def pair_files(
    where: str | Path,
    *,
    label_maps: Mapping[str, Path],
    images: Mapping[str, Path] | None = None,
    instances: Mapping[str, Path] | None = None,
) -> list[ScenePaths]:
    """The scenes of files that share a key, in the order of the label maps.

    Parts that are not given are None in every scene.

    Raises:
        DatasetError: when a file has no partner; the message counts these and names the first.
    """
    problems: list[str] = []
    for what, files in (("picture", images), ("instance map", instances)):
        if files is None:
            continue
        for missing, present, keys in (
            (what, "label map", [key for key in label_maps if key not in files]),
            ("label map", what, [key for key in files if key not in label_maps]),
        ):
            if keys:
                plural = "" if len(keys) == 1 else "s"
                problems.append(
                    f"{len(keys)} {present}{plural} without its {missing} ({_some(keys)})"
                )
    if problems:
        raise DatasetError(
            f"{where}: {'; '.join(problems)}. Files of a scene share a name, but for the suffix. "
            f"Add or remove files until all are paired."
        )
    return [
        ScenePaths(
            key, path, images[key] if images else None, instances[key] if instances else None
        )
        for key, path in label_maps.items()
    ]


def require_folder(folder: str | Path) -> Path:
    """The folder as a path.

    Raises:
        DatasetError: when there is none; the message says what the folder above it holds.
    """
    folder = Path(folder)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise DatasetError(f"{folder} is a file; a folder is expected.")
    above = next((parent for parent in folder.parents if parent.is_dir()), None)
    there = "" if above is None else f" {above} {contents(above)}."
    raise DatasetError(f"there is no folder {folder}.{there} Check the path and the layout.")


def contents(folder: str | Path) -> str:
    """What a folder holds, for messages: "is empty" or "holds a, b, c and 7 more"."""
    names = sorted((entry.name for entry in Path(folder).iterdir()), key=natural_key)
    return f"holds {_some(names)}" if names else "is empty"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
