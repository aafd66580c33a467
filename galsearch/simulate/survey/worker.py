"""Functions that run in the worker processes of a simulated survey.

This module imports little, because the process that hands out the work imports it too.
"""

import os
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from galsearch.simulate.survey.footprint import Chunk


def start_worker(lifeline: Connection, log: str) -> None:
    """Prepare a worker process that was just started.

    The process ends at once when the other end of `lifeline` is closed, which also happens when the
    main process dies. Ctrl-C is left to the main process. Whatever libraries print is appended to
    `log`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for standard_stream in (1, 2):
        os.dup2(output, standard_stream)
    os.close(output)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    lifeline.poll(None)
    os._exit(1)


def make_chunk_in_worker(out: Path, seed: int, chunk: Chunk, hemisphere: str) -> None:
    """Make one chunk in a worker process; the first call imports the simulators."""
    from galsearch.simulate.survey.chunk import make_chunk

    make_chunk(out, seed, chunk, hemisphere)
