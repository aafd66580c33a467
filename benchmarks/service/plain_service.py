"""A plain service to compare with: Flask, an IVF index of FAISS, and the catalogue from Parquet.

    python -m benchmarks.service.plain_service INDEX --port 8001 --n-probe 16

It is what one writes in an afternoon: vectors as floats in an inverted file, the catalogue as an
Arrow table in memory, one thread of Flask's own server for each connection. It answers
`/query?target_id=...&k=...` for images among images.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pyarrow as pa

from galsearch.core.modality import Modality
from galsearch.query import open_index

_LEAST_VECTORS_OF_LIST = 39
"""Vectors for each list that FAISS wants for training."""


class PlainSearch:
    """An inverted file over the image vectors of an index, and its catalogue in memory."""

    def __init__(self, index: Path, n_probe: int) -> None:
        engine = open_index(index)
        stored = engine.index.stored(Modality.IMAGE)
        self.ids = np.asarray(stored.ids)
        self.vectors = stored.take(np.arange(len(self.ids)))
        n_lists = max(
            1, min(int(4 * len(self.ids) ** 0.5), len(self.ids) // _LEAST_VECTORS_OF_LIST)
        )
        lists: Any = faiss.index_factory(
            self.vectors.shape[1], f"IVF{n_lists},Flat", faiss.METRIC_INNER_PRODUCT
        )
        lists.train(self.vectors)
        lists.add(self.vectors)
        lists.nprobe = n_probe
        self.faiss = lists
        self.catalogue: pa.Table = engine.catalogue.columns.take(self.ids)

    def neighbours(self, target_id: int, k: int) -> list[dict[str, Any]]:
        """The catalogue rows of the most similar galaxies, with their similarity."""
        row = int(np.searchsorted(self.ids, target_id))
        similarity, rows = self.faiss.search(self.vectors[row : row + 1], k + 1)
        kept = rows[0] != row
        found: list[dict[str, Any]] = self.catalogue.take(pa.array(rows[0][kept][:k])).to_pylist()
        for one, value in zip(found, similarity[0][kept], strict=False):
            one |= {"target_id": str(one["target_id"]), "similarity": float(value)}
        return found

    def recall(self, n: int = 200, k: int = 10) -> float:
        """Fraction of the nearest `k` vectors of some galaxies that the inverted file finds."""
        rows = np.random.default_rng(2).choice(len(self.ids), min(n, len(self.ids)), replace=False)
        queries = self.vectors[rows]
        exact = np.argsort(-queries @ self.vectors.T, axis=1)[:, :k]
        _, found = self.faiss.search(queries, k)
        return float(np.mean([np.isin(*pair).mean() for pair in zip(exact, found, strict=True)]))


def plain_app(search: PlainSearch) -> Any:
    """The Flask application."""
    from flask import Flask, jsonify, request

    def query() -> Any:
        found = search.neighbours(int(request.args["target_id"]), int(request.args["k"]))
        return jsonify(neighbours=found)

    app = Flask(__name__)
    app.add_url_rule("/query", view_func=query)
    return app


def main() -> int:
    """Serve the index that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("index", type=Path, help="directory of an index")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--n-probe", type=int, default=16, help="inverted lists of each query")
    arguments = parser.parse_args()
    search = PlainSearch(arguments.index, arguments.n_probe)
    print(f"recall {search.recall():.4f}", flush=True)
    from werkzeug.serving import WSGIRequestHandler

    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # connections stay open, as those of the other
    plain_app(search).run(port=arguments.port, threaded=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
