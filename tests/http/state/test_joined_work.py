"""Requests that wait are computed together; each has its own result, error, end and refusal."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state.joined_work import JoinedWork


class Halves:
    """Halves even numbers, when it is let; odd ones are errors."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.calls: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[float | Exception]:
        self.calls.append(list(numbers))
        self.free.wait(10)
        return [ValueError(number) if number % 2 else number / 2 for number in numbers]


def joined(halves: Halves, *, waiting: int = 9, seconds: float = 9) -> JoinedWork[int, float]:
    return JoinedWork("quick", halves, most=3, waiting=waiting, seconds=seconds)


async def begun(work: JoinedWork[int, float], numbers: Sequence[int]) -> list[asyncio.Task[float]]:
    """The tasks of some numbers, of which the first is being computed."""
    tasks = [asyncio.create_task(work.run(numbers[0]))]
    while not work._together.calls:  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)
    tasks += [asyncio.create_task(work.run(number)) for number in numbers[1:]]
    await asyncio.sleep(0)
    return tasks


def test_what_arrives_during_a_call_is_the_next_call() -> None:
    async def scenario() -> None:
        halves = Halves()
        tasks = await begun(joined(halves), [2, 4, 5, 6, 8])
        halves.free.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(one) for one in results] == ["1.0", "2.0", "5", "3.0", "4.0"]
        assert isinstance(results[2], ValueError)
        assert halves.calls == [[2], [4, 5, 6], [8]]

    asyncio.run(scenario())


def test_a_request_that_was_given_up_is_not_begun() -> None:
    async def scenario() -> None:
        halves = Halves()
        first, second, third = await begun(joined(halves), [2, 4, 6])
        second.cancel()
        await asyncio.sleep(0)
        halves.free.set()
        assert [await first, await third] == [1, 3]
        assert halves.calls == [[2], [6]]

    asyncio.run(scenario())


def test_more_than_may_wait_are_refused_and_late_ones_are_answered() -> None:
    async def scenario() -> None:
        halves = Halves()
        work = joined(halves, waiting=1, seconds=0.05)
        first, second = await begun(work, [2, 4])
        with pytest.raises(Refusal) as caught:
            await work.run(6)
        assert (caught.value.status_code, caught.value.message) == (
            429,
            "1 quick requests wait; the request was not begun.",
        )
        for task in (first, second):
            with pytest.raises(Refusal) as caught:
                await task
            assert caught.value.message == "the request was not answered in 0.05 s."
        halves.free.set()
        while work._queue:
            await asyncio.sleep(0.001)
        assert await work.run(8) == 4
        work.close()

    asyncio.run(scenario())


def test_an_error_of_a_call_is_that_of_each_request() -> None:
    def fail(_: Sequence[int]) -> list[float | Exception]:
        raise ZeroDivisionError

    async def scenario() -> None:
        work: JoinedWork[int, float] = JoinedWork("quick", fail, most=3, waiting=3, seconds=3)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await work.run(1)

    asyncio.run(scenario())
