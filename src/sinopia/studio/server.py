"""A running studio: its socket, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Generator
from types import FrameType

import uvicorn

from sinopia.errors import ConfigError
from sinopia.studio.app import create_app
from sinopia.studio.bodies import MAP_BYTES
from sinopia.studio.security import Policy
from sinopia.studio.studio import Studio

__all__ = ["build_server", "open_socket", "serve"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MAX_CONNECTIONS = 128
_GRACE_SECONDS = 1
_POLL_SECONDS = 0.01


def open_socket(host: str, port: int) -> socket.socket:
    """A listening address; port 0 takes any that is free.

    Raises:
        ConfigError: when the port is taken, or this machine has no such address.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(f"--host {host}: {error.strerror or error}.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}. Another studio may "
            f"run there: open it, or choose another port with --port (0 takes any free one)."
        ) from None
    return listener


def build_server(studio: Studio, policy: Policy) -> uvicorn.Server:
    """The server of a studio, with its limits; it does not run yet."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(studio, policy),
            access_log=False,  # addresses may hold the token
            log_level="warning",
            server_header=False,
            ws_max_size=MAP_BYTES,
            ws_per_message_deflate=False,  # a small message must not inflate to a large one
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


async def serve(
    studio: Studio, policy: Policy, listener: socket.socket, *, on_start: Callable[[], None]
) -> signal.Signals | None:
    """Serve until a signal comes; the signal is returned.

    Live clients are told that the server goes away (code 1001). What is being painted then has
    nothing to save and is not waited for.
    """
    server = build_server(studio, policy)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():
        await asyncio.sleep(_POLL_SECONDS)
    stopped: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    with _handled(stopped):
        if server.started:
            on_start()
        await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            await studio.clients.close()
            server.should_exit = True
        await running
    return stopped.result() if stopped.done() else None


@contextlib.contextmanager
def _handled(stopped: asyncio.Future[signal.Signals]) -> Generator[None]:
    """Let signals set a result; uvicorn would close live sockets with another code."""
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        def note() -> None:
            if not stopped.done():
                stopped.set_result(signal.Signals(number))

        loop.call_soon_threadsafe(note)

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
