"""Frames made and taken apart by hand, and a studio that really runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from sinopia.studio.security import Policy
from sinopia.studio.server import build_server, open_socket
from sinopia.studio.studio import Studio

__all__ = ["Running", "frame", "running", "unframe"]


def frame(header: Any, *parts: bytes) -> bytes:
    """A frame."""
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + b"".join(parts)


def unframe(content: bytes | str) -> tuple[Any, bytes]:
    """Header and payload of a frame."""
    assert isinstance(content, bytes), content
    (length,) = struct.unpack("<I", content[:4])
    return json.loads(content[4 : 4 + length]), content[4 + length :]


@dataclass(frozen=True)
class Running:
    """A studio that listens on a port of its own."""

    port: int
    http: httpx.Client

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def live(self, **options: Any) -> ClientConnection:
        """A live connection, as the studio's own page opens it."""
        options.setdefault("origin", self.origin)
        return connect(f"ws://127.0.0.1:{self.port}/api/live", max_size=None, **options)

    def raw(self, request: bytes) -> tuple[int, bytes]:
        """Status and all that follows it, for bytes that no client would send."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer or b"problem" not in answer:
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
        status, _, rest = answer.partition(b"\r\n")
        return int(status.split()[1]), rest

    def problem(self, response: httpx.Response, status: int) -> str:
        """The words of a refusal, which must have that status."""
        assert response.status_code == status, (response.status_code, response.content[:500])
        assert response.headers["content-type"] == "application/json"
        body = response.json()
        assert list(body) == ["problem"]
        assert "Traceback" not in body["problem"]
        return body["problem"]


@contextlib.contextmanager
def running(studio: Studio, policy: Policy | None = None, *, port: int = 0) -> Generator[Running]:
    """Serve a studio from a thread, as `sinopia studio` does from the main one."""
    listener = open_socket("127.0.0.1", port)
    port = listener.getsockname()[1]
    server = build_server(studio, policy or Policy())
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield Running(port, client)
    server.should_exit = True
    thread.join(timeout=10)
    assert not thread.is_alive()
