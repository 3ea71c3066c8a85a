"""Live painting: one client's map as it is now, and when it is worth a picture.

Nothing here knows of sockets or networks: bytes come in, states go out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sinopia.errors import FileFormatError, RequestError, SinopiaError
from sinopia.studio.frames import decode_frame, parse_frame, parse_json
from sinopia.studio.models import ShelvedModel
from sinopia.studio.schemas import Begin, Change, Look, Message, Seen
from sinopia.studio.turns import Busy, Turns

__all__ = [
    "MAX_UNSEEN",
    "LiveSession",
    "LiveState",
    "ids_of",
    "paint_newest",
    "serial_in",
]

MAX_UNSEEN = 2
"""Pictures under way to a client that it has not shown yet."""

_BUSY_SECONDS = 0.1

_Picture = TypeVar("_Picture")


@dataclass(frozen=True, eq=False)
class LiveState:
    """A map at one moment, with the look of its picture."""

    serial: int
    model: ShelvedModel
    ids: NDArray[np.uint8]
    look: Look
    received_at: float
    """On the clock of `time.perf_counter`."""


class LiveSession:
    """What one client has painted. The newest state counts; older ones are forgotten.

    Args:
        find_model: gives a model by name, or raises SinopiaError.
        clock: gives seconds.
    """

    def __init__(
        self,
        find_model: Callable[[str], ShelvedModel],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._find_model = find_model
        self._clock = clock
        self._state: LiveState | None = None  # its ids are changed in place
        self._taken: int | None = None
        self._unseen: list[int] = []
        self._is_due = asyncio.Event()

    @property
    def is_due(self) -> bool:
        """Whether there is something to paint, and the client keeps up."""
        return self._is_due.is_set()

    async def wait_until_due(self) -> None:
        """Return when `is_due`."""
        await self._is_due.wait()

    def receive(self, content: bytes) -> None:
        """Apply one message of the client.

        Raises:
            SinopiaError: when it cannot be applied; the state is then as before.
        """
        kind = parse_json(decode_frame(content)[0], Message, where="frame header").type
        if kind == "begin":
            self._begin(*parse_frame(content, Begin))
        elif kind == "change":
            self._change(*parse_frame(content, Change))
        else:
            self._seen(parse_frame(content, Seen)[0])
        self._update()

    def take(self) -> LiveState | None:
        """The newest state to paint now, as a copy; None when there is none to paint.

        The picture counts as under way from here on.
        """
        state = self._state
        if state is None or not self.is_due:
            return None
        self._taken = state.serial
        self._unseen.append(state.serial)
        self._update()
        return LiveState(state.serial, state.model, state.ids.copy(), state.look, state.received_at)

    def withdraw(self, state: LiveState) -> None:
        """Note that a taken state became no picture."""
        self._unseen = [serial for serial in self._unseen if serial != state.serial]
        self._update()

    def _begin(self, header: Begin, payload: memoryview) -> None:
        self._check_serial(header.serial)
        model = self._find_model(header.model)
        model.config.check_size((header.height, header.width))
        model.check_look(header.look)
        ids = ids_of(payload, (header.height, header.width))
        model.check_ids(ids, where="the map")
        self._state = LiveState(header.serial, model, ids.copy(), header.look, self._clock())

    def _change(self, header: Change, payload: memoryview) -> None:
        state = self._state
        if state is None:
            raise RequestError('expected a "begin" with the whole map before the first "change".')
        self._check_serial(header.serial)
        look = header.look if "look" in header.model_fields_set else state.look
        state.model.check_look(look)
        height, width = state.ids.shape
        expected = 0
        for x, y, tile_width, tile_height in header.tiles:
            if x + tile_width > width or y + tile_height > height:
                raise FileFormatError(
                    f"tile ({x}, {y}, {tile_width}, {tile_height}) does not lie inside the map of "
                    f"{width}x{height}."
                )
            expected += tile_width * tile_height
        if expected != len(payload):
            raise FileFormatError(
                f"the tiles have {expected:,} pixels, but {len(payload):,} bytes of ids came."
            )
        values = np.frombuffer(payload, np.uint8)
        state.model.check_ids(values, where="the change")
        start = 0
        for x, y, tile_width, tile_height in header.tiles:
            end = start + tile_width * tile_height
            tile = values[start:end].reshape(tile_height, tile_width)
            state.ids[y : y + tile_height, x : x + tile_width] = tile
            start = end
        self._state = LiveState(header.serial, state.model, state.ids, look, self._clock())

    def _seen(self, header: Seen) -> None:
        self._unseen = [serial for serial in self._unseen if serial > header.serial]

    def _check_serial(self, serial: int) -> None:
        if self._state is not None and serial <= self._state.serial:
            raise RequestError(
                f"expected a serial above {self._state.serial}, got {serial}: serials grow."
            )

    def _update(self) -> None:
        is_newer = self._state is not None and self._state.serial != self._taken
        if is_newer and len(self._unseen) < MAX_UNSEEN:
            self._is_due.set()
        else:
            self._is_due.clear()


def serial_in(content: bytes) -> int | None:
    """The serial of a message, as far as it can be read."""
    try:
        return parse_json(decode_frame(content)[0], Message, where="frame header").serial
    except SinopiaError:
        return None


def ids_of(payload: memoryview, size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """Ids of a payload as a read-only array (H, W) uint8.

    Raises:
        FileFormatError: when their number is not that of the pixels.
    """
    height, width = size_hw
    if len(payload) != height * width:
        raise FileFormatError(
            f"a map of {width}x{height} has {height * width:,} ids of one byte, but "
            f"{len(payload):,} came."
        )
    return np.frombuffer(payload, np.uint8).reshape(size_hw)


async def paint_newest(
    session: LiveSession,
    turns: Turns,
    paint: Callable[[LiveState], _Picture],
    send: Callable[[LiveState, _Picture], Awaitable[None]],
    refuse: Callable[[int, str], Awaitable[None]],
) -> None:
    """Paint a session's newest state whenever there is one, until cancelled.

    Args:
        paint: called in the thread of `turns`.
        send: called with each picture.
        refuse: called with the serial of a state that cannot be painted, and why.
    """
    while True:
        await session.wait_until_due()
        taken: list[LiveState] = []

        async def take() -> Callable[[], _Picture] | None:
            state = session.take()
            if state is None:
                return None
            taken.append(state)  # noqa: B023 - awaited before the next round
            return lambda: paint(state)

        try:
            picture = await turns.run(take)
        except Busy:
            await asyncio.sleep(_BUSY_SECONDS)
            continue
        except SinopiaError as error:
            session.withdraw(taken[0])
            await refuse(taken[0].serial, str(error))
            continue
        if picture is not None:
            await send(taken[0], picture)
