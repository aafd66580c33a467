"""Threads in which requests are computed, so that none of them holds up the others.

A query that finds galaxies in a millisecond must not wait for one that takes seconds: long requests
have threads of their own, and only some of them may wait.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from galsearch.http.refusals.refusal import busy, too_long

_Result = TypeVar("_Result")


class WorkPool:
    """A number of threads, and a number of requests that may wait for them.

    Parameters
    ----------
    name
        What the threads compute, in words for messages.
    threads
        Number of threads.
    waiting
        Number of requests that may wait; further ones are refused.
    seconds
        Time after which a request is answered without its result.
    """

    def __init__(self, name: str, *, threads: int, waiting: int, seconds: float) -> None:
        self._name = name
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"galsearch-{name}")
        self._most = threads + waiting
        self._seconds = seconds
        self._n = 0

    async def run(self, function: Callable[[], _Result]) -> _Result:
        """The result of a function that one of the threads calls.

        Raises
        ------
        Refusal
            Where too many requests wait, or the function takes too long. It is not interrupted
            then, and holds its thread until it ends.
        """
        if self._n >= self._most:
            raise busy(f"{self._n} {self._name} requests are being answered or wait", 5)
        self._n += 1
        future = self._executor.submit(function)
        future.add_done_callback(self._count_down(asyncio.get_running_loop()))
        waiter = asyncio.wrap_future(future)
        # `wait` costs less than a cancelled `wait_for`, and leaves the function alone.
        done, _ = await asyncio.wait((waiter,), timeout=self._seconds)
        if not done:
            waiter.cancel()
            raise too_long(self._seconds)
        return waiter.result()

    def _count_down(self, loop: asyncio.AbstractEventLoop) -> Callable[[object], None]:
        def done(_: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._decrease)

        return done

    def _decrease(self) -> None:
        self._n -= 1

    def close(self) -> None:
        """Begin nothing more; the threads end when they have finished what they compute."""
        self._executor.shutdown(wait=False, cancel_futures=True)
