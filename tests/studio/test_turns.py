from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from sinopia.studio.turns import MAX_WAITING, Busy, Turns


async def given_work(work: Callable[[], object]) -> Callable[[], object]:
    return work


def test_one_at_a_time_in_their_order_and_in_one_thread() -> None:
    order: list[int] = []
    threads: set[int] = set()
    inside = threading.Lock()

    def work(number: int) -> int:
        assert inside.acquire(blocking=False), "two at once"
        order.append(number)
        threads.add(threading.get_ident())
        inside.release()
        return number

    async def play() -> list[object]:
        turns = Turns()
        results = await asyncio.gather(
            *(turns.run(lambda number=n: given_work(lambda: work(number))) for n in range(8))
        )
        turns.close()
        return results

    assert asyncio.run(play()) == list(range(8))
    assert order == list(range(8))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_to_do_is_asked_when_it_can_start() -> None:
    async def play() -> None:
        turns = Turns()
        newest = 0
        painted: list[int] = []
        release = threading.Event()

        async def take_newest() -> Callable[[], None]:
            number = newest
            return lambda: painted.append(number)

        async def take_slow() -> Callable[[], bool]:
            return release.wait

        slow = asyncio.create_task(turns.run(take_slow))
        await asyncio.sleep(0)
        late = asyncio.create_task(turns.run(take_newest))
        for newest in range(1, 5):  # noqa: B007 - read by take_newest
            await asyncio.sleep(0)
        release.set()
        await asyncio.gather(slow, late)
        assert painted == [4]
        turns.close()

    asyncio.run(play())


def test_a_turn_lasts_until_the_thread_is_done_even_when_nobody_waits() -> None:
    async def play() -> None:
        turns = Turns()
        begun, release = threading.Event(), threading.Event()
        events: list[str] = []

        def slow() -> None:
            begun.set()
            release.wait()
            events.append("slow ends")

        async def take_next() -> Callable[[], None]:
            events.append("next is asked")
            return lambda: None

        gone = asyncio.create_task(turns.run(lambda: given_work(slow)))
        await asyncio.to_thread(begun.wait)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        later = asyncio.create_task(turns.run(take_next))
        await asyncio.sleep(0.02)
        assert events == []
        release.set()
        await later
        assert events == ["slow ends", "next is asked"]
        turns.close()

    asyncio.run(play())


def test_nothing_to_do_and_failures_end_a_turn() -> None:
    async def play() -> None:
        turns = Turns()

        async def nothing() -> None:
            return None

        async def failing_take() -> None:
            raise KeyError("take")

        def failing() -> None:
            raise ValueError("work")

        assert await turns.run(nothing) is None
        with pytest.raises(KeyError):
            await turns.run(failing_take)
        with pytest.raises(ValueError, match="work"):
            await turns.run(lambda: given_work(failing))
        assert await turns.run(lambda: given_work(lambda: 5)) == 5
        turns.close()

    asyncio.run(play())


def test_too_many_are_refused() -> None:
    async def play() -> None:
        turns = Turns()
        release = threading.Event()
        first = asyncio.create_task(turns.run(lambda: given_work(release.wait)))
        await asyncio.sleep(0)
        waiting = [
            asyncio.create_task(turns.run(lambda: given_work(lambda: None)))
            for _ in range(MAX_WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await turns.run(lambda: given_work(lambda: None))
        release.set()
        await asyncio.gather(first, *waiting)
        turns.close()

    asyncio.run(play())
