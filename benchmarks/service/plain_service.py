"""A plain service to compare with: Flask, waitress, a search engine, and a table of Arrow.

    python -m benchmarks.service.plain_service FOLDER --engine faiss --port 8001 --recall 0.95

It is what one writes in an afternoon: vectors in an engine, the catalogue as an Arrow table in
memory, and the threads of waitress. It answers `/query?target_id=...&k=...` for images among
images, from the files that `benchmarks.service.exported_vectors` wrote into FOLDER. The engine
searches as deep as it must for the recall. With `--prepare` it stores the vectors in the engine
and ends. It imports nothing of galsearch.
"""

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.service.peer_engines import ENGINES, Engine


class PlainSearch:
    """An engine over exported vectors, and their catalogue in memory."""

    def __init__(self, folder: Path, engine: Engine, recall: float) -> None:
        self.ids = np.load(folder / "ids.npy")
        self.vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.catalogue: pa.Table = pa.ipc.open_file(
            pa.memory_map(str(folder / "catalogue.arrow"))
        ).read_all()
        self._engine = engine
        self.processes = getattr(engine, "processes", ())
        """Numbers of processes that the engine runs beside this one."""
        self.depth, self.recall = self._least_depth(folder, recall)

    def neighbours(self, target_id: int, k: int) -> list[dict[str, Any]]:
        """The catalogue rows of the most similar galaxies, with their similarity."""
        row = int(np.searchsorted(self.ids, target_id))
        query = self.vectors[row : row + 1]
        (near,) = self._engine.search(query, k + 1, self.depth)
        rows = np.array([other for other in near if other != row][:k], np.int64)
        found: list[dict[str, Any]] = self.catalogue.take(pa.array(rows)).to_pylist()
        similarity = (self.vectors[rows] @ query[0]).tolist()
        for one, value in zip(found, similarity, strict=True):
            one |= {"target_id": str(one["target_id"]), "similarity": value}
        return found

    def _least_depth(self, folder: Path, recall: float) -> tuple[int, float]:
        """The least depth with this recall, or the largest one, and the recall that it has."""
        queries = self.vectors[np.load(folder / "query_rows.npy")]
        nearest = np.load(folder / "nearest_rows.npy")
        for depth in self._engine.depths:
            found = self._engine.search(queries, nearest.shape[1] + 1, depth)
            hits = [np.isin(*pair).mean() for pair in zip(nearest, found, strict=True)]
            measured = float(np.mean(hits))
            if measured >= recall:
                break
        return depth, measured


def plain_app(search: PlainSearch) -> Any:
    """The Flask application."""
    from flask import Flask, jsonify, request

    def query() -> Any:
        found = search.neighbours(int(request.args["target_id"]), int(request.args["k"]))
        return jsonify(neighbours=found)

    def facts() -> Any:
        return jsonify(depth=search.depth, recall_at_10=search.recall, processes=search.processes)

    app = Flask(__name__)
    app.add_url_rule("/query", view_func=query)
    app.add_url_rule("/facts", view_func=facts)
    return app


def main() -> int:
    """Serve, or prepare, what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of exported vectors")
    parser.add_argument("--engine", choices=ENGINES, default="faiss", help="search engine")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--recall", type=float, default=0.95, help="least recall@10")
    parser.add_argument("--prepare", action="store_true", help="store the vectors, and end")
    arguments = parser.parse_args()
    vectors = np.load(arguments.folder / "vectors.npy", mmap_mode=None)
    start = time.perf_counter()
    engine: Any = ENGINES[arguments.engine](arguments.folder, vectors)
    if arguments.prepare:
        engine.prepare(vectors)
        print(f"{time.perf_counter() - start:.1f} s for {len(vectors)} vectors", flush=True)
        return 0
    _serve(PlainSearch(arguments.folder, engine, arguments.recall), arguments.port)
    return 0


def _serve(search: PlainSearch, port: int) -> None:
    # Flask's own server loses requests of clients that keep a connection and send without a pause.
    from waitress import serve

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(plain_app(search), host="127.0.0.1", port=port, threads=8, connection_limit=1000)


if __name__ == "__main__":
    sys.exit(main())
