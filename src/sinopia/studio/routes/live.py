"""The WebSocket of live painting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from sinopia.errors import SinopiaError
from sinopia.studio.bodies import MAP_BYTES
from sinopia.studio.frames import encode_frame
from sinopia.studio.live import LiveSession, LiveState, paint_newest, serial_in
from sinopia.studio.models import ModelShelf
from sinopia.studio.pictures import LIVE_MIME, encode_live
from sinopia.studio.schemas import Milliseconds, PictureFrame
from sinopia.studio.studio import studio_of

__all__ = ["router"]

router = APIRouter()

_UNSUPPORTED = 1003
_TOO_LARGE = 1009
_TRY_LATER = 1013


@dataclass(frozen=True, eq=False)
class _Painted:
    """A live picture and what it took."""

    content: bytes
    size_hw: tuple[int, int]
    precision: str
    milliseconds: Milliseconds


@router.websocket("/api/live")
async def live(socket: WebSocket) -> None:
    """Take strokes, give pictures of the newest state."""
    studio = studio_of(socket)
    await socket.accept()
    if not studio.clients.is_open:
        await socket.close(_TRY_LATER, "too many clients paint already; try again later")
        return
    session = LiveSession(studio.shelf.find)

    def paint(state: LiveState) -> _Painted:
        return _paint(studio.shelf, state)

    async def send(state: LiveState, painted: _Painted) -> None:
        header = PictureFrame(
            serial=state.serial,
            width=painted.size_hw[1],
            height=painted.size_hw[0],
            mime=LIVE_MIME,
            milliseconds=painted.milliseconds,
            device=studio.shelf.device,
            precision=painted.precision,
        )
        if socket.application_state is WebSocketState.CONNECTED:  # else the server closed it
            await socket.send_bytes(encode_frame(header, painted.content))

    async def refuse(serial: int | None, message: str) -> None:
        if socket.application_state is WebSocketState.CONNECTED:
            await socket.send_json({"type": "problem", "serial": serial, "message": message})

    studio.clients.add(socket)
    painting = asyncio.create_task(paint_newest(session, studio.turns, paint, send, refuse))
    receiving = asyncio.create_task(_receive(socket, session, refuse))
    try:
        done, _ = await asyncio.wait((painting, receiving), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except WebSocketDisconnect:
        pass  # what `_receive` did not see first: a client that went away during a send
    finally:
        studio.clients.remove(socket)
        for task in (painting, receiving):
            task.cancel()
        await asyncio.gather(painting, receiving, return_exceptions=True)


async def _receive(
    socket: WebSocket, session: LiveSession, refuse: Callable[[int | None, str], Awaitable[None]]
) -> None:
    """Apply what the client sends, until it goes away."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        content = message.get("bytes")
        if content is None:
            await socket.close(_UNSUPPORTED, "expected binary frames")
            return
        if len(content) > MAP_BYTES:
            await socket.close(_TOO_LARGE, f"expected up to {MAP_BYTES:,} bytes")
            return
        try:
            session.receive(content)
        except SinopiaError as error:
            await refuse(serial_in(content), str(error))


def _paint(shelf: ModelShelf, state: LiveState) -> _Painted:
    """In the painting thread."""
    start = time.perf_counter()
    image = shelf.paint(state.model, state.ids, state.look)
    painted = time.perf_counter()
    content = encode_live(image)
    end = time.perf_counter()
    return _Painted(
        content=content,
        size_hw=(image.shape[0], image.shape[1]),
        precision=shelf.synthesizer(state.model).precision,
        milliseconds=Milliseconds(
            waited=_milliseconds(start - state.received_at),
            painted=_milliseconds(painted - start),
            encoded=_milliseconds(end - painted),
        ),
    )


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 2)
