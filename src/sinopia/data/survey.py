"""Every file of a data set read once: what the doctor judges afterwards."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from PIL import ImageOps

from sinopia.data.layouts import Files, Part
from sinopia.data.masks import MAX_COLORS, MaskFile, read_mask_file
from sinopia.data.report import FileNote
from sinopia.scene.image import open_image

__all__ = ["PartSurvey", "SizeHw", "survey_part"]

SizeHw = tuple[int, int]
"""Height and width in pixels."""


@dataclass(eq=False)
class PartSurvey:
    """What the files of one split hold."""

    part: Part
    masks: list[MaskFile] = field(default_factory=list)
    """Readable label maps, doubled ones too."""
    label_sizes: dict[str, SizeHw] = field(default_factory=dict)
    """By key, of the first readable file."""
    image_sizes: dict[str, SizeHw] = field(default_factory=dict)
    """As training sees pictures: turned by their EXIF orientation."""
    turned_images: set[str] = field(default_factory=set)
    """Keys of pictures that EXIF turns on its side."""
    instance_maps: dict[str, MaskFile] = field(default_factory=dict)
    unreadable: dict[Literal["label map", "picture", "instance map"], list[FileNote]] = field(
        default_factory=dict
    )


def survey_part(part: Part, *, on_file: Callable[[], None]) -> PartSurvey:
    """Read all files of a part; a file that cannot be read is noted, and the next one is read."""
    survey = PartSurvey(part)
    for key, path in _each(part.labels):
        with _noted(survey, "label map", path):
            mask = _bounded(read_mask_file(path))
            survey.masks.append(mask)
            survey.label_sizes.setdefault(key, mask.counts.size_hw)
        on_file()
    for key, path in _each(part.images):
        with _noted(survey, "picture", path):
            with open_image(path) as image:
                turned = ImageOps.exif_transpose(image)
            survey.image_sizes.setdefault(key, (turned.height, turned.width))
            if turned.size != image.size:
                survey.turned_images.add(key)
        on_file()
    for key, path in _each(part.instances):
        with _noted(survey, "instance map", path):
            survey.instance_maps.setdefault(key, _bounded(read_mask_file(path)))
        on_file()
    return survey


def _each(files: Files | None) -> Iterator[tuple[str, Path]]:
    if files is not None:
        for key, paths in files.by_key.items():
            for path in paths:
                yield key, path


@contextmanager
def _noted(
    survey: PartSurvey, what: Literal["label map", "picture", "instance map"], path: Path
) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata; what cannot be decoded raises.
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (OSError, SyntaxError, ValueError) as error:  # the latter: Pillow on EXIF
        why = str(error).removeprefix(f"{path} ").removeprefix("is ")
        survey.unreadable.setdefault(what, []).append(FileNote(str(path), why))


def _bounded(mask: MaskFile) -> MaskFile:
    if len(mask.counts.values) <= MAX_COLORS or mask.storage not in ("colors", "lossy"):
        return mask
    return replace(mask, counts=mask.counts.most_frequent(MAX_COLORS))
