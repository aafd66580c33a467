"""Commands in forked copies of a process that has imported everything, so that each starts at once.

The process that forks must never search an index itself: a copy of a process with running threads
of FAISS or polars would wait for them for ever.
"""

import importlib
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.faults.processes.observed_process import Ending, run_and_exit

_LONGEST_RUN_S = 120
_IMPORTED = (
    "galsearch.cli.command_line",
    "galsearch.encoders.astroclip.convert",
    "galsearch.render.gallery",
    # Libraries import these when they are first needed.
    "pandas",
    "pyarrow.dataset",
)
_IMPORTED_BY_TRAINING = (
    "training.alignment",
    "matplotlib.pyplot",
    # PyTorch imports these, which takes seconds, when it is first needed.
    "torch._dynamo",
    "torch.distributed",
)
HANGS = -999
"""Status of a process that was killed because it did not end in two minutes."""


def import_everything(*, training: bool = True) -> None:
    """Import whatever the commands import, with one thread for each library.

    `training` says whether trainings are among the commands.
    """
    for name in (*_IMPORTED, *(_IMPORTED_BY_TRAINING if training else ())):
        with suppress(ImportError):
            importlib.import_module(name)
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    galsearch = importlib.import_module("galsearch")
    for name in galsearch.__all__:
        getattr(galsearch, name)


def run_forked(function: Callable[[], int], log: Path) -> Ending:
    """Run a function in a forked process to its end; its result is the exit status."""
    return finish(start_forked(function, log), log)


def start_forked(function: Callable[[], int], log: Path) -> int:
    """Start a function in a forked process, and return the number of the process."""
    child = os.fork()
    if not child:
        run_and_exit(function, log)
    return child


def finish(child: int, log: Path) -> Ending:
    """Wait for a forked process and return how it ended."""
    end = time.monotonic() + _LONGEST_RUN_S
    pause = 0.001
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            code = os.waitstatus_to_exitcode(status)
            break
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            code = HANGS
            break
        time.sleep(pause)
        pause = min(0.01, pause * 1.2)
    return Ending(code, log.read_text(errors="replace") if log.is_file() else "")


def answer_of(function: Callable[[], Any], log: Path) -> Any:
    """The value that a function returns in a forked process, as JSON can hold it.

    A text that begins with the name of the class where it raised an error, and `process died: ...`
    where the process did not end by itself.
    """

    def told() -> int:
        print(json.dumps(_result(function)), flush=True)
        return 0

    ending = run_forked(told, log)
    lines = ending.text.splitlines()
    if ending.status or not lines:
        return f"process died: status {ending.status}: {ending.text[-300:]}"
    return json.loads(lines[-1])


def _result(function: Callable[[], Any]) -> Any:
    from galsearch import GalsearchError

    try:
        return function()
    except GalsearchError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"{type(error).__module__}.{type(error).__name__}: {error}"
