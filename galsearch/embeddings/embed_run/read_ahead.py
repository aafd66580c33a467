"""A function applied to items by threads that work ahead of the caller."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    n_threads: int,
    n_ahead: int,
) -> Generator[Result, None, None]:
    """The results of a function for each item in their order, computed ahead by threads.

    An error of the function is raised in the place of its result. When the iterator is closed, the
    items that no thread has begun are left out, and those begun are waited for.

    Parameters
    ----------
    function
        Function that several threads may call at once.
    items
        Items, which are taken when they are needed, by the thread of the caller.
    n_threads
        Number of threads.
    n_ahead
        Number of results that are computed ahead, which limits their memory.

    Examples
    --------
    >>> list(map_ahead(abs, [-1, 2, -3], n_threads=2, n_ahead=1))
    [1, 2, 3]
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > n_ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
