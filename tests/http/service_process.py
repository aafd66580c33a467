"""`galsearch serve` as a process, for tests that need a socket."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

_LONGEST_START_S = 90


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def running(
    *arguments: str | Path, log: Path | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`galsearch serve` and its address, when it is ready.

    A test of many requests names a file for the log: nothing reads the pipe while they are sent.
    """
    port = free_port()
    command = [sys.executable, "-m", "galsearch", "serve", "--port", str(port)]
    with open(log, "w") if log else nullcontext(subprocess.PIPE) as errors:  # noqa: PTH123
        process = subprocess.Popen(
            [*command, *map(str, arguments)], stderr=errors, stdout=subprocess.PIPE, text=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(process, address)
        yield process, address
    finally:
        if process.poll() is None:
            # Not killed: it ends the processes that it has started.
            process.terminate()
        process.communicate(timeout=60)


def wait_until_ready(process: subprocess.Popen[str], address: str) -> None:
    end = time.monotonic() + _LONGEST_START_S
    while True:
        try:
            fetch(f"{address}/ready")
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(process.communicate()[1]) from None
            time.sleep(0.05)
        else:
            return


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (our own service)
        return json.load(answer)
