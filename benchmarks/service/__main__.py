"""Requests per second and latency of `galsearch serve`, beside a plain Flask service.

    python -m benchmarks.service INDEX --seconds 20 --out service.json

Both services run on this machine, one after the other in turns, and answer the same queries: the
ten images most similar to a stored image, with all catalogue columns. Queries are of random
galaxies. The time that a service's processes spent on the CPU for each request is given too: it is
what to compare on a machine with other work.
"""

import argparse
import contextlib
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.service.load_generator import send_load
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_json
from galsearch.query import open_index

HOST = "127.0.0.1"
_LONGEST_START_S = 600


def main() -> int:
    """Measure both services, print the figures, and write them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("index", type=Path, help="directory of an index with images")
    parser.add_argument("--seconds", type=float, default=20, help="duration of each run")
    parser.add_argument(
        "--clients", type=int, nargs="+", default=[1, 64], help="numbers of clients"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes of galsearch serve")
    parser.add_argument("--n-probe", type=int, default=16, help="inverted lists of the plain one")
    parser.add_argument("--turns", type=int, default=2, help="runs of each service")
    parser.add_argument("--out", type=Path, help="JSON file of results")
    arguments = parser.parse_args()
    results = measure(arguments)
    if arguments.out is not None:
        write_json(arguments.out, results)
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The figures of all runs."""
    engine = open_index(arguments.index)
    ids = np.asarray(engine.index.stored(Modality.IMAGE).ids)
    some = np.random.default_rng(1).choice(ids, min(len(ids), 20_000), replace=False).tolist()
    ours, plain = free_port(), free_port()
    served = [sys.executable, "-m", "galsearch", "serve", "--index", str(arguments.index)]
    served += ["--port", str(ours), "--workers", str(arguments.workers)]
    other = [sys.executable, "-m", "benchmarks.service.plain_service", str(arguments.index)]
    other += ["--port", str(plain), "--n-probe", str(arguments.n_probe)]
    one, fields = some[0], "k=10"
    runs: list[dict[str, Any]] = []
    with (
        running(served, f"http://{HOST}:{ours}/ready") as our_process,
        running(other, f"http://{HOST}:{plain}/query?target_id={one}&k=1") as plain_process,
    ):
        cases = {
            "galsearch": (ours, our_process, f"/v1/query?target_id={{}}&{fields}&facets=false"),
            "galsearch with facets": (ours, our_process, f"/v1/query?target_id={{}}&{fields}"),
            "plain": (plain, plain_process, f"/query?target_id={{}}&{fields}"),
        }
        for _ in range(arguments.turns):
            for clients in arguments.clients:
                for name, (port, process, pattern) in cases.items():
                    paths = [pattern.format(target_id) for target_id in some]
                    run = one_run(port, process, paths, clients, arguments.seconds)
                    runs.append({"service": name, "clients": clients, **run})
                    print(runs[-1], flush=True)
    direction = engine.manifest.direction(Modality.IMAGE, Modality.IMAGE)
    return {
        "galaxies": len(engine),
        "columns": len(engine.catalogue.columns.schema),
        "recall_at_10": None if direction is None else direction.recall_at_10,
        "machine": {"processor": platform.processor(), "cores": os.cpu_count()},
        "load_average": os.getloadavg()[0],
        "runs": runs,
    }


def one_run(
    port: int, process: int, paths: list[str], clients: int, seconds: float
) -> dict[str, Any]:
    """The figures of one run: latency, requests per second, CPU time and memory of the service."""
    send_load(HOST, port, paths, clients=clients, seconds=min(2.0, seconds), seed=99)
    before = cpu_seconds(process)
    load = send_load(HOST, port, paths, clients=clients, seconds=seconds)
    spent = cpu_seconds(process) - before
    n = max(1, len(load.milliseconds))
    return {
        **load.summary(),
        "cpu_ms_per_request": round(1000 * spent / n, 3),
        "memory_mb": round(sum(map(resident_bytes, family(process))) / 1e6, 1),
    }


@contextlib.contextmanager
def running(command: list[str], address: str) -> Iterator[int]:
    """A service while it runs, as the number of its process; it is ready at the beginning."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
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
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in family(int(child)))]


def cpu_seconds(process: int) -> float:
    """Time that a process and its descendants have spent on a CPU."""
    ticks = 0
    for one in family(process):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(process: int) -> int:
    """Memory of a process that is resident, with what it shares."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
