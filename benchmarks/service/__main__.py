"""Requests per second, latency and memory of `galsearch serve`, beside plain services.

    python -m benchmarks.service INDEX --work FOLDER --prepare --peer milvus=PYTHON
    python -m benchmarks.service INDEX --work FOLDER --peer milvus=PYTHON --out service.json

All services run on this machine, one after the other, and answer the same queries: the ten images
most similar to a stored image, with all catalogue columns. Queries are of random galaxies. The
others are Flask with FAISS, and with each `--peer` (qdrant, milvus, pgvector), which runs in a
Python of its own; the engines search as deep as they must for the recall of the index. The time
that a service's processes spent on the CPU for each request is given too: it is what to compare on
a machine with other work. `--prepare` writes the vectors into FOLDER and into the engines, and
ends. With `--uploads N` a client queries galsearch while N others upload images.
"""

import argparse
import io
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.service.exported_vectors import export
from benchmarks.service.load_generator import Load, get_requests, send_load, upload_request
from benchmarks.service.running_service import cpu_seconds, memory_samples, running
from benchmarks.service.service_report import report
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_json
from galsearch.query import open_index

HOST = "127.0.0.1"
_MOST_OF_QDRANT = 20_000
"""Vectors for which the makers of Qdrant advise its embedded form; more take minutes to store."""


