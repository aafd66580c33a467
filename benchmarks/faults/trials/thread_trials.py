"""One open index that many threads query at the same time, compared with one thread."""

import itertools
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.subjects.small_survey import embedded_ids
from benchmarks.faults.trials.undisturbed import Place

Request = Callable[[], bytes]
N_THREADS = 8
_WHERE = (None, "z > 0.2", "z < 0.5 and ra_deg > 30", "dec_deg > 0 or z < 0.1")
_MODALITIES = ("image", "spectrum", "both")


def thread_trials(place: Place, index: Path, n_rounds: int) -> dict[str, Any]:
    """Send all requests in eight threads, `n_rounds` times, to an index that is opened anew."""

    def count() -> dict[str, Any]:
        from galsearch import open_index

        expected = [request() for request in mixed_requests(open_index(index))]
        problems, n = [], 0
        for number in range(n_rounds):
            requests = mixed_requests(open_index(index))
            order = np.random.default_rng(number).permutation(len(requests))
            found = answers_in_threads([requests[row] for row in order], N_THREADS)
            n += len(found)
            for row, answer in zip(order.tolist(), found, strict=True):
                if answer != expected[row]:
                    problems.append({"request": row, "answer": str(answer)[:200]})
        return {"requests": n, "different": len(set(expected)), "problems": problems[:20]}

    counted = place.answer(count)
    if isinstance(counted, str):
        counted = {"requests": 0, "different": 0, "problems": [{"answer": counted}]}
    return {"command": f"{N_THREADS} threads, {index.name}", "rounds": n_rounds, **counted}


def mixed_requests(engine: Any) -> list[Request]:
    """Queries in all directions, with and without filters, exact and not, tables and estimates.

    Each returns all that it has found, byte for byte.
    """
    ids = [target_id for target_id in embedded_ids()[20:400:30].tolist() if target_id in engine]
    requests: list[Request] = []
    words = itertools.product(_MODALITIES, _MODALITIES, _WHERE, (False, True))
    for number, (using, among, where, exact) in enumerate(words):
        asked = {"using": using, "among": among, "where": where, "exact": exact}
        target_id, k = ids[number % len(ids)], 1 + number % 12
        requests.append(_query(engine, target_id, {**asked, "k": k}))
        if number % 6 == 0:
            requests.append(_query(engine, ids, {**asked, "k": k}))
        if where is None and not exact and "both" not in (using, among):
            requests.append(_estimate(engine, target_id, {"using": using, "among": among}))
    return requests


def answers_in_threads(requests: Sequence[Request], n_threads: int) -> list[bytes]:
    """The answers of all requests, which threads send at the same time; an error is its text."""
    answers = [b""] * len(requests)
    barrier = threading.Barrier(n_threads)

    def send(first: int) -> None:
        barrier.wait()
        for number in range(first, len(requests), n_threads):
            try:
                answers[number] = requests[number]()
            except Exception as error:
                answers[number] = f"{type(error).__name__}: {error}".encode()

    threads = [threading.Thread(target=send, args=(first,)) for first in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _query(engine: Any, ids: Any, words: dict[str, Any]) -> Request:
    """A query for one galaxy, or for each of several."""

    def request() -> bytes:
        many = engine.query_many(ids, **words) if isinstance(ids, list) else None
        found = [engine.query(ids, **words)] if many is None else list(many)
        columns = ("target_ids", "similarity", "ra_deg", "dec_deg", "z")
        return b"".join(
            np.ascontiguousarray(getattr(one, name)).tobytes() for one in found for name in columns
        )

    return request


def _estimate(engine: Any, target_id: int, words: dict[str, Any]) -> Request:
    def request() -> bytes:
        from galsearch import estimate

        found = estimate([target_id], property="z", index=engine, **words)
        columns = {name: np.asarray(column).tolist() for name, column in found.columns.items()}
        return json.dumps(columns).encode()

    return request
