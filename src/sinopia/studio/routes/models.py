"""The models of the studio, and styles as they read and draw them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from sinopia.errors import RequestError
from sinopia.inference.request import hash_pixels
from sinopia.scene.image import read_image
from sinopia.studio.bodies import PHOTO_BYTES, body_of
from sinopia.studio.openapi import PHOTO_BODY, PROBLEMS, picture_response
from sinopia.studio.pictures import encode_live, read_photo
from sinopia.studio.schemas import MAX_SERIAL, ModelList, StyleCode
from sinopia.studio.studio import CurrentStudio
from sinopia.zoo.manifest import PREVIEW_FILE

__all__ = ["router"]

router = APIRouter(prefix="/api/models", tags=["models"], responses=PROBLEMS)


@router.get("")
def list_models(studio: CurrentStudio) -> ModelList:
    """All models, the default one first."""
    return ModelList(
        models=tuple(model.entry for model in studio.shelf.models), default=studio.shelf.default
    )


@router.get("/{name}/preview", response_class=Response, responses=picture_response("image/jpeg"))
def preview(studio: CurrentStudio, name: str) -> Response:
    """A picture of what the model makes."""
    model = studio.shelf.find(name)
    path = model.folder / PREVIEW_FILE
    if not path.is_file():
        raise HTTPException(404, f"model {name!r} has no preview picture.")
    image = read_image(path, formats=("JPEG",))
    return Response(encode_live(image), media_type="image/jpeg")


@router.get("/{name}/style-code")
async def draw_style(
    studio: CurrentStudio,
    request: Request,
    name: str,
    seed: Annotated[int, Query(ge=0, le=MAX_SERIAL)],
) -> StyleCode:
    """The style code that a seed stands for."""
    model = studio.shelf.find(name)
    code = await studio.compute(request, lambda: studio.shelf.draw_style(model, seed))
    return StyleCode(style_code=code)


@router.post("/{name}/style-code", openapi_extra=PHOTO_BODY)
async def read_style(
    studio: CurrentStudio,
    request: Request,
    name: str,
    content: Annotated[bytes, Depends(body_of(PHOTO_BYTES))],
) -> StyleCode:
    """The style code of a photo, which is not kept."""
    model = studio.shelf.find(name)
    if model.config.encoder is None:
        raise RequestError(f"model {name!r} cannot read the style of a photo. Choose a seed.")

    def work() -> StyleCode:
        photo = read_photo(content, name="the photo")
        code = studio.shelf.read_style(model, photo)
        return StyleCode(style_code=code, photo_sha256=hash_pixels(photo))

    return await studio.compute(request, work)
