"""Requests that wait at the same time, computed together in one call.

No request waits for others to come: a call takes all that arrived while the one before it was
computed. One client therefore waits no longer, and many share the cost of a call.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

from galsearch.http.refusals.refusal import busy, too_long

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class _Waiting(NamedTuple):
    """A request that waits, and where its result goes to."""

    item: object
    future: "asyncio.Future[object]"


class JoinedWork(Generic[_Item, _Result]):
    """A thread that computes requests together.

    Parameters
    ----------
    name
        What is computed, in words for messages.
    together
        Computes the results of some requests, in their order; an error is the result of its
        request alone.
    most
        Largest number of requests of one call.
    waiting
        Number of requests that may wait; further ones are refused.
    seconds
        Time after which a request is answered without its result.
    """

    def __init__(
        self,
        name: str,
        together: Callable[[Sequence[_Item]], Sequence[_Result | Exception]],
        *,
        most: int,
        waiting: int,
        seconds: float,
    ) -> None:
        self._name, self._together = name, together
        self._most, self._waiting, self._seconds = most, waiting, seconds
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"galsearch-{name}")
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._is_running = False

    async def run(self, item: _Item) -> _Result:
        """The result of a request.

        Raises
        ------
        Refusal
            Where too many requests wait, or the result takes too long. A request that was given
            up is not begun.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        with self._lock:
            if len(self._queue) >= self._waiting:
                raise busy(f"{len(self._queue)} {self._name} requests wait", 5)
            self._queue.append(_Waiting(item, future))
            must_start, self._is_running = not self._is_running, True
        if must_start:
            self._executor.submit(self._work)
        timer = loop.call_later(self._seconds, self._give_up, future)
        try:
            return await future  # type: ignore[return-value]
        finally:
            timer.cancel()

    def _give_up(self, future: "asyncio.Future[object]") -> None:
        if not future.done():
            future.set_exception(too_long(self._seconds))

    def _work(self) -> None:
        """Compute until no request waits."""
        while True:
            with self._lock:
                n = min(self._most, len(self._queue))
                some = [self._queue.popleft() for _ in range(n)]
                if not some:
                    self._is_running = False
                    return
            wanted = [one for one in some if not one.future.done()]
            results = self._results([one.item for one in wanted])
            _hand_over(wanted, results)

    def _results(self, items: Sequence[object]) -> Sequence[object]:
        if not items:
            return ()
        try:
            return self._together(items)  # type: ignore[arg-type]
        except Exception as error:  # an error that is of no request alone is that of all
            return [error] * len(items)

    def close(self) -> None:
        """Begin nothing more; the thread ends when it has finished what it computes."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _hand_over(waiting: Sequence[_Waiting], results: Sequence[object]) -> None:
    """Give results to the event loop of their requests, in one call."""
    loops = {one.future.get_loop() for one in waiting}
    for loop in loops:
        pairs = zip(waiting, results, strict=True)
        own = [(one, result) for one, result in pairs if one.future.get_loop() is loop]
        with suppress(RuntimeError):  # the loop was closed, and nobody waits
            loop.call_soon_threadsafe(_deliver, own)


def _deliver(pairs: Sequence[tuple[_Waiting, object]]) -> None:
    for one, result in pairs:
        if one.future.done():
            continue
        if isinstance(result, Exception):
            one.future.set_exception(result)
        else:
            one.future.set_result(result)
