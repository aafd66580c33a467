"""Threads of requests: bounded, and answered in time."""

import asyncio
import threading

import pytest

from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state.work_pool import WorkPool


def test_results_and_errors_come_back() -> None:
    async def scenario() -> int:
        pool = WorkPool("quick", threads=1, waiting=1, seconds=10)
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0)
        return await pool.run(lambda: 5)

    assert asyncio.run(scenario()) == 5


def test_more_than_may_wait_are_refused_and_later_ones_are_not() -> None:
    async def scenario() -> None:
        free = threading.Event()
        pool = WorkPool("long", threads=1, waiting=1, seconds=10)
        waiting = [asyncio.create_task(pool.run(free.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            await pool.run(lambda: 1)
        assert caught.value.status_code == 429
        assert caught.value.headers == {"Retry-After": "5"}
        assert caught.value.message == (
            "2 long requests are being answered or wait; the request was not begun."
        )
        free.set()
        await asyncio.gather(*waiting)
        await asyncio.sleep(0.01)
        assert await pool.run(lambda: 1) == 1

    asyncio.run(scenario())


def test_what_takes_too_long_is_answered_and_still_counts() -> None:
    async def scenario() -> None:
        free = threading.Event()
        pool = WorkPool("long", threads=1, waiting=0, seconds=0.01)
        with pytest.raises(Refusal) as caught:
            await pool.run(free.wait)
        assert (caught.value.status_code, caught.value.message) == (
            503,
            "the request was not answered in 0.01 s.",
        )
        with pytest.raises(Refusal) as caught:
            await pool.run(lambda: 1)
        assert caught.value.status_code == 429
        free.set()
        pool.close()

    asyncio.run(scenario())
