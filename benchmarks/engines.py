"""Search engines of the comparison behind one face: build, then rows for questions.

Each is set as its own documentation advises for vectors of this kind; `settings` lists what is
swept. Foreign packages are imported when an engine is made, so that each may live in an
environment of its own.
"""

import importlib
import math
import os
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Setting = dict[str, int]


class Engine(ABC):
    """One index over unit vectors; larger inner products are nearer."""

    settings: tuple[Setting, ...]

    @abstractmethod
    def build(self, vectors: Vectors) -> None:
        """Index the rows of `vectors` with every thread allowed."""

    @abstractmethod
    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) rows, nearest first, with one thread."""

    @abstractmethod
    def n_bytes(self) -> int:
        """What has to be in memory, as the engine writes it to a file."""


def _grid(**values: tuple[int, ...]) -> tuple[Setting, ...]:
    settings: list[Setting] = [{}]
    for name, choices in values.items():
        settings = [{**setting, name: choice} for setting in settings for choice in choices]
    return tuple(settings)


def power_of_two(n: float) -> int:
    """The nearest power of two."""
    return int(2 ** round(math.log2(n)))


class PlainFaiss(Engine):
    """Fast scan with OPQ and re-ranking by 8-bit vectors: FAISS's own best of this kind."""

    settings = _grid(nprobe=(4, 8, 16, 32, 64, 128), k_factor=(5, 10, 20, 40))

    def build(self, vectors: Vectors) -> None:
        """Train on as much as FAISS wants, add, keep the refinement."""
        faiss: Any = importlib.import_module("faiss")

        n, dim = vectors.shape
        lists = power_of_two(4 * math.sqrt(n))
        reduced = min(dim, 128)
        factory = f"OPQ{reduced // 2}_{reduced},IVF{lists},PQ{reduced // 2}x4fsr,Refine(SQ8)"
        self.index = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
        self.index.train(sample(vectors, 64 * lists))
        self.index.add(vectors)
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Parameters travel with the call."""
        faiss: Any = importlib.import_module("faiss")

        inner = faiss.SearchParametersPreTransform(
            index_params=faiss.SearchParametersIVF(nprobe=setting["nprobe"])
        )
        parameters = faiss.IndexRefineSearchParameters(
            k_factor=setting["k_factor"], base_index_params=inner
        )
        return np.asarray(self.index.search(questions, k, params=parameters)[1])

    def n_bytes(self) -> int:
        """Of FAISS's own file."""
        faiss: Any = importlib.import_module("faiss")

        return int(faiss.serialize_index(self.index).nbytes)