def main() -> int:
    """Measure the services, print the figures, and write them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("index", type=Path, help="directory of an index with images")
    add("--work", type=Path, required=True, help="folder of the exported vectors")
    add("--prepare", action="store_true", help="store the vectors in the engines, and end")
    add("--peer", action="append", default=[], help="ENGINE=PYTHON of another engine")
    add("--seconds", type=float, default=20, help="duration of the run with most clients")
    add("--clients", type=int, nargs="+", default=[1, 64], help="numbers of clients")
    add("--workers", type=int, default=1, help="processes of galsearch serve")
    add("--uploads", type=int, default=0, help="clients that upload images")
    add("--out", type=Path, help="JSON file of results")
    arguments = parser.parse_args()
    peers = dict(peer.split("=", 1) for peer in arguments.peer)
    if not arguments.work.exists():
        export(arguments.index, arguments.work)
    if arguments.prepare:
        prepare(arguments.work, peers)
        return 0
    results = measure(arguments, peers)
    if arguments.out is not None:
        write_json(arguments.out, results)
    print(report(results))
    return 0


def prepare(work: Path, peers: dict[str, str]) -> None:
    """Store the exported vectors in the engines that keep them on disk."""
    for engine, python in peers.items():
        if engine != "qdrant":  # which holds them in memory
            print(engine, flush=True)
            subprocess.run([*_plain(work, engine, python), "--prepare"], check=True)


def measure(arguments: argparse.Namespace, peers: dict[str, str]) -> dict[str, Any]:
    """The figures of all services."""
    engine = open_index(arguments.index)
    direction = engine.manifest.direction(Modality.IMAGE, Modality.IMAGE)
    recall = 0.95 if direction is None else direction.recall_at_10
    ids = np.load(arguments.work / "ids.npy")
    some = np.random.default_rng(1).choice(ids, min(len(ids), 20_000), replace=False).tolist()
    results: dict[str, Any] = {
        "galaxies": len(engine),
        "columns": len(engine.catalogue.columns.schema),
        "machine": {"processor": platform.processor(), "cores": os.cpu_count()},
        "load_average": os.getloadavg()[0],
        "runs": [],
        "not_measured": {},
    }
    port = _free_port()
    command = [sys.executable, "-m", "galsearch", "serve", "--index", str(arguments.index)]
    command += ["--port", str(port), "--workers", str(arguments.workers)]
    with running(command, f"http://{HOST}:{port}/ready") as process:
        for name, more in {"galsearch": "&facets=false", "galsearch with facets": ""}.items():
            paths = [f"/v1/query?target_id={one}&k=10{more}" for one in some]
            results["runs"] += _runs(arguments, name, recall, port, [process], paths)
        if arguments.uploads:
            results["uploads"] = _uploads(arguments, port, paths)
    for name, python in {"faiss": sys.executable, **peers}.items():
        if name == "qdrant" and len(ids) > _MOST_OF_QDRANT:
            why = f"its embedded form is made for {_MOST_OF_QDRANT:,} vectors"
            results["not_measured"][name] = why
            continue
        port = _free_port()
        command = [*_plain(arguments.work, name, python), "--port", str(port)]
        with running([*command, "--recall", str(recall)], f"http://{HOST}:{port}/facts") as process:
            with urllib.request.urlopen(f"http://{HOST}:{port}/facts") as answer:
                facts = json.load(answer)
            paths = [f"/query?target_id={one}&k=10" for one in some]
            title = f"Flask with {name}"
            results["runs"] += _runs(
                arguments, title, facts["recall_at_10"], port, [process, *facts["processes"]], paths
            )
    return results


def _runs(
    arguments: argparse.Namespace,
    name: str,
    recall: float,
    port: int,
    processes: Sequence[int],
    paths: list[str],
) -> list[dict[str, Any]]:
    """The figures of one service: a run with each number of clients, a sixth as long with one."""
    runs = []
    for clients in arguments.clients:
        seconds = arguments.seconds / (6 if clients == 1 else 1)
        figures = one_run(port, processes, paths, clients, seconds)
        runs.append({"service": name, "clients": clients, "recall_at_10": recall, **figures})
        shown = {key: value for key, value in runs[-1].items() if key != "memory_mb"}
        print(shown, flush=True)
    return runs


def one_run(
    port: int, processes: Sequence[int], paths: list[str], clients: int, seconds: float
) -> dict[str, Any]:
    """The figures of one run: latency, requests per second, CPU time and memory of the service."""
    requests = get_requests(HOST, paths)
    few = min(clients, 8)  # a slow engine answers all that were sent before it is measured
    send_load(HOST, port, requests, clients=few, seconds=min(2.0, seconds), seed=99)
    before = cpu_seconds(*processes)
    with memory_samples(*processes, every_seconds=max(0.5, seconds / 20)) as memory:
        load = send_load(HOST, port, requests, clients=clients, seconds=seconds)
    spent = cpu_seconds(*processes) - before
    n = max(1, len(load.milliseconds))
    return {
        **load.summary(),
        "cpu_ms_per_request": round(1000 * spent / n, 3),
        "memory_mb": memory,
    }


def _uploads(arguments: argparse.Namespace, port: int, paths: list[str]) -> dict[str, Any]:
    """Queries of one client without and with clients that upload images at the same time."""
    seconds = arguments.seconds / 6
    sink = io.BytesIO()
    image = np.random.default_rng(4).normal(0.1, 1, (3, 152, 152)).astype(np.float32)
    np.lib.format.write_array(sink, image)
    upload = upload_request(HOST, "/v1/query/upload", sink.getvalue())
    send_load(HOST, port, [upload], clients=1, seconds=1)  # starts the process that embeds
    requests = get_requests(HOST, paths)
    without = send_load(HOST, port, requests, clients=1, seconds=seconds).summary()
    uploaded: list[Load] = []

    def storm() -> None:
        clients = arguments.uploads
        uploaded.append(send_load(HOST, port, [upload], clients=clients, seconds=seconds))

    thread = threading.Thread(target=storm)
    thread.start()
    beside = send_load(HOST, port, requests, clients=1, seconds=seconds).summary()
    thread.join()
    sent = uploaded[0].summary()
    return {"clients": arguments.uploads, "without": without, "with": beside, "uploads": sent}


def _plain(work: Path, engine: str, python: str) -> list[str]:
    return [python, "-m", "benchmarks.service.plain_service", str(work), "--engine", engine]


def _free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
