"""Projects: a whole work in one ZIP file of fixed entries.

    project.json    what `schemas.Project` says
    labels.png      the map, a palette PNG whose values are class ids
    underlay.png    the photo under the map, if there is one; .jpg and .webp are read too
    README.txt      what is in the file, and what is not

Reading trusts nothing: entries of other names are refused, and sizes are counted while inflating.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import FileFormatError, LabelError
from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.image import open_image
from sinopia.scene.vocabulary import UNLABELED
from sinopia.studio.frames import parse_json
from sinopia.studio.label_files import encode_label_map
from sinopia.studio.pictures import MAX_PIXELS, encode_png, read_photo
from sinopia.studio.schemas import Project

__all__ = ["ProjectFile", "read_project", "write_project"]

_PROJECT, _LABELS, _README = "project.json", "labels.png", "README.txt"
_UNDERLAYS = ("underlay.png", "underlay.jpg", "underlay.webp")
_LIMITS = {_PROJECT: 4 << 20, _LABELS: 20 << 20, _README: 64 << 10} | dict.fromkeys(
    _UNDERLAYS, 56 << 20
)
"""Entries by their names, and how many bytes each may inflate to."""

_MAX_RATIO = 1100
"""Deflate cannot do better than 1032 to 1; what claims to is no honest entry."""
_FREE_BYTES = 1 << 20
"""An entry below it may have any ratio."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_CHUNK = 1 << 16
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows: equal works give equal files
_ALL_MODES = ("L", "P")

_README_TEXT = """\
This is a project of the sinopia studio. Open it there: drop this file on the page.

project.json   the model's name, its classes, the size, the style of the picture, boxes, favourites
labels.png     the label map; the value of a pixel is the id of its class
underlay.png   the photo under the map, if there is one, without its metadata

Not in this file: the model itself, the painted picture, the steps that can be undone.
"""


@dataclass(frozen=True, eq=False)
class ProjectFile:
    """A project with its map (H, W) uint8 and the file of its underlay, if it has one."""

    project: Project
    ids: NDArray[np.uint8]
    underlay: bytes | None


def write_project(file: ProjectFile, vocabulary: Vocabulary) -> bytes:
    """A ZIP file of a project; equal projects give equal bytes.

    The underlay is written anew from its pixels, without loss and without its metadata.

    Raises:
        FileFormatError: for an underlay that cannot be read, or is missing or needless.
        LabelError: for ids or a vocabulary that do not fit.
    """
    project = file.project
    if project.vocabulary.classes != vocabulary.names:
        raise LabelError(
            f"the project's classes are not those of model {project.model!r}; expected "
            f"{', '.join(vocabulary.names[:6])} ..."
        )
    _check(project, file.ids)
    underlay = None
    if file.underlay is not None:
        if project.underlay is None:
            raise FileFormatError("an underlay came, but the project says that it has none.")
        underlay = encode_png(read_photo(file.underlay, name="the underlay"))
    project = _with_underlay(project, _UNDERLAYS[0] if underlay is not None else None)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, _README, _README_TEXT.encode(), zipfile.ZIP_DEFLATED)
        text = project.model_dump_json(indent=1).encode()
        _add(archive, _PROJECT, text, zipfile.ZIP_DEFLATED)
        labels = encode_label_map(LabelMap(file.ids, vocabulary))
        _add(archive, _LABELS, labels, zipfile.ZIP_STORED)
        if underlay is not None:
            _add(archive, _UNDERLAYS[0], underlay, zipfile.ZIP_STORED)
    return buffer.getvalue()


