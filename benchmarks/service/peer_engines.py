"""Search engines behind the plain service: FAISS, Qdrant, Milvus and pgvector.

They run in Python environments of their own, and import nothing of galsearch. Each finds rows of
the exported vectors by inner product. `prepare` stores the vectors once, where an engine keeps them
on disk; `depth` is the part of the engine that is searched, by which recall is bought with time.
"""

import math
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
_LADDER = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_LEAST_VECTORS_OF_LIST = 39
"""Vectors for each list that FAISS wants for training."""


class Engine(Protocol):
    """The functions of a search engine that the plain service calls."""

    depths: Sequence[int]
    """Depths in ascending order; the least one with enough recall is served."""

    def search(self, vectors: Vectors, k: int, depth: int) -> list[Sequence[int]]:
        """Rows of the `k` most similar vectors of each query."""


def n_lists(n: int) -> int:
    """Inverted lists for `n` vectors, as FAISS and Milvus advise."""
    return max(1, min(int(4 * math.sqrt(n)), n // _LEAST_VECTORS_OF_LIST))


class Faiss:
    """An inverted file of floats in memory, made when the service starts."""

    depths = _LADDER

    def __init__(self, _: Path, vectors: Vectors) -> None:
        import faiss

        faiss.omp_set_num_threads(os.cpu_count() or 1)
        size = vectors.shape[1]
        lists: Any = faiss.index_factory(
            size, f"IVF{n_lists(len(vectors))},Flat", faiss.METRIC_INNER_PRODUCT
        )
        lists.cp.max_points_per_centroid = 64
        lists.train(vectors)
        lists.add(vectors)
        self._lists = lists
        self._kind: Any = faiss.SearchParametersIVF
        faiss.omp_set_num_threads(1)

    def search(self, vectors: Vectors, k: int, depth: int) -> list[Sequence[int]]:  # noqa: D102
        _, rows = self._lists.search(vectors, k, params=self._kind(nprobe=depth))
        return list(rows)


class Qdrant:
    """Qdrant's embedded form (local mode), in memory, which compares a query with every vector.

    On a disk it commits each point by itself, which takes 10 ms each.
    """

    depths = (1,)
    name = "galaxies"

    def __init__(self, _: Path, vectors: Vectors) -> None:
        from qdrant_client import QdrantClient, models

        self._client = QdrantClient(":memory:")
        self._lock = threading.Lock()
        config = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
        self._client.create_collection(self.name, vectors_config=config)
        self._client.upload_collection(
            self.name, vectors=vectors, ids=list(range(len(vectors))), batch_size=1000
        )

    def search(self, vectors: Vectors, k: int, _: int) -> list[Sequence[int]]:  # noqa: D102
        found: list[Sequence[int]] = []
        for vector in vectors:
            with self._lock:  # the local mode is not made for several threads
                points = self._client.query_points(
                    self.name, query=vector.tolist(), limit=k, with_payload=False
                ).points
            found.append([int(point.id) for point in points])
        return found


class Milvus:
    """Milvus Lite, with an inverted file of floats."""

    depths = _LADDER
    name = "galaxies"

    def __init__(self, folder: Path, _: Vectors) -> None:
        from pymilvus import MilvusClient

        self._client = MilvusClient(str(folder / "milvus.db"))
        if self._client.has_collection(self.name):
            self._client.load_collection(self.name)

    def prepare(self, vectors: Vectors) -> None:
        """Store the vectors."""
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
        index = self._client.prepare_index_params()
        index.add_index(
            "vector",
            index_type="IVF_FLAT",
            metric_type="IP",
            params={"nlist": n_lists(len(vectors))},
        )
        self._client.create_collection(self.name, schema=schema, index_params=index)
        for start in range(0, len(vectors), 10_000):
            block = vectors[start : start + 10_000]
            rows = [{"id": start + i, "vector": vector} for i, vector in enumerate(block)]
            self._client.insert(self.name, rows)

    def search(self, vectors: Vectors, k: int, depth: int) -> list[Sequence[int]]:  # noqa: D102
        found = self._client.search(
            self.name,
            data=vectors.tolist(),
            limit=k,
            search_params={"metric_type": "IP", "params": {"nprobe": depth}},
        )
        return [[int(hit["id"]) for hit in hits] for hits in found]


class PgVector:
    """PostgreSQL with pgvector (package pgserver), with an inverted file (ivfflat)."""

    depths = _LADDER

    def __init__(self, folder: Path, _: Vectors) -> None:
        import pgserver

        self._server = pgserver.get_server(folder / "postgres")
        self._connections = threading.local()
        self.processes = (int((folder / "postgres/postmaster.pid").read_text().split()[0]),)

    def prepare(self, vectors: Vectors) -> None:
        """Store the vectors."""
        connection = self._connection()
        connection.execute("create extension if not exists vector")
        connection.execute(f"create table galaxies (id int, v vector({vectors.shape[1]}))")
        copy = "copy galaxies (id, v) from stdin (format binary)"
        with connection.cursor() as cursor, cursor.copy(copy) as sink:
            for part in _binary_rows(vectors):
                sink.write(part)
        connection.execute("set maintenance_work_mem = '2GB'")
        connection.execute(
            "create index on galaxies using ivfflat (v vector_ip_ops) "
            f"with (lists = {max(1, len(vectors) // 1000)})"  # as its makers advise
        )

    def search(self, vectors: Vectors, k: int, depth: int) -> list[Sequence[int]]:  # noqa: D102
        connection = self._connection()
        connection.execute(f"set ivfflat.probes = {depth:d}")
        order = "select id from galaxies order by v <#> %s::vector limit %s"
        return [
            [row[0] for row in connection.execute(order, (_text(vector), k))] for vector in vectors
        ]

    def _connection(self) -> Any:
        if not hasattr(self._connections, "one"):
            import psycopg

            self._connections.one = psycopg.connect(self._server.get_uri(), autocommit=True)
        return self._connections.one


def _binary_rows(vectors: Vectors) -> Iterator[bytes]:
    """The rows of a table of numbers and vectors in the binary format of PostgreSQL's COPY."""
    size = vectors.shape[1]
    fields = [("n", ">i2"), ("n_id", ">i4"), ("id", ">i4"), ("n_v", ">i4"), ("dim", ">i2")]
    kind = np.dtype([*fields, ("unused", ">i2"), ("v", ">f4", (size,))])
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    for start in range(0, len(vectors), 10_000):
        block = vectors[start : start + 10_000]
        rows = np.zeros(len(block), kind)
        rows["n"], rows["n_id"], rows["n_v"], rows["dim"] = 2, 4, 4 + 4 * size, size
        rows["id"], rows["v"] = np.arange(start, start + len(block)), block
        yield rows.tobytes()
    yield b"\xff\xff"


def _text(vector: Vectors) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(map(str, vector.tolist())) + "]"


ENGINES = {"faiss": Faiss, "qdrant": Qdrant, "milvus": Milvus, "pgvector": PgVector}
