"""Pictures at full size, and the work that they carry."""

from __future__ import annotations

import io
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sinopia.errors import LabelError, ModelError, RequestError
from sinopia.inference.request import SynthesisRequest, encode_picture, parse_request
from sinopia.scene import LabelMap
from sinopia.scene.image import read_png_text
from sinopia.studio.bodies import MAP_BYTES, PHOTO_BYTES, body_of
from sinopia.studio.frames import FRAME_TYPE, encode_frame, parse_frame
from sinopia.studio.live import ids_of
from sinopia.studio.models import ModelShelf, ShelvedModel
from sinopia.studio.openapi import PNG_BODY, PROBLEMS, frame_body, frame_response, picture_response
from sinopia.studio.pictures import MAX_PIXELS, encode_webp
from sinopia.studio.schemas import (
    MAX_SERIAL,
    CodeLook,
    Look,
    PictureHeader,
    PictureRead,
    SeedLook,
)
from sinopia.studio.studio import CurrentStudio

__all__ = ["router"]

router = APIRouter(prefix="/api/pictures", tags=["pictures"], responses=PROBLEMS)


@router.post(
    "",
    response_class=Response,
    responses=picture_response("image/png", "image/webp"),
    openapi_extra=frame_body(PictureHeader),
)
async def paint_picture(
    studio: CurrentStudio,
    request: Request,
    content: Annotated[bytes, Depends(body_of(MAP_BYTES))],
) -> Response:
    """The picture of a map: a PNG that carries its request, or a WebP thumbnail.

    Equal requests give equal PNG bytes on one machine.
    """
    header, payload = parse_frame(content, PictureHeader)
    if header.format == "png" and header.max_side is not None:
        raise RequestError("max_side is for webp: a PNG has the size of its map. Leave it out.")
    model = studio.shelf.find(header.model)
    ids = ids_of(payload, (header.height, header.width))
    model.check_ids(ids, where="the map")
    model.config.check_size((header.height, header.width))
    model.check_look(header.look)

    def work() -> tuple[bytes, float]:
        start = time.perf_counter()
        is_png = header.format == "png"
        image = studio.shelf.paint(model, ids, header.look, is_exact=is_png)
        if is_png:
            encoded = encode_picture(image, studio.shelf.request(model, header.look))
        else:
            encoded = encode_webp(image, max_side=header.max_side)
        return encoded, 1000 * (time.perf_counter() - start)

    encoded, milliseconds = await studio.compute(request, work)
    return Response(
        encoded,
        media_type=f"image/{header.format}",
        headers={"X-Sinopia-Milliseconds": f"{milliseconds:.2f}"},
    )


@router.post(
    "/read",
    response_class=Response,
    responses=frame_response(PictureRead),
    openapi_extra=PNG_BODY,
)
def read_picture(
    studio: CurrentStudio, content: Annotated[bytes, Depends(body_of(PHOTO_BYTES))]
) -> Response:
    """The work that a picture was made from."""
    text = read_png_text(io.BytesIO(content), name="the picture", max_pixels=MAX_PIXELS)
    request = parse_request(text, where="the picture")
    model = _model_of(studio.shelf, request)
    ids = _map_of(request, model)
    height, width = ids.size_hw
    look = _look_of(request, model)
    header = PictureRead(model=model.name, width=width, height=height, look=look)
    return Response(encode_frame(header, ids.ids.tobytes()), media_type=FRAME_TYPE)


def _model_of(shelf: ModelShelf, request: SynthesisRequest) -> ShelvedModel:
    """The model that has the request's weights, whatever its name here."""
    for model in shelf.models:
        if model.weights_sha256 == request.weights_sha256:
            return model
    raise ModelError(
        f"the picture was made by model {request.model[:80]!r} with weights "
        f"{request.weights_sha256[:12]}..., which this studio does not have. Start it with "
        f"--model and that model's folder."
    )


def _map_of(request: SynthesisRequest, model: ShelvedModel) -> LabelMap:
    """The request's map at the size of its picture."""
    for height, width in (request.size_hw, request.label_map.size_hw):
        if height < 1 or width < 1 or height * width > MAX_PIXELS:
            raise RequestError(
                f"the picture's request is for {width}x{height} pixels; up to {MAX_PIXELS:,} "
                f"are read."
            )
    values = request.label_map.restore()
    if values.max() > 255:
        raise LabelError(f"the picture's map holds id {int(values.max())}; ids end at 255.")
    ids = values.astype("uint8")
    model.check_ids(ids, where="the picture's map")
    return LabelMap(ids, model.vocabulary).resized(request.size_hw)


def _look_of(request: SynthesisRequest, model: ShelvedModel) -> Look:
    look: Look = None
    if request.style_code is not None:
        look = CodeLook(style_code=request.style_code, photo_sha256=request.style_photo_sha256)
    elif request.seed is not None:
        if not 0 <= request.seed <= MAX_SERIAL:
            raise RequestError(
                f"the picture's seed {request.seed} is outside 0..{MAX_SERIAL}, which the studio "
                f"counts with. `sinopia paint` takes it."
            )
        look = SeedLook(seed=request.seed)
    model.check_look(look)
    return look
