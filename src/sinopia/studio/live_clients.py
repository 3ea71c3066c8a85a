"""The sockets that are open, so that all can be closed when the server stops."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.websockets import WebSocket

__all__ = ["GOING_AWAY", "MAX_CLIENTS", "LiveClients"]

MAX_CLIENTS = 16
GOING_AWAY = 1001

_CLOSE_SECONDS = 0.5


class LiveClients:
    """All live sockets of a server."""

    def __init__(self) -> None:
        self._sockets: set[WebSocket] = set()
        self._is_closing = False

    def __len__(self) -> int:
        return len(self._sockets)

    @property
    def is_open(self) -> bool:
        """Whether one more may come."""
        return not self._is_closing and len(self) < MAX_CLIENTS

    def add(self, socket: WebSocket) -> None:
        """Count a socket in."""
        self._sockets.add(socket)

    def remove(self, socket: WebSocket) -> None:
        """Count a socket out."""
        self._sockets.discard(socket)

    async def close(self) -> None:
        """Say to every client that the server goes away."""
        self._is_closing = True
        await asyncio.gather(*(_close(socket) for socket in list(self._sockets)))


async def _close(socket: WebSocket) -> None:
    # A client that is gone or does not listen must not hold up the others.
    with contextlib.suppress(RuntimeError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await socket.close(GOING_AWAY, "the studio stops")
