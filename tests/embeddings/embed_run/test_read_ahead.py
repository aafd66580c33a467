"""Threads work ahead of the caller, in order and not too far."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.embeddings.embed_run.read_ahead import map_ahead


@settings(max_examples=20)
@given(st.lists(st.integers()), st.integers(1, 3), st.integers(0, 4))
def test_results_come_in_order(items: list[int], n_threads: int, n_ahead: int) -> None:
    found = map_ahead(lambda n: n + 1, items, n_threads=n_threads, n_ahead=n_ahead)
    assert list(found) == [n + 1 for n in items]


def test_items_are_taken_only_as_far_ahead_as_allowed() -> None:
    taken = []

    def items():  # type: ignore[no-untyped-def]
        for n in range(10):
            taken.append(n)
            yield n

    results = map_ahead(str, items(), n_threads=1, n_ahead=2)
    assert next(results) == "0"
    assert taken == [0, 1, 2]
    results.close()
    assert taken == [0, 1, 2]


def test_an_error_comes_in_its_place() -> None:
    results = map_ahead(lambda n: 1 // n, [1, 1, 0, 1], n_threads=2, n_ahead=3)
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_the_next_item_is_computed_while_the_caller_works() -> None:
    begun = [threading.Event(), threading.Event()]

    def begin(n: int) -> int:
        begun[n].set()
        return n

    results = map_ahead(begin, [0, 1], n_threads=1, n_ahead=1)
    assert next(results) == 0
    assert begun[1].wait(10)
    assert list(results) == [1]
