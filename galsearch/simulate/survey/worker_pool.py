"""Worker processes, and chunks handed to whichever is free."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

from galsearch.core.errors import GalsearchError, MissingExtraError, SimulationError
from galsearch.simulate.survey.footprint import Chunk

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def make_chunks(
    out: Path,
    seed: int,
    chunks: Sequence[Chunk],
    *,
    workers: int,
    done: Callable[[Chunk], None],
    hemisphere: str = "south",
) -> None:
    """Make every chunk, `workers` at a time; `done` is called, in this thread, after each.

    Raises
    ------
    MissingExtraError
        Where a package of the extra `sim` is not installed.
    SimulationError
        Where a worker died; says what it last wrote. Chunks that were finished stay.
    """
    waiting: SimpleQueue[Chunk] = SimpleQueue()
    for chunk in chunks:
        waiting.put(chunk)
    finished: SimpleQueue[Chunk | GalsearchError] = SimpleQueue()
    with tempfile.TemporaryFile() as log:
        crew = [_start(out, seed, hemisphere, log) for _ in range(min(workers, len(chunks)))]
        threads = [
            threading.Thread(target=_drive, args=(process, waiting, finished, log), daemon=True)
            for process in crew
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in chunks:
                result = finished.get()
                if isinstance(result, GalsearchError):
                    raise result
                done(result)
        finally:
            _dismiss(crew, threads)


def _start(out: Path, seed: int, hemisphere: str, log: IO[bytes]) -> "subprocess.Popen[str]":
    root = str(Path(__file__).parents[3])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, **dict.fromkeys(_THREAD_LIMITS, "1")}
    return subprocess.Popen(  # noqa: S603 (our own module, our own interpreter)
        [
            sys.executable,
            "-P",
            "-m",
            "galsearch.simulate.survey.worker",
            str(out),
            str(seed),
            hemisphere,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        text=True,
        encoding="utf-8",
    )


def _drive(
    process: "subprocess.Popen[str]",
    waiting: "SimpleQueue[Chunk]",
    finished: "SimpleQueue[Chunk | GalsearchError]",
    log: IO[bytes],
) -> None:
    """Hand chunks to one worker until none wait, or something goes wrong."""
    while True:
        try:
            chunk = waiting.get_nowait()
        except Empty:
            return
        answer = _ask(process, chunk)
        if answer != chunk.number:
            finished.put(_error(answer, chunk, log))
            return
        finished.put(chunk)


def _ask(process: "subprocess.Popen[str]", chunk: Chunk) -> object:
    """The worker's answer; None where it died."""
    assert process.stdin is not None  # noqa: S101 (both are pipes)
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(json.dumps(astuple(chunk)) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except (OSError, ValueError):
        return None
    return json.loads(line) if line else None


def _error(answer: object, chunk: Chunk, log: IO[bytes]) -> GalsearchError:
    if isinstance(answer, dict):
        kind = MissingExtraError if answer["code"] == MissingExtraError.code else SimulationError
        return kind(answer["message"])
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines() or ["nothing"]
    return SimulationError(
        f"the process that made HEALPix pixel {chunk.pixel} ended early; it last wrote: "
        f"{lines[-1]} Run the same command again: finished pixels are kept."
    )


def _dismiss(crew: "list[subprocess.Popen[str]]", threads: list[threading.Thread]) -> None:
    for process in crew:
        process.kill()
    for thread in threads:
        thread.join()
    for process in crew:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