class Autofaiss(PlainFaiss):
    """What autofaiss's rule gives: OPQ, IVF with an HNSW quantiser, 8-bit codes, no re-ranking."""

    settings = _grid(nprobe=(16, 64, 256, 1024))

    def build(self, vectors: Vectors) -> None:
        """The factory string of autofaiss 2.x for this size."""
        faiss: Any = importlib.import_module("faiss")

        n, dim = vectors.shape
        lists = power_of_two(4 * math.sqrt(n)) if n < 1_000_000 else 16_384
        codes = min(64, dim // 2)
        factory = f"OPQ{codes}_{dim},IVF{lists}_HNSW32,PQ{codes}x8"
        self.index = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
        self.index.train(sample(vectors, 64 * lists))
        self.index.add(vectors)
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Parameters travel with the call."""
        faiss: Any = importlib.import_module("faiss")

        parameters = faiss.SearchParametersPreTransform(
            index_params=faiss.SearchParametersIVF(nprobe=setting["nprobe"])
        )
        return np.asarray(self.index.search(questions, k, params=parameters)[1])


class Hnswlib(Engine):
    """A graph over all vectors, M = 16, ef_construction = 128."""

    settings = _grid(ef=(16, 32, 64, 128, 256, 512))

    def build(self, vectors: Vectors) -> None:
        """One graph in memory."""
        hnswlib: Any = importlib.import_module("hnswlib")

        n, dim = vectors.shape
        self.index = hnswlib.Index(space="ip", dim=dim)
        self.index.init_index(max_elements=n, M=16, ef_construction=128, random_seed=1)
        self.index.add_items(vectors, np.arange(n), num_threads=os.cpu_count())
        self.index.set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """`ef` candidates are kept while walking."""
        self.index.set_ef(max(k, setting["ef"]))
        return np.asarray(self.index.knn_query(questions, k, num_threads=1)[0], np.int64)

    def n_bytes(self) -> int:
        """Of its file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            self.index.save_index(str(path))
            return path.stat().st_size


class Usearch(Engine):
    """A graph over all vectors in half precision, connectivity 16."""

    settings = _grid(expansion=(16, 32, 64, 128, 256, 512))

    def build(self, vectors: Vectors) -> None:
        """One graph in memory."""
        usearch: Any = importlib.import_module("usearch.index")

        n, dim = vectors.shape
        self.index = usearch.Index(
            ndim=dim, metric="ip", dtype="f16", connectivity=16, expansion_add=128
        )
        self.index.add(np.arange(n), vectors, threads=os.cpu_count() or 1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """`expansion` candidates are kept while walking."""
        self.index.expansion_search = max(k, setting["expansion"])
        matches = self.index.search(questions, k, threads=1)
        return np.asarray(matches.keys, np.int64).reshape(len(questions), k)

    def n_bytes(self) -> int:
        """Of its file."""
        return int(self.index.serialized_length)


class Scann(Engine):
    """A tree with anisotropic 4-bit codes and exact re-ordering."""

    settings = _grid(leaves=(5, 10, 30, 60, 100, 200), reorder=(100, 200))

    def build(self, vectors: Vectors) -> None:
        """As its documentation sets a million vectors."""
        scann: Any = importlib.import_module("scann")

        n = len(vectors)
        self.vectors = vectors
        self.index = (
            scann.scann_ops_pybind.builder(vectors, 10, "dot_product")
            .tree(
                num_leaves=2 * int(math.sqrt(n)),
                num_leaves_to_search=30,
                training_sample_size=min(n, 250_000),
            )
            .score_ah(2, anisotropic_quantization_threshold=0.2)
            .reorder(100)
            .build()
        )

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """One call for one question, one for many."""
        options: dict[str, Any] = {
            "final_num_neighbors": k,
            "pre_reorder_num_neighbors": setting["reorder"],
            "leaves_to_search": setting["leaves"],
        }
        if len(questions) == 1:
            return np.asarray(self.index.search(questions[0], **options)[0], np.int64)[None]
        return np.asarray(self.index.search_batched(questions, **options)[0], np.int64)

    def n_bytes(self) -> int:
        """Of its files, the vectors for re-ordering among them."""
        with tempfile.TemporaryDirectory() as folder:
            self.index.serialize(folder)
            return sum(path.stat().st_size for path in Path(folder).iterdir())


class Lance(Engine):
    """A table on disk with IVF-PQ and re-ranking by stored vectors; one question a call."""

    settings = _grid(nprobes=(10, 20, 50, 100), refine_factor=(10, 30))

    def build(self, vectors: Vectors) -> None:
        """LanceDB's own defaults for the number of lists and codes."""
        lancedb: Any = importlib.import_module("lancedb")
        import pyarrow as pa

        n, dim = vectors.shape
        self.folder = tempfile.TemporaryDirectory()
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), dim)
        table = pa.table({"id": np.arange(n), "vector": flat})
        self.table = lancedb.connect(self.folder.name).create_table("vectors", table)
        self.table.create_index(metric="dot", vector_column_name="vector")

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """It has no call for many questions."""
        found = []
        for question in questions:
            asked = self.table.search(question).metric("dot").limit(k).select(["id"])
            asked = asked.nprobes(setting["nprobes"]).refine_factor(setting["refine_factor"])
            found.append(asked.to_arrow()["id"].to_numpy()[:k])
        return np.stack(found)

    def n_bytes(self) -> int:
        """Of everything in its directory; it is read from the disk."""
        files = Path(self.folder.name).rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())


class Ours(Engine):
    """A build of galsearch, opened; it was made by `galsearch build-index`."""

    settings = _grid(n_probe=(4, 8, 16, 32, 64, 128), rerank=(4, 8, 16, 32))

    def __init__(self, build: Path, among: str) -> None:
        from galsearch.core.modality import Modality
        from galsearch.index import open_build

        self.index = open_build(build)
        self.among = Modality(among)

    def build(self, vectors: Vectors) -> None:  # noqa: ARG002 - the face's
        """It is built; read its lists."""
        faiss: Any = importlib.import_module("faiss")

        self.index.modality(self.among)
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Rows are places among the ascending TARGETIDs."""
        hits = self.index.search(
            questions,
            among=self.among,
            k=k,
            n_probe=setting["n_probe"],
            rerank=setting["rerank"],
        )
        ids = np.stack([hit.target_ids for hit in hits])
        return self.index.stored(self.among).rows_of(ids.reshape(-1)).reshape(ids.shape)

    def n_bytes(self) -> int:
        """Lists and stored vectors."""
        folder = self.index.directory / self.among
        return sum(path.stat().st_size for path in folder.iterdir())


ENGINES: dict[str, type[Engine]] = {
    "faiss": PlainFaiss,
    "autofaiss": Autofaiss,
    "hnswlib": Hnswlib,
    "usearch": Usearch,
    "scann": Scann,
    "lancedb": Lance,
}


def sample(vectors: Vectors, n: int) -> Vectors:
    """`n` rows at most, drawn with a seed."""
    if len(vectors) <= n:
        return vectors
    rows = np.random.default_rng(1).choice(len(vectors), n, replace=False)
    return np.asarray(vectors[np.sort(rows)])
