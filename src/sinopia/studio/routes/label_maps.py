"""Label maps from and to files."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from sinopia.scene import LabelMap
from sinopia.studio.ade20k import render_ade20k
from sinopia.studio.bodies import MAP_BYTES, body_of
from sinopia.studio.frames import FRAME_TYPE, encode_frame, parse_frame
from sinopia.studio.label_files import encode_label_map, read_label_map
from sinopia.studio.live import ids_of
from sinopia.studio.openapi import PNG_BODY, PROBLEMS, frame_body, frame_response, picture_response
from sinopia.studio.pictures import encode_png
from sinopia.studio.schemas import LabelMapHeader, LabelMapRead
from sinopia.studio.studio import CurrentStudio

__all__ = ["router"]

router = APIRouter(prefix="/api/label-maps", tags=["label maps"], responses=PROBLEMS)


@router.post(
    "/read",
    response_class=Response,
    responses=frame_response(LabelMapRead),
    openapi_extra=PNG_BODY,
)
def read(
    studio: CurrentStudio,
    content: Annotated[bytes, Depends(body_of(MAP_BYTES))],
    model: Annotated[str, Query(max_length=200)],
) -> Response:
    """The ids of a label map in the classes of a model."""
    result = read_label_map(content, studio.shelf.find(model).vocabulary)
    height, width = result.ids.shape
    header = LabelMapRead(width=width, height=height, notes=result.notes)
    return Response(encode_frame(header, result.ids.tobytes()), media_type=FRAME_TYPE)


@router.post(
    "/write",
    response_class=Response,
    responses=picture_response("image/png"),
    openapi_extra=frame_body(LabelMapHeader),
)
def write(
    studio: CurrentStudio, content: Annotated[bytes, Depends(body_of(MAP_BYTES))]
) -> Response:
    """A palette PNG of a map, or a picture of it in ADE20K's colours."""
    header, payload = parse_frame(content, LabelMapHeader)
    model = studio.shelf.find(header.model)
    ids = ids_of(payload, (header.height, header.width))
    model.check_ids(ids, where="the map")
    label_map = LabelMap(ids, model.vocabulary)
    if header.format == "palette":
        return Response(encode_label_map(label_map), media_type="image/png")
    rendered = render_ade20k(label_map)
    return Response(
        encode_png(rendered.image),
        media_type="image/png",
        headers={"X-Sinopia-Notes": json.dumps(rendered.missing)},
    )
