"""The scenes that a page can begin with."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response

from sinopia.data.examples import example_map, example_names
from sinopia.scene import LabelMap
from sinopia.studio.frames import FRAME_TYPE, encode_frame
from sinopia.studio.openapi import PROBLEMS, frame_response, picture_response
from sinopia.studio.pictures import encode_png
from sinopia.studio.schemas import Example, ExampleHeader, ExampleList

__all__ = ["router"]

router = APIRouter(prefix="/api/examples", tags=["examples"], responses=PROBLEMS)


@router.get("")
def list_examples() -> ExampleList:
    """All example scenes."""
    return ExampleList(examples=tuple(_entry(name) for name in example_names()))


@router.get("/{name}", response_class=Response, responses=frame_response(ExampleHeader))
def read_example(name: str) -> Response:
    """The map of an example."""
    label_map = _find(name)
    height, width = label_map.size_hw
    header = ExampleHeader(vocabulary=label_map.vocabulary.name, width=width, height=height)
    return Response(encode_frame(header, label_map.ids.tobytes()), media_type=FRAME_TYPE)


@router.get("/{name}/preview", response_class=Response, responses=picture_response("image/png"))
def preview_example(name: str) -> Response:
    """The map of an example in the colours of its classes."""
    return Response(encode_png(_find(name).colored()), media_type="image/png")


def _find(name: str) -> LabelMap:
    if name not in example_names():
        raise HTTPException(
            404, f"there is no example {name[:80]!r}. There are {', '.join(example_names())}."
        )
    return example_map(name)


def _entry(name: str) -> Example:
    label_map = example_map(name)
    height, width = label_map.size_hw
    return Example(
        id=name,
        title=name.replace("-", " ").capitalize(),
        vocabulary=label_map.vocabulary.name,
        width=width,
        height=height,
    )
