"""A real service that answers several clients while its index is changed again and again.

Every answer must be that of an index which the service may have had open during the request: the
one that it opened last, or the next one from the moment when it is told to open it.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.faults.processes.forked_commands import finish, run_forked, start_forked
from benchmarks.faults.subjects.small_survey import embedded_ids
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.undisturbed import Place
from galsearch.files.atomic import write_json, write_text

CHANGES = ("build-index --overwrite", "merge --overwrite", "add", "remove", "compact")
"""Changes of one cycle, after which the next can begin."""
N_CLIENTS = 4
_VOLATILE = ("seconds", "request_id")
_REOPENED, _NOT_REOPENED = "the indexes were opened again", "the indexes were not opened again"
_LONGEST_WAIT_S = 60
_AFTER_CHANGE_S = 0.2
"""Seconds for which the service answers from files that a change has superseded."""
_BUSY = 503
Answer = tuple[int, int, str, float, float]
"""Number of the request, status, body, and the times between which it was answered."""


@dataclass(frozen=True)
class Build:
    """A state of the served index, a copy of it, and the times when the service may have it."""

    path: Path
    start: float
    end: float = float("inf")


def service_trials(place: Place, n_changes: int) -> dict[str, Any]:
    """Change a served index `n_changes` times; after five changes the service is started anew."""
    place.work.mkdir(exist_ok=True)
    place.commands["remove"].prepare(place.work)
    counts = {"changes": 0, "answers": 0, "busy": 0, "stated errors": 0, "ambiguous": 0}
    problems: list[dict[str, Any]] = []
    for number in range(0, n_changes, len(CHANGES)):
        builds, answers, refused = _cycle(place, CHANGES[: n_changes - number], seed=number)
        problems += refused
        counts["changes"] += len(builds) - 1
        problems += _count_wrong(place, builds, answers, counts)
    return {"command": "service", **counts, "problems": problems[:20]}


def requests() -> list[str]:
    """Paths of requests: queries in all directions, filters, estimates, galaxies, and a cone."""
    ids = embedded_ids()[[20, 100, 120, 200, 270, 300, 330, 380]].tolist()
    where = quote("z > 0.2 and dec_deg < 4")
    paths = ["/v1/describe", "/v1/cone?RA=90&DEC=-2.5&SR=20"]
    for target_id in ids:
        paths.append(f"/v1/galaxies/{target_id}")
        paths.append(f"/v1/estimate?target_id={target_id}&property=z")
        for using in ("image", "spectrum"):
            for among in ("image", "spectrum"):
                query = f"/v1/query?target_id={target_id}&using={using}&among={among}&k=7"
                paths += [query, f"{query}&exact=false&where={where}"]
    return paths


def _cycle(
    place: Place, changes: Sequence[str], seed: int
) -> tuple[list[Build], list[Answer], list[dict[str, Any]]]:
    """All states of the index during one cycle, the answers of the service, and what failed."""
    kept = place.root / "builds"
    shutil.rmtree(kept, ignore_errors=True)
    problems: list[dict[str, Any]] = []
    with _serving(place) as (process, port):
        builds = [_kept(place, kept / "0", time.monotonic())]
        stop, records = place.root / "stop", place.root / "answers.json"
        stop.unlink(missing_ok=True)
        clients = start_forked(partial(_send, port, stop, records, seed), place.root / "send.txt")
        for number, name in enumerate(changes, start=1):
            command = replace(place.commands[name], start=None)
            ending = place.run(command)
            if ending.status:
                problems.append({"at": name, "problem": ending.text[-300:]})
            time.sleep(_AFTER_CHANGE_S)
            build = _kept(place, kept / str(number), time.monotonic())
            if not _reopen(place, process):
                problems.append({"at": name, "problem": _log(place)[-300:]})
            builds[-1] = replace(builds[-1], end=time.monotonic())
            builds.append(build)
        time.sleep(_AFTER_CHANGE_S)
        write_text(stop, "")
        ending = finish(clients, place.root / "send.txt")
    if ending.status:
        return builds, [], [*problems, {"at": "clients", "problem": ending.text[-500:]}]
    return builds, [tuple(each) for each in json.loads(records.read_text())], problems


@contextlib.contextmanager
def _serving(place: Place) -> Iterator[tuple[int, int]]:
    """The numbers of the process and of the port of `galsearch serve`, which is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = WritingCommand("serve", ("serve", "--index", str(place.out), "--port", str(port)))
    process = start_forked(command.run, place.root / "serve.txt")
    try:
        end = time.monotonic() + _LONGEST_WAIT_S
        while _status(port, "/ready") != 200:
            if time.monotonic() > end:
                raise RuntimeError(_log(place))
            time.sleep(0.05)
        yield process, port
    finally:
        os.kill(process, signal.SIGTERM)
        finish(process, place.root / "serve.txt")


