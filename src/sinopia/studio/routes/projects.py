"""Projects from and to ZIP files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from sinopia.errors import FileFormatError
from sinopia.studio.bodies import PROJECT_BYTES, body_of
from sinopia.studio.frames import FRAME_TYPE, encode_frame, parse_frame
from sinopia.studio.live import ids_of
from sinopia.studio.openapi import (
    PROBLEMS,
    ZIP_TYPE,
    body_of_type,
    frame_body,
    frame_response,
    picture_response,
)
from sinopia.studio.projects import ProjectFile, read_project, write_project
from sinopia.studio.schemas import ProjectHeader
from sinopia.studio.studio import CurrentStudio

__all__ = ["router"]

router = APIRouter(prefix="/api/projects", tags=["projects"], responses=PROBLEMS)


@router.post(
    "/write",
    response_class=Response,
    responses=picture_response(ZIP_TYPE),
    openapi_extra=frame_body(ProjectHeader),
)
def write(
    studio: CurrentStudio, content: Annotated[bytes, Depends(body_of(PROJECT_BYTES))]
) -> Response:
    """A ZIP file of a project."""
    header, payload = parse_frame(content, ProjectHeader)
    project = header.project
    model = studio.shelf.find(project.model)
    num_ids = project.width * project.height
    num_underlay = len(payload) - num_ids
    if num_underlay < 0 or header.parts not in ((), (num_ids,), (num_ids, num_underlay)):
        raise FileFormatError(
            f"expected parts [{num_ids}, bytes of the underlay] that fill the payload of "
            f"{len(payload):,} bytes, got {list(header.parts)}."
        )
    if num_underlay and len(header.parts) < 2:
        raise FileFormatError(f"{num_underlay:,} bytes follow the ids, but parts names none.")
    ids = ids_of(payload[:num_ids], (project.height, project.width))
    underlay = bytes(payload[num_ids:]) if num_underlay else None
    archive = write_project(ProjectFile(project, ids, underlay), model.vocabulary)
    if len(archive) > PROJECT_BYTES:
        raise FileFormatError(
            f"the project would have {len(archive):,} bytes, and up to {PROJECT_BYTES:,} are read "
            f"back. Take a smaller underlay."
        )
    return Response(archive, media_type=ZIP_TYPE)


@router.post(
    "/read",
    response_class=Response,
    responses=frame_response(ProjectHeader),
    openapi_extra=body_of_type(ZIP_TYPE),
)
def read(content: Annotated[bytes, Depends(body_of(PROJECT_BYTES))]) -> Response:
    """The project of a ZIP file, as the frame that writes it."""
    file = read_project(content)
    underlay = file.underlay or b""
    header = ProjectHeader(project=file.project, parts=(file.ids.size, len(underlay)))
    return Response(encode_frame(header, file.ids.tobytes(), underlay), media_type=FRAME_TYPE)
