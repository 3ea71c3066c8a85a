"""Live painting without sockets and without a network: a scripted painter."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinopia.errors import ModelError, RequestError, SinopiaError
from sinopia.studio.live import MAX_UNSEEN, LiveSession, LiveState, paint_newest, serial_in
from sinopia.studio.models import ModelShelf
from sinopia.studio.turns import Turns
from tests.studio.wire import frame

SIZE = 32


def begin(serial: int = 1, ids: bytes | None = None, **changes: object) -> bytes:
    header = {
        "type": "begin",
        "serial": serial,
        "model": "tiny",
        "width": SIZE,
        "height": SIZE,
        "look": {"seed": 0},
    }
    return frame(header | changes, bytes(SIZE * SIZE) if ids is None else ids)


def change(serial: int, tiles: list[list[int]], ids: bytes, **changes: object) -> bytes:
    return frame({"type": "change", "serial": serial, "tiles": tiles} | changes, ids)


def seen(serial: int) -> bytes:
    return frame({"type": "seen", "serial": serial})


@pytest.fixture
def session(tiny_shelf: ModelShelf) -> LiveSession:
    return LiveSession(tiny_shelf.find)


def taken(session: LiveSession) -> LiveState:
    state = session.take()
    assert state is not None
    return state


def test_a_map_and_its_changes(session: LiveSession) -> None:
    assert session.take() is None
    session.receive(begin(5))
    state = taken(session)
    assert (state.serial, state.model.name, state.ids.shape) == (5, "tiny", (SIZE, SIZE))
    assert not state.ids.any()
    session.receive(change(6, [[3, 2, 2, 1], [0, 31, 1, 1]], b"\x01\x02\x03"))
    newer = taken(session)
    expected = np.zeros((SIZE, SIZE), np.uint8)
    expected[2, 3:5] = [1, 2]
    expected[31, 0] = 3
    np.testing.assert_array_equal(newer.ids, expected)
    assert not state.ids.any(), "a taken state does not change any more"


def test_only_the_newest_state_is_taken_and_each_once(session: LiveSession) -> None:
    session.receive(begin(1))
    session.receive(change(2, [[0, 0, 1, 1]], b"\x01"))
    session.receive(change(3, [[1, 0, 1, 1]], b"\x02"))
    state = taken(session)
    assert state.serial == 3
    assert state.ids[0, :3].tolist() == [1, 2, 0]
    assert session.take() is None
    assert not session.is_due


def test_at_most_two_pictures_are_under_way(session: LiveSession) -> None:
    assert MAX_UNSEEN == 2
    session.receive(begin(1))
    assert taken(session).serial == 1
    session.receive(change(2, [], b""))
    assert taken(session).serial == 2
    session.receive(change(3, [], b""))
    session.receive(change(4, [], b""))
    assert session.take() is None
    session.receive(seen(1))
    assert taken(session).serial == 4
    session.receive(change(5, [], b""))
    assert session.take() is None
    session.receive(seen(4))  # the client may skip one: what is newer is on the screen
    assert taken(session).serial == 5


def test_a_state_that_became_no_picture_is_not_waited_for(session: LiveSession) -> None:
    for serial in (1, 2, 3, 4):
        session.receive(begin(serial))
        session.withdraw(taken(session))
    session.receive(begin(5))
    assert taken(session).serial == 5


def test_the_look_changes_or_stays(session: LiveSession) -> None:
    session.receive(begin(1, look={"seed": 7}))
    session.receive(change(2, [], b""))
    assert repr(taken(session).look) == "SeedLook(seed=7)"
    session.receive(change(3, [], b"", look={"seed": 8}))
    assert repr(taken(session).look) == "SeedLook(seed=8)"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (change(2, [[31, 0, 2, 1]], b"\x00\x00"), r"tile \(31, 0, 2, 1\) does not lie inside"),
        (change(2, [[0, 31, 1, 2]], b"\x00\x00"), "does not lie inside"),
        (change(2, [[0, 0, 2, 2]], b"\x00\x00\x00"), "4 pixels, but 3 bytes"),
        (change(2, [], b"\x00"), "0 pixels, but 1 bytes"),
        (change(2, [[0, 0, 0, 1]], b""), "greater than or equal to 1"),
        (change(2, [[-1, 0, 1, 1]], b"\x00"), "greater than or equal to 0"),
        (change(2, [[0, 0, 1, 1]], b"\x05"), "holds id 5, but the classes .* end at 4"),
        (change(2, [[0, 0, 1, 1]], b"\xfe"), "holds id 254"),
        (change(2, [], b"", look=None), "needs a look"),
        (change(2, [], b"", look={"style_code": "AAAA"}), "expected 8 numbers of 4 bytes"),
        (change(1, [], b""), "a serial above 1, got 1"),
        (begin(2, width=31, ids=bytes(31 * 32)), "nearest size is 32x32"),
        (begin(2, ids=bytes(5)), r"has 1,024 ids of one byte, but 5 came"),
        (begin(2, ids=b"\x05" * 1024), "holds id 5"),
        (begin(2, model="other"), "has no model 'other'"),
        (begin(2, model="../tiny"), "has no model"),
        (begin(0), "serials grow"),
        (frame({"type": "stop", "serial": 2}), "type"),
        (b"", "expected a frame"),
    ],
)
def test_what_cannot_be_applied_leaves_the_state(
    session: LiveSession, content: bytes, message: str
) -> None:
    session.receive(begin(1, ids=b"\x04" * 1024))
    with pytest.raises(SinopiaError, match=message):
        session.receive(content)
    state = taken(session)
    assert state.serial == 1
    assert (state.ids == 4).all()


def test_a_change_comes_after_a_begin(session: LiveSession) -> None:
    with pytest.raises(RequestError, match="before the first"):
        session.receive(change(1, [], b""))


def test_unlabeled_pixels_are_welcome(session: LiveSession) -> None:
    session.receive(begin(1, ids=b"\xff" * 1024))
    assert (taken(session).ids == 255).all()


def test_the_serial_of_a_message() -> None:
    assert serial_in(seen(9)) == 9
    assert serial_in(frame({"type": "change", "serial": 3, "tiles": "?"})) == 3
    assert serial_in(b"?") is None


class Script:
    """A painter whose pictures end when the test says so."""

    def __init__(self) -> None:
        self.painted: list[int] = []
        self.sent: list[int] = []
        self.refused: list[tuple[int, str]] = []
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.session: LiveSession | None = None
        self.newest = 0
        self.stale: list[tuple[int, int]] = []

    def paint(self, state: LiveState) -> int:
        self.painted.append(state.serial)
        if state.serial != self.newest:
            self.stale.append((state.serial, self.newest))
        self.begun.release()
        assert self.go_on.acquire(timeout=5)
        if state.ids[0, 0] == 3:
            raise RequestError("not this one")
        return state.serial

    async def send(self, state: LiveState, picture: int) -> None:
        assert state.serial == picture
        self.sent.append(picture)

    async def refuse(self, serial: int, message: str) -> None:
        self.refused.append((serial, message))


def test_strokes_during_a_painting_make_one_picture(session: LiveSession) -> None:
    async def play() -> None:
        script, turns = Script(), Turns()
        task = asyncio.create_task(
            paint_newest(session, turns, script.paint, script.send, script.refuse)
        )
        script.newest = 1
        session.receive(begin(1))
        await asyncio.to_thread(script.begun.acquire)
        for serial in range(2, 30):
            script.newest = serial
            session.receive(change(serial, [[0, 0, 1, 1]], bytes([serial % 3])))
        script.go_on.release()
        await asyncio.to_thread(script.begun.acquire)
        script.go_on.release()
        while len(script.sent) < 2:
            await asyncio.sleep(0.001)
        assert script.painted == script.sent == [1, 29]
        script.newest = 30
        session.receive(change(30, [[0, 0, 1, 1]], b"\x03"))
        await asyncio.sleep(0.02)
        assert script.painted == [1, 29], "two are under way and none was seen"
        session.receive(seen(1))
        await asyncio.to_thread(script.begun.acquire)
        script.go_on.release()
        while not script.refused:
            await asyncio.sleep(0.001)
        assert script.refused == [(30, "not this one")]
        script.newest = 31
        session.receive(change(31, [[0, 0, 1, 1]], b"\x00"))
        await asyncio.to_thread(script.begun.acquire)
        script.go_on.release()
        while len(script.sent) < 3:
            await asyncio.sleep(0.001)
        assert script.stale == []
        task.cancel()
        turns.close()

    asyncio.run(play())


def test_a_state_waits_for_its_turn_unpainted_while_it_grows_old(tiny_shelf: ModelShelf) -> None:
    """Another client paints: what is painted then is what is newest then."""

    async def play() -> None:
        script, turns = Script(), Turns()
        session, other = LiveSession(tiny_shelf.find), LiveSession(tiny_shelf.find)
        tasks = [
            asyncio.create_task(paint_newest(each, turns, script.paint, script.send, script.refuse))
            for each in (other, session)
        ]
        other.receive(begin(100))
        await asyncio.to_thread(script.begun.acquire)
        session.receive(begin(1))
        await asyncio.sleep(0.01)  # it stands in the queue now
        session.receive(change(2, [], b""))
        session.receive(change(3, [], b""))
        script.go_on.release(2)
        await asyncio.to_thread(script.begun.acquire)
        assert script.painted == [100, 3]
        for task in tasks:
            task.cancel()
        turns.close()

    asyncio.run(play())


def test_clients_take_turns(tiny_shelf: ModelShelf) -> None:
    async def play() -> None:
        script, turns = Script(), Turns()
        sessions = [LiveSession(tiny_shelf.find) for _ in range(2)]
        tasks = [
            asyncio.create_task(paint_newest(each, turns, script.paint, script.send, script.refuse))
            for each in sessions
        ]
        serials = [1000, 2000]
        for index, each in enumerate(sessions):
            each.receive(begin(serials[index]))
        for _ in range(6):
            await asyncio.to_thread(script.begun.acquire)
            for index, each in enumerate(sessions):
                serials[index] += 1
                each.receive(seen(serials[index]))
                each.receive(change(serials[index], [], b""))
            script.go_on.release()
        whose = [serial // 1000 for serial in script.painted]
        assert whose in ([1, 2] * 3, [2, 1] * 3)
        for task in tasks:
            task.cancel()
        script.go_on.release(2)
        turns.close()

    asyncio.run(play())


def test_nothing_more_is_painted_for_a_client_that_went_away(session: LiveSession) -> None:
    async def play() -> None:
        script, turns = Script(), Turns()
        task = asyncio.create_task(
            paint_newest(session, turns, script.paint, script.send, script.refuse)
        )
        session.receive(begin(1))
        await asyncio.to_thread(script.begun.acquire)
        session.receive(change(2, [], b""))
        task.cancel()
        script.go_on.release(5)
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.02)
        assert script.painted == [1]
        assert script.sent == []
        turns.close()

    asyncio.run(play())


_TILES = st.lists(st.tuples(*[st.integers(-2, 40)] * 4).map(list), max_size=4)


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(change, st.integers(-1, 9), _TILES, st.binary(max_size=64)),
            st.builds(
                lambda serial, value: begin(serial, bytes([value]) * 1024),
                st.integers(0, 9),
                st.integers(0, 255),
            ),
            st.builds(seen, st.integers(0, 9)),
        ),
        max_size=12,
    )
)
def test_any_messages_are_applied_or_refused(tiny_shelf: ModelShelf, messages: list[bytes]) -> None:
    session = LiveSession(tiny_shelf.find)
    for content in messages:
        try:
            session.receive(content)
        except SinopiaError:
            continue
        state = session.take()
        if state is not None:
            assert ((state.ids < 5) | (state.ids == 255)).all()


def test_unknown_models_are_named(session: LiveSession) -> None:
    with pytest.raises(ModelError, match="It has tiny, scenery"):
        session.receive(begin(1, model="nothing"))