def _status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=_LONGEST_WAIT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _kept(place: Place, path: Path, start: float) -> Build:
    """A copy of the index as it is now."""
    shutil.copytree(place.out, path)
    return Build(path, start)


def _log(place: Place) -> str:
    return (place.root / "serve.txt").read_text(errors="replace")


def _reopen(place: Place, process: int) -> bool:
    """Have the service open the index again; False where it does not."""
    before = _log(place).count(_REOPENED)
    os.kill(process, signal.SIGHUP)
    end = time.monotonic() + _LONGEST_WAIT_S
    while time.monotonic() < end and _NOT_REOPENED not in _log(place):
        if _log(place).count(_REOPENED) > before:
            return True
        time.sleep(0.01)
    return False


def _send(port: int, stop: Path, records: Path, seed: int) -> int:
    """Send requests in several threads until a file appears; write the answers as JSON."""
    paths = requests()
    answers: list[Answer] = []

    def client(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=_LONGEST_WAIT_S)
        row = (seed + number) * 17
        while not stop.exists():
            row += 1 + number
            start = time.monotonic()
            try:
                connection.request("GET", paths[row % len(paths)])
                response = connection.getresponse()
                found = response.status, _body(response.read())
            except OSError as error:
                found = 0, f"{type(error).__name__}: {error}"
                connection.close()
            answers.append((row % len(paths), *found, start, time.monotonic()))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(N_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    write_json(records, answers)
    return 0


def _body(content: bytes) -> str:
    """The text of an answer without its duration and the number of its request."""
    text = content.decode()
    if not text.startswith("{"):
        return text
    fields = json.loads(text)
    return json.dumps({name: each for name, each in fields.items() if name not in _VOLATILE})


def _count_wrong(
    place: Place, builds: list[Build], answers: list[Answer], counts: dict[str, int]
) -> list[dict[str, Any]]:
    """Answers that no index gives which the service may have had open during the request."""
    expected = [_expected(place, build.path) for build in builds]
    problems = []
    paths = requests()
    for number, status, body, start, end in answers:
        counts["answers"] += 1
        counts["stated errors"] += status in (404, 422)
        if status == _BUSY:
            counts["busy"] += 1
            continue
        possible = [
            right[number]
            for build, right in zip(builds, expected, strict=True)
            if build.start <= end and start <= build.end
        ]
        counts["ambiguous"] += len({tuple(one) for one in possible}) > 1
        if [status, body] not in possible:
            at = f"{paths[number]}, {start - builds[0].start:.2f} s"
            problems.append({"at": at, "problem": f"{status} {body[:300]}"})
    return problems


def _expected(place: Place, index: Path) -> list[list[Any]]:
    """The statuses and bodies of all requests to a service of an index that nothing disturbs."""
    records = place.root / "expected.json"

    def ask() -> int:
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient

        from galsearch.http.service import create_app
        from galsearch.http.state.service_settings import ServiceSettings

        app = create_app(ServiceSettings({place.out.name: index}))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            found = [client.get(path) for path in requests()]
        write_json(records, [[one.status_code, _body(one.content)] for one in found])
        return 0

    ending = run_forked(ask, place.root / "expected.txt")
    if ending.status:
        raise RuntimeError(ending.text)
    answers: list[list[Any]] = json.loads(records.read_text())
    return answers
