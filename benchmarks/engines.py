"""Search engines of the comparison behind one face: build, then rows for questions.

Each is set as its own documentation advises for a million vectors; `builds` lists the ways of
building that are tried and `settings` what is swept in each, from the cheapest on. Foreign
packages are imported when an engine is made, so that each may live in an environment of its own.
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
Setting = dict[str, float]


class Engine(ABC):
    """One index over unit vectors; larger inner products are nearer."""

    builds: tuple[str, ...] = ("default",)
    """Ways of building it; one is handed to the constructor."""
    settings: tuple[Setting, ...]

    def __init__(self, how: str) -> None:
        self.how = how

    def asked_by(self, using: str) -> None:  # noqa: B027 - most engines need not know
        """Questions of this modality follow."""

    @abstractmethod
    def build(self, vectors: Vectors) -> None:
        """Index the rows of `vectors` with every thread allowed."""

    @abstractmethod
    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) rows, nearest first, with one thread."""

    @abstractmethod
    def n_bytes(self) -> int:
        """What has to be at hand for questions, as the engine writes it to files."""


def grid(**values: tuple[float, ...]) -> tuple[Setting, ...]:
    """Every combination, the first name varying slowest."""
    settings: list[Setting] = [{}]
    for name, choices in values.items():
        settings = [{**setting, name: choice} for setting in settings for choice in choices]
    return tuple(settings)


def power_of_two(n: float) -> int:
    """The nearest power of two."""
    return int(2 ** round(math.log2(n)))


class PlainFaiss(Engine):
    """FAISS by the recipes of its wiki: inverted lists, codes, a rotation, re-ranking.

    Both metrics, which order unit vectors alike. The last recipe is the one that galsearch chose
    for these vectors, written by hand: what a user would get who knew it.
    """

    builds = (
        "ip OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,RFlat",
        "l2 OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,RFlat",
        "ip IVF{lists},Flat",
        "l2 IVF{lists},SQ8",
        "l2 IVF{lists}_HNSW32,SQ8,RFlat",
        "l2 PCAR{quarter},IVF{lists}_HNSW32,SQ8,RFlat",
    )

    def __init__(self, how: str) -> None:
        super().__init__(how)
        probes = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
        self.settings = grid(nprobe=probes)
        if how.endswith("RFlat"):
            self.settings = grid(nprobe=probes, k_factor=(1.5, 2, 3, 4, 8, 16))

    def build(self, vectors: Vectors) -> None:
        """Train on as much as FAISS wants, add, keep the refinement."""
        faiss: Any = importlib.import_module("faiss")
        n, dim = vectors.shape
        lists = power_of_two(4 * math.sqrt(n))
        metric, factory = self.how.split()
        factory = factory.format(lists=lists, dim=dim, half=dim // 2, quarter=dim // 4)
        metrics = {"ip": faiss.METRIC_INNER_PRODUCT, "l2": faiss.METRIC_L2}
        self.index = faiss.index_factory(dim, factory, metrics[metric])
        self.index.train(sample(vectors, 64 * lists))
        self.index.add(vectors)
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Parameters travel with the call."""
        parameters = faiss_parameters(self.index, setting)
        return np.asarray(self.index.search(questions, k, params=parameters)[1])

    def n_bytes(self) -> int:
        """Of FAISS's own file."""
        faiss: Any = importlib.import_module("faiss")
        return int(faiss.serialize_index(self.index).nbytes)


def faiss_parameters(index: Any, setting: Setting) -> Any:
    """What a search of this FAISS index takes for a setting."""
    faiss: Any = importlib.import_module("faiss")
    if isinstance(index, faiss.IndexRefine):
        base = faiss.downcast_index(index.base_index)
        return faiss.IndexRefineSearchParameters(
            k_factor=setting["k_factor"], base_index_params=faiss_parameters(base, setting)
        )
    if isinstance(index, faiss.IndexPreTransform):
        inner = faiss_parameters(faiss.downcast_index(index.index), setting)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=int(setting["nprobe"]))
    return faiss.SearchParametersIVF(nprobe=int(setting["nprobe"]))


