"""A service while it runs: its start and end, and CPU time and memory of its processes."""

import contextlib
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

_LONGEST_START_S = 900


@contextlib.contextmanager
def running(command: list[str], address: str) -> Iterator[int]:
    """A service while it runs, as the number of its process; it is ready at the beginning."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + _LONGEST_START_S
        while True:
            try:
                urllib.request.urlopen(address, timeout=10).close()  # noqa: S310 (our own service)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{command} did not start") from None
                time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def family(process: int) -> list[int]:
    """A process and its descendants, as Linux lists them."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [process, *(one for child in children for one in family(int(child)))]


def cpu_seconds(*processes: int) -> float:
    """Time that processes and their descendants have spent on a CPU."""
    ticks = 0
    for one in _families(processes):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            # With that of children that have ended.
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(*processes: int) -> dict[str, float]:
    """Memory of processes and their descendants in MB.

    `rss` counts what they share once for each of them, `pss` once, and `uss` not at all.
    """
    total = {"rss": 0, "pss": 0, "uss": 0}
    for one in _families(processes):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()[1:]
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
            total["rss"] += kilobytes["Rss"]
            total["pss"] += kilobytes["Pss"]
            total["uss"] += kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return {name: round(value * 1024 / 1e6, 1) for name, value in total.items()}


@contextlib.contextmanager
def memory_samples(*processes: int, every_seconds: float) -> Iterator[list[dict[str, float]]]:
    """The memory of processes and their descendants at regular times while the block runs."""
    samples = [memory_mb(*processes)]
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(every_seconds):
            samples.append(memory_mb(*processes))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
        samples.append(memory_mb(*processes))


def _families(processes: Sequence[int]) -> set[int]:
    return {one for process in processes for one in family(process)}
