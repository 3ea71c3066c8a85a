"""Live painting over real sockets, with the tiny model."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from sinopia.inference.synthesizer import load_synthesizer
from sinopia.scene import LabelMap
from sinopia.studio.live_clients import MAX_CLIENTS
from sinopia.studio.models import ModelShelf
from sinopia.studio.security import Policy
from sinopia.studio.server import build_server
from sinopia.studio.studio import Studio
from tests.studio.wire import Running, frame, unframe


def begin(ids: bytes, serial: int = 1, **changes: object) -> bytes:
    header: dict[str, Any] = {
        "type": "begin",
        "serial": serial,
        "model": "tiny",
        "width": 32,
        "height": 32,
        "look": {"seed": 4},
    }
    return frame(header | changes, ids)


def problem(socket: ClientConnection) -> tuple[int | None, str]:
    """Serial and words of the next message, which must be a problem."""
    message = json.loads(socket.recv(timeout=20))
    assert set(message) == {"type", "serial", "message"}
    assert message["type"] == "problem"
    return message["serial"], message["message"]


def test_a_map_and_a_stroke(server: Running, tiny_ids: bytes, tiny_map: LabelMap) -> None:
    with server.live() as socket:
        socket.send(begin(tiny_ids))
        header, content = unframe(socket.recv(timeout=20))
        assert set(header.pop("milliseconds")) == {"waited", "painted", "encoded"}
        assert header == {
            "type": "picture",
            "serial": 1,
            "width": 32,
            "height": 32,
            "mime": "image/jpeg",
            "device": "cpu",
            "precision": "fp32",
        }
        with Image.open(io.BytesIO(content)) as image:
            assert (image.format, image.size) == ("JPEG", (32, 32))
        socket.send(frame({"type": "seen", "serial": 1}))
        socket.send(
            frame({"type": "change", "serial": 2, "tiles": [[0, 0, 32, 8]]}, bytes([1]) * 256)
        )
        header, changed = unframe(socket.recv(timeout=20))
        assert header["serial"] == 2
        assert changed != content


def test_the_live_picture_is_that_of_the_synthesizer(
    server: Running, tiny_ids: bytes, tiny_map: LabelMap, tiny_shelf: ModelShelf
) -> None:
    fresh = load_synthesizer(tiny_shelf.find("tiny").folder)
    fresh.set_label_map(tiny_map)
    expected = fresh.synthesize(4).astype(int)
    with server.live() as socket:
        socket.send(begin(tiny_ids))
        _, content = unframe(socket.recv(timeout=20))
    with Image.open(io.BytesIO(content)) as image:
        difference = np.abs(np.asarray(image).astype(int) - expected)
    assert difference.mean() < 12  # what JPEG adds


def test_problems_are_told_and_the_connection_goes_on(server: Running, tiny_ids: bytes) -> None:
    with server.live() as socket:
        socket.send(frame({"type": "change", "serial": 1, "tiles": []}))
        assert problem(socket) == (
            1,
            'expected a "begin" with the whole map before the first "change".',
        )
        socket.send(b"nonsense")
        assert problem(socket)[0] is None
        socket.send(begin(b"\x05" * 1024))
        assert "holds id 5" in problem(socket)[1]
        socket.send(begin(tiny_ids, model="other"))
        assert "has no model 'other'" in problem(socket)[1]
        socket.send(begin(tiny_ids, 2))
        header, _ = unframe(socket.recv(timeout=20))
        assert header["serial"] == 2


def test_text_and_vast_messages_end_the_connection(server: Running) -> None:
    with server.live() as socket:
        socket.send("hello")
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(timeout=20)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1003
    with server.live() as socket:
        with pytest.raises(ConnectionClosed) as ended:
            socket.send(bytes((17 << 20) + 5))
            socket.recv(timeout=20)
        assert ended.value.rcvd is None or ended.value.rcvd.code == 1009


def test_vast_messages_are_refused_before_they_are_whole(tiny_shelf: ModelShelf) -> None:
    config = build_server(Studio(tiny_shelf), Policy()).config
    assert config.ws_max_size == (16 << 20) + (1 << 20) + 4
    assert not config.access_log


def test_messages_are_not_compressed(server: Running) -> None:
    """A small compressed message could inflate to a large one."""
    with server.live(compression="deflate") as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


def test_two_clients_paint_their_own(server: Running, tiny_ids: bytes) -> None:
    with server.live() as one, server.live() as two:
        one.send(begin(tiny_ids, 1))
        two.send(begin(bytes(1024), 1))
        first = [unframe(each.recv(timeout=20))[1] for each in (one, two)]
        assert first[0] != first[1]
        for each in (one, two):
            each.send(frame({"type": "change", "serial": 2, "tiles": []}))
        second = [unframe(each.recv(timeout=20)) for each in (one, two)]
        assert [header["serial"] for header, _ in second] == [2, 2]
        assert [content for _, content in second] == first


def test_a_scribble_gives_few_pictures_and_ends_with_the_newest(
    server: Running, tiny_ids: bytes
) -> None:
    with server.live() as socket:
        socket.send(begin(tiny_ids))
        for serial in range(2, 201):
            tile = [serial % 32, serial // 32, 1, 1]
            socket.send(frame({"type": "change", "serial": serial, "tiles": [tile]}, b"\x02"))
        serials: list[int] = []
        while not serials or serials[-1] < 200:
            header, _ = unframe(socket.recv(timeout=20))
            serials.append(header["serial"])
            socket.send(frame({"type": "seen", "serial": serials[-1]}))
        assert serials == sorted(set(serials))


def test_a_client_that_sees_nothing_gets_two_pictures(server: Running, tiny_ids: bytes) -> None:
    with server.live() as socket:
        socket.send(begin(tiny_ids))
        for serial in range(2, 30):
            unseen = frame({"type": "change", "serial": serial, "tiles": []})
            socket.send(unseen)
        unframe(socket.recv(timeout=20))
        unframe(socket.recv(timeout=20))
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.3)


def test_a_client_that_goes_away_leaves_nothing_behind(
    server: Running, tiny_ids: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    painting, release, painted = threading.Event(), threading.Event(), []
    paint = ModelShelf.paint

    def slow(shelf: ModelShelf, *arguments: Any, **options: Any) -> object:
        painted.append(1)
        painting.set()
        release.wait(20)
        return paint(shelf, *arguments, **options)

    monkeypatch.setattr(ModelShelf, "paint", slow)
    with server.live() as socket:
        socket.send(begin(tiny_ids))
        assert painting.wait(20)
        socket.send(frame({"type": "change", "serial": 2, "tiles": []}))
    release.set()
    with server.live() as socket:  # the thread is free again
        socket.send(begin(tiny_ids))
        unframe(socket.recv(timeout=20))
    assert len(painted) == 2


def test_too_many_clients_are_sent_away(server: Running) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_CLIENTS):
            stack.enter_context(server.live()).ping().wait(20)
        with server.live() as late:
            with pytest.raises(ConnectionClosed) as ended:
                late.recv(timeout=20)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1013
    with server.live() as again:
        again.ping().wait(20)