def read_project(content: bytes) -> ProjectFile:
    """The project of a ZIP file; its underlay is written anew as PNG.

    Raises:
        FileFormatError: when the file is no such ZIP, or is damaged, too large or of other entries.
        ConfigError: when project.json has unknown or missing fields.
        LabelError: when the map holds ids of no class.
    """
    entries = _inflate(content)
    for name in (_PROJECT, _LABELS):
        if name not in entries:
            raise FileFormatError(f"the project has no {name}; it was not written by the studio.")
    project = parse_json(entries[_PROJECT], Project, where=_PROJECT)
    with open_image(
        io.BytesIO(entries[_LABELS]), ("PNG",), name=_LABELS, max_pixels=MAX_PIXELS
    ) as image:
        if image.mode not in _ALL_MODES:
            raise LabelError(f"{_LABELS} is a picture of mode {image.mode}; expected class ids.")
        ids = np.asarray(image).astype(np.uint8)
    _check(project, ids)
    given = [name for name in _UNDERLAYS if name in entries]
    if len(given) > 1:
        raise FileFormatError(f"the project has several underlays: {', '.join(given)}.")
    underlay = None
    if given and project.underlay is not None:
        underlay = encode_png(read_photo(entries[given[0]], name=given[0]))
    elif project.underlay is not None and project.underlay.file is not None:
        raise FileFormatError("the project's underlay is not in the file; copy it again.")
    name = _UNDERLAYS[0] if underlay is not None else None
    return ProjectFile(_with_underlay(project, name), ids, underlay)


def _check(project: Project, ids: NDArray[np.uint8]) -> None:
    """Raise LabelError for a map, boxes or favourites that do not fit the project."""
    if ids.shape != (project.height, project.width):
        raise LabelError(
            f"the project is {project.width}x{project.height}, but its map is "
            f"{ids.shape[1]}x{ids.shape[0]}."
        )
    num_classes = len(project.vocabulary.classes)
    if len(set(project.vocabulary.classes)) != num_classes:
        raise LabelError("the project names a class twice; each class needs its own name.")
    used = [("the map", int(each)) for each in np.unique(ids)]
    used += [("a box", box.class_id) for box in project.boxes]
    used += [("the list of favourites", each) for each in project.favourites]
    for where, class_id in used:
        if class_id >= num_classes and class_id != UNLABELED:
            raise LabelError(
                f"{where} of the project holds id {class_id}, but its classes end at "
                f"{num_classes - 1} (255 = unlabeled)."
            )


def _with_underlay(project: Project, name: str | None) -> Project:
    if project.underlay is None:
        return project
    underlay = project.underlay.model_copy(update={"file": name})
    return project.model_copy(update={"underlay": underlay})


def _add(archive: zipfile.ZipFile, name: str, content: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, date_time=_DATE)
    entry.compress_type = method
    entry.create_system = 3  # everywhere the same, whatever system writes
    archive.writestr(entry, content)


def _inflate(content: bytes) -> dict[str, bytes]:
    """The entries of a ZIP file, by their names, all of which we know."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if len(infos) > len(_LIMITS):
                raise FileFormatError(
                    f"the project has {len(infos)} entries; expected up to {len(_LIMITS)}."
                )
            if len({info.filename for info in infos}) != len(infos):
                raise FileFormatError("the project has several entries of one name.")
            return {info.filename: _inflate_entry(archive, info) for info in infos}
    except FileFormatError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:  # what zipfile raises for broken or unusual files
        raise FileFormatError(
            f"the project is no ZIP file, or is damaged: {error}. Copy it again."
        ) from None


def _inflate_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # orig_filename: zipfile cuts a name at its first NUL, and turns separators of the system.
    limit = _LIMITS.get(info.filename)
    if limit is None or info.orig_filename != info.filename:
        raise FileFormatError(
            f"the project holds {info.orig_filename[:80]!r}; expected nothing but "
            f"{', '.join(_LIMITS)}."
        )
    if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
        raise FileFormatError(f"{info.filename}: expected a plain or deflated entry.")
    inflated = bytearray()
    allowed = min(limit, max(_FREE_BYTES, _MAX_RATIO * info.compress_size))
    with archive.open(info) as stream:
        while part := stream.read(_CHUNK):
            inflated += part
            if len(inflated) > allowed:
                raise FileFormatError(
                    f"{info.filename} inflates to more than {allowed:,} bytes; up to that is read."
                )
    return bytes(inflated)
