"""The label maps that come with sinopia and were painted for it.

They are 256x256, in the classes of the vocabulary `landscape`.
"""

from __future__ import annotations

from importlib import resources

from sinopia.errors import DatasetError
from sinopia.scene.label_map import LabelMap
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["example_map", "example_names"]

_FOLDER = resources.files("sinopia.data") / "example_maps"


def example_names() -> tuple[str, ...]:
    """Names of the example maps, in alphabetical order."""
    files = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".png") for name in files if name.endswith(".png")))


def example_map(name: str) -> LabelMap:
    """An example map by name.

    Raises:
        DatasetError: when there is none of that name; the message lists all.
    """
    names = example_names()
    if name not in names:
        raise DatasetError(f"no example map {name!r}. There are {', '.join(names)}.")
    with resources.as_file(_FOLDER / f"{name}.png") as path:
        return LabelMap.read(path, Vocabulary.built_in("landscape"))
