"""One painting at a time in the whole process, in a thread of its own, first come first served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["MAX_WAITING", "Busy", "Turns"]

MAX_WAITING = 64
"""Paintings that may wait for their turn; more are refused at once."""

_Result = TypeVar("_Result")


class Busy(RuntimeError):
    """More paintings wait than ever should."""


class Turns:
    """The queue of everything that computes.

    All of it runs in one thread: torch keeps a team of threads for each thread that calls it.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()  # fair: it wakes those who wait in their order
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="painter")
        self._waiting = 0

    async def run(
        self, take: Callable[[], Awaitable[Callable[[], _Result] | None]]
    ) -> _Result | None:
        """Wait for a turn, then ask `take` what to do, then do it in the thread.

        What is to be painted is asked for only when it can start, so it is never out of date. None
        means that there is nothing to do any more. The turn lasts until the thread is done, even
        when the task that waits for it is cancelled.

        Raises:
            Busy: when too many wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise Busy
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        try:
            work = await take()
            if work is None:
                self._lock.release()
                return None
            future = self._thread.submit(work)
        except BaseException:
            self._lock.release()
            raise
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda done: self._end(loop, done))
        return await asyncio.shield(asyncio.wrap_future(future))

    def _end(self, loop: asyncio.AbstractEventLoop, done: Future[_Result]) -> None:
        """Called by the thread."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._lock.release)

    def close(self) -> None:
        """Take no more work; what runs is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
