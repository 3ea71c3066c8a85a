"""What travels between the studio and its pages, as typed and bounded values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from sinopia.scene.vocabulary import MAX_CLASSES

__all__ = [
    "MAX_PAINTED_SIDE",
    "MAX_SERIAL",
    "MAX_SIDE",
    "Begin",
    "Box",
    "Change",
    "ClassEntry",
    "CodeLook",
    "Example",
    "ExampleHeader",
    "ExampleList",
    "Health",
    "LabelMapHeader",
    "LabelMapRead",
    "Look",
    "Milliseconds",
    "ModelEntry",
    "ModelList",
    "NamedVocabulary",
    "PictureFrame",
    "PictureHeader",
    "PictureRead",
    "Problem",
    "Project",
    "ProjectHeader",
    "SeedLook",
    "Seen",
    "StyleCode",
    "StyleEntry",
    "Underlay",
    "VocabularyEntry",
]

MAX_SIDE = 4096
"""Pixels of a side of a map or picture that is read."""

MAX_PAINTED_SIDE = 2048
"""Pixels of a side of a picture that is painted: what bounds the time that one request takes."""

MAX_SERIAL = 2**53 - 1
"""Of serials and seeds: the largest integer that JavaScript counts to exactly."""

_MAX_TILES = 65_536  # a map of 8192x8192 in tiles of 32

Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
PaintedSide = Annotated[int, Field(ge=1, le=MAX_PAINTED_SIDE)]
Position = Annotated[int, Field(ge=0, lt=MAX_SIDE)]
Serial = Annotated[int, Field(ge=0, le=MAX_SERIAL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ClassId = Annotated[int, Field(ge=0, le=MAX_CLASSES)]
Base64 = Annotated[str, StringConstraints(min_length=4, max_length=32_768)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    """Frozen; unknown fields and numbers that are not finite are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# The look of a picture


class SeedLook(_Strict):
    """A style drawn at random."""

    seed: Annotated[int, Field(ge=0, le=MAX_SERIAL)]


class CodeLook(_Strict):
    """A style given by its code."""

    style_code: Annotated[Base64, Field(description="Little-endian float32 in base64.")]
    photo_sha256: Annotated[
        Sha256 | None, Field(description="Hash of the pixels of the photo that it was made from.")
    ] = None


Look = SeedLook | CodeLook | None
"""The style of a picture; none for a model without style."""

LookAdapter: TypeAdapter[Look] = TypeAdapter(Look)


# Live painting


class Begin(_Strict):
    """A whole map; replaces everything."""

    type: Literal["begin"]
    serial: Serial
    model: Name
    width: PaintedSide
    height: PaintedSide
    look: Look


class Change(_Strict):
    """Parts of the map that changed, and the look if it did."""

    type: Literal["change"]
    serial: Serial
    tiles: Annotated[
        tuple[tuple[Position, Position, Side, Side], ...],
        Field(max_length=_MAX_TILES, description="x, y, width and height of each."),
    ]
    look: Look = None


class Seen(_Strict):
    """A picture is on the screen."""

    type: Literal["seen"]
    serial: Serial


class Message(BaseModel):
    """The kind and serial of any message, before the rest of it is looked at."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["begin", "change", "seen"]
    serial: Serial


class Milliseconds(_Strict):
    """What a live picture took."""

    waited: float
    painted: float
    encoded: float


class PictureFrame(_Strict):
    """Header of a live picture."""

    type: Literal["picture"] = "picture"
    serial: Serial
    width: int
    height: int
    mime: str
    milliseconds: Milliseconds
    device: str
    precision: str


# Models


class ClassEntry(_Strict):
    """One class of a vocabulary."""

    id: int
    name: str
    color: tuple[int, int, int]
    is_thing: bool
    training_pixels: Annotated[
        int | None, Field(description="None: unknown; 0: never seen in training.")
    ]


class VocabularyEntry(_Strict):
    """The classes that a model knows."""

    name: str
    classes: tuple[ClassEntry, ...]


class StyleEntry(_Strict):
    """A style that a model brings along."""

    name: str
    look: CodeLook


class ModelEntry(_Strict):
    """One model of the studio."""

    name: str
    summary: str
    size_hw: tuple[int, int]
    size_multiple: int
    style_dim: int | None
    can_read_style: bool
    styles: tuple[StyleEntry, ...]
    needs_instances: bool
    vocabulary: VocabularyEntry


class ModelList(_Strict):
    """All models of the studio."""

    models: tuple[ModelEntry, ...]
    default: str


class StyleCode(_Strict):
    """A style code, and the hash of the photo that it was read from."""

    style_code: Base64
    photo_sha256: Sha256 | None = None


# Pictures, label maps, examples


class PictureHeader(_Strict):
    """A picture to paint."""

    model: Name
    width: PaintedSide
    height: PaintedSide
    look: Look
    format: Literal["png", "webp"] = "png"
    max_side: Annotated[int, Field(ge=16, le=MAX_PAINTED_SIDE)] | None = None


class PictureRead(_Strict):
    """What a picture was made from."""

    model: str
    width: int
    height: int
    look: Look


class LabelMapHeader(_Strict):
    """A label map to write."""

    model: Name
    width: Side
    height: Side
    format: Literal["palette", "ade20k"] = "palette"


class LabelMapRead(_Strict):
    """A label map that was read."""

    width: int
    height: int
    notes: tuple[str, ...]


class Example(_Strict):
    """An example scene."""

    id: str
    title: str
    vocabulary: str
    width: int
    height: int


class ExampleList(_Strict):
    """All example scenes."""

    examples: tuple[Example, ...]


class ExampleHeader(_Strict):
    """Header of an example's map."""

    vocabulary: str
    width: int
    height: int


# Projects


class NamedVocabulary(_Strict):
    """Class names in the order of their ids."""

    name: Name
    classes: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_CLASSES)]


class Box(_Strict):
    """A labelled box, in half-open pixels."""

    id: Annotated[int, Field(ge=0, le=MAX_SERIAL)] | Name
    class_id: ClassId
    x0: Annotated[int, Field(ge=-MAX_SIDE, le=2 * MAX_SIDE)]
    y0: Annotated[int, Field(ge=-MAX_SIDE, le=2 * MAX_SIDE)]
    x1: Annotated[int, Field(ge=-MAX_SIDE, le=2 * MAX_SIDE)]
    y1: Annotated[int, Field(ge=-MAX_SIDE, le=2 * MAX_SIDE)]


class Underlay(_Strict):
    """The photo under the map."""

    opacity: Annotated[float, Field(ge=0, le=1)]
    visible: bool
    file: Annotated[str | None, StringConstraints(max_length=200)] = None


class Project(_Strict):
    """A work, without its map."""

    schema_version: Literal[1]
    model: Name
    vocabulary: NamedVocabulary
    width: Side
    height: Side
    look: Look
    boxes: Annotated[tuple[Box, ...], Field(max_length=10_000)]
    boxes_visible: bool
    underlay: Underlay | None
    favourites: Annotated[tuple[ClassId, ...], Field(max_length=MAX_CLASSES + 1)]


class ProjectHeader(_Strict):
    """A project and the lengths of what follows: the ids, and the underlay's file or 0."""

    project: Project
    parts: tuple[Annotated[int, Field(ge=0)], ...] = ()


# Everything else


class Health(_Strict):
    """The server answers."""

    status: Literal["ok"] = "ok"
    version: str


class Problem(_Strict):
    """What was expected, what came, and the way out."""

    problem: str


def as_json(value: BaseModel) -> Any:
    """Plain JSON values."""
    return value.model_dump(mode="json")