class Autofaiss(Engine):
    """autofaiss itself, with a memory limit: what it chooses and tunes.

    Its own search settings are replaced by a sweep over them, as it would be tuned by hand.
    """

    builds = ("16G", "0.22K")
    """`max_index_memory_usage`: its default, and as many kilobytes a vector as a third of what
    hnswlib takes."""
    settings = grid(nprobe=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024))

    def build(self, vectors: Vectors) -> None:
        """Its `build_index` over an array in memory, its progress on stderr left out."""
        autofaiss: Any = importlib.import_module("autofaiss")
        faiss: Any = importlib.import_module("faiss")
        memory = self.how
        if memory.endswith("K"):
            memory = f"{float(memory[:-1]) * len(vectors) / 1000:.0f}M"
        self.index, _ = autofaiss.build_index(
            vectors,
            save_on_disk=False,
            metric_type="ip",
            max_index_memory_usage=memory,
            current_memory_available="32G",
            nb_cores=cpus(),
            verbose=30,
        )
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Lists read, or `efSearch` where it chose a graph."""
        parameters = faiss_parameters(self.index, setting)
        return np.asarray(self.index.search(questions, k, params=parameters)[1])

    def n_bytes(self) -> int:
        """Of FAISS's own file."""
        faiss: Any = importlib.import_module("faiss")
        return int(faiss.serialize_index(self.index).nbytes)


class Hnswlib(Engine):
    """A graph over all vectors, M = 16, ef_construction = 128."""

    settings = grid(ef=(10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512))

    def build(self, vectors: Vectors) -> None:
        """One graph in memory."""
        hnswlib: Any = importlib.import_module("hnswlib")
        n, dim = vectors.shape
        self.index = hnswlib.Index(space="ip", dim=dim)
        self.index.init_index(max_elements=n, M=16, ef_construction=128, random_seed=1)
        self.index.add_items(vectors, np.arange(n), num_threads=cpus())
        self.index.set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """`ef` candidates are kept while walking."""
        self.index.set_ef(max(k, int(setting["ef"])))
        return np.asarray(self.index.knn_query(questions, k, num_threads=1)[0], np.int64)

    def n_bytes(self) -> int:
        """Of its file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            self.index.save_index(str(path))
            return path.stat().st_size


class Usearch(Engine):
    """A graph over all vectors, connectivity 16.

    In single precision: in its half precision neighbours that are 1e-4 away can not be told apart.
    """

    builds = ("f32",)
    settings = grid(expansion=(10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512))

    def build(self, vectors: Vectors) -> None:
        """One graph in memory."""
        usearch: Any = importlib.import_module("usearch.index")
        n, dim = vectors.shape
        self.index = usearch.Index(
            ndim=dim, metric="ip", dtype=self.how, connectivity=16, expansion_add=128
        )
        self.index.add(np.arange(n), vectors, threads=cpus())

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """`expansion` candidates are kept while walking."""
        self.index.expansion_search = max(k, int(setting["expansion"]))
        matches = self.index.search(questions, k, threads=1)
        return np.asarray(matches.keys, np.int64).reshape(len(questions), k)

    def n_bytes(self) -> int:
        """Of its file."""
        return int(self.index.serialized_length)


class Scann(Engine):
    """A tree with anisotropic 4-bit codes and exact re-ordering."""

    settings = grid(leaves=(1, 2, 3, 5, 8, 12, 20, 30, 60, 100, 200), reorder=(30, 60, 100, 200))

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
            "pre_reorder_num_neighbors": int(setting["reorder"]),
            "leaves_to_search": int(setting["leaves"]),
        }
        if len(questions) == 1:
            found = [self.index.search(questions[0], **options)[0]]
        else:
            found = list(self.index.search_batched(questions, **options)[0])
        rows = np.full((len(questions), k), -1, np.int64)
        for own, answer in zip(rows, found, strict=True):
            own[: len(answer)] = answer
        return rows

    def n_bytes(self) -> int:
        """Of its files, the vectors for re-ordering among them."""
        with tempfile.TemporaryDirectory() as folder:
            self.index.serialize(folder)
            return sum(path.stat().st_size for path in Path(folder).iterdir())


class Lance(Engine):
    """A table on disk with IVF-PQ and re-ranking by stored vectors; one question a call."""

    settings = grid(nprobes=(1, 5, 20), refine_factor=(5, 50))

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
            asked = self.table.search(question).distance_type("dot").limit(k).select(["id"])
            asked = asked.nprobes(int(setting["nprobes"]))
            asked = asked.refine_factor(int(setting["refine_factor"]))
            found.append(asked.to_arrow()["id"].to_numpy()[:k])
        return np.stack(found)

    def n_bytes(self) -> int:
        """Of everything in its directory; it is read from the disk."""
        files = Path(self.folder.name).rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())


ENGINES: dict[str, type[Engine]] = {
    "faiss": PlainFaiss,
    "autofaiss": Autofaiss,
    "hnswlib": Hnswlib,
    "usearch": Usearch,
    "scann": Scann,
    "lancedb": Lance,
}


def cpus() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def sample(vectors: Vectors, n: int) -> Vectors:
    """`n` rows at most, drawn with a seed."""
    if len(vectors) <= n:
        return vectors
    rows = np.random.default_rng(1).choice(len(vectors), n, replace=False)
    return np.asarray(vectors[np.sort(rows)])
