"""The program as a process: how it starts, how it ends, and whom it talks to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from sinopia.errors import ConfigError
from sinopia.studio.server import open_socket
from tests.studio.wire import frame, unframe

TOKEN = "a-secret-of-25-characters"

_WATCHED = """
import socket, sys

def watched(name):
    real = getattr(socket.socket, name)
    def method(self, address, *rest):
        print("OUTBOUND", address, flush=True)
        raise OSError("no connections to elsewhere")
    return method

socket.socket.connect = watched("connect")
socket.socket.connect_ex = watched("connect_ex")
resolve = socket.getaddrinfo

def getaddrinfo(host, *rest, **options):
    if host not in ("127.0.0.1", "localhost", None):
        print("RESOLVES", host, flush=True)
    return resolve(host, *rest, **options)

socket.getaddrinfo = getaddrinfo
sys.argv = ["sinopia", *sys.argv[1:]]
from sinopia.cli.main import main
main()
"""


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`sinopia studio` on a free port, and the port."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "SINOPIA_HOME": str(folder / "home"),
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _WATCHED,
            "studio",
            "--port",
            "0",
            "--no-browser",
            "--precision",
            "fp32",
            "--model",
            str(folder),
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    with process:
        try:
            yield process, _port_of(process)
        finally:
            process.kill()


def _port_of(process: subprocess.Popen[str]) -> int:
    """The port that the program says it listens on."""
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.match(r"sinopia studio: http://127\.0\.0\.1:(\d+)/", line)
    assert match, line + process.stdout.read()
    return int(match[1])


def rest_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_studio_says_where_it_is_and_ends_when_asked(tiny_model_folder: Path) -> None:
    with started(tiny_model_folder) as (process, port):
        origin = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{origin}/healthz").json()["status"] == "ok"
        with connect(f"ws://127.0.0.1:{port}/api/live", origin=origin) as live:  # type: ignore[arg-type]
            header = {"type": "begin", "serial": 1, "model": "tiny", "width": 32, "height": 32}
            live.send(frame(header | {"look": {"seed": 0}}, bytes(1024)))
            assert unframe(live.recv(timeout=20))[0]["serial"] == 1
            process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as ended:
                live.recv(timeout=20)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1001
        assert process.wait(timeout=10) == -signal.SIGTERM
        assert rest_of(process) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_ctrl_c_ends_it_too(tiny_model_folder: Path) -> None:
    with started(tiny_model_folder) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert rest_of(process) == ""


def test_neither_tokens_nor_ids_are_printed_and_nobody_else_is_called(
    tiny_model_folder: Path,
) -> None:
    """All that a page asks for, with a token right and wrong, leaves no line behind."""
    with started(tiny_model_folder, "--token", TOKEN) as (process, port):
        origin = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=origin, follow_redirects=True) as client:
            assert client.get("/?token=another-secret-of-mine").status_code == 401
            assert client.get("/", params={"token": TOKEN}).status_code == 200
            for path in (
                "/api/models",
                "/api/examples/coast",
                "/api/models/tiny/style-code?seed=1",
                "/api/openapi.json",
                "/nothing",
            ):
                client.get(path)
            order = {"model": "tiny", "width": 32, "height": 32, "look": {"seed": 1}}
            picture = client.post("/api/pictures", content=frame(order, bytes(1024)))
            assert picture.status_code == 200
            assert client.post("/api/pictures/read", content=picture.content).status_code == 200
            client.post("/api/pictures", content=b"\xff" * 100)
            url = {"look": {"seed": 1}, "url": "http://evil.example/a.png"}
            client.post("/api/pictures", content=frame(order | url, bytes(1024)))
            client.post("/api/models/tiny/style-code", content=b"http://evil.example/a.png")
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        with connect(
            f"ws://127.0.0.1:{port}/api/live?token={TOKEN}",
            origin=origin,  # type: ignore[arg-type]
            additional_headers=bearer,
        ) as live:
            live.send(b"?")
            live.recv(timeout=20)
        process.terminate()
        process.wait(timeout=10)
        assert rest_of(process) == ""


def test_a_taken_port_is_told(tiny_model_folder: Path) -> None:
    with open_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port}: .*choose another port with --port"):
            open_socket("127.0.0.1", port)
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1, port 0"):
        open_socket("192.0.2.1", 0)


def test_the_socket_listens_on_this_machine_alone() -> None:
    with open_socket("127.0.0.1", 0) as listener:
        assert listener.family is socket.AF_INET
        assert listener.getsockname()[0] == "127.0.0.1"
