"""The search engines that galsearch is compared with, by the names that the command line uses."""

from benchmarks.index.engines.engine_protocol import Engine
from benchmarks.index.engines.faiss_engines import AutofaissEngine, FaissEngine
from benchmarks.index.engines.graph_engines import HnswlibEngine, UsearchEngine
from benchmarks.index.engines.partition_engines import LanceDbEngine, ScannEngine

BASELINES: dict[str, type[Engine]] = {
    "faiss": FaissEngine,
    "autofaiss": AutofaissEngine,
    "hnswlib": HnswlibEngine,
    "usearch": UsearchEngine,
    "scann": ScannEngine,
    "lancedb": LanceDbEngine,
}
