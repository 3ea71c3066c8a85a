"""The label maps that come with sinopia and were painted for it.

Landscapes are 256x256, streets 192x256; a folder holds those of one vocabulary.
"""

from __future__ import annotations

from importlib import resources

from sinopia.errors import DatasetError
from sinopia.scene.label_map import LabelMap
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["example_map", "example_names"]

_FOLDER = resources.files("sinopia.data") / "example_maps"


def example_names(vocabulary: str | None = None) -> tuple[str, ...]:
    """Names of the example maps, or of those of a vocabulary, in alphabetical order."""
    places = _places()
    return tuple(name for name in sorted(places) if vocabulary in (None, places[name]))


def example_map(name: str) -> LabelMap:
    """An example map by name.

    Raises:
        DatasetError: when there is none of that name; the message lists all.
    """
    places = _places()
    if name not in places:
        raise DatasetError(f"no example map {name!r}. There are {', '.join(sorted(places))}.")
    vocabulary = places[name]
    with resources.as_file(_FOLDER / vocabulary / f"{name}.png") as path:
        return LabelMap.read(path, Vocabulary.built_in(vocabulary))


def _places() -> dict[str, str]:
    """The vocabulary of each map."""
    folders = (folder for folder in _FOLDER.iterdir() if folder.is_dir())
    return {
        file.name.removesuffix(".png"): folder.name
        for folder in folders
        for file in folder.iterdir()
        if file.name.endswith(".png")
    }
