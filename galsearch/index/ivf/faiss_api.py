"""The FAISS module; importing it where FAISS is not installed raises an error with the remedy.

Other packages of galsearch do not import FAISS.
"""

from typing import Any

from galsearch.core.errors import MissingExtraError

try:
    import faiss as _faiss
except ModuleNotFoundError as error:
    if error.name != "faiss":
        raise
    raise MissingExtraError(
        "the index needs FAISS, which is not installed. One of two packages provides it: "
        "'galsearch[cpu]', or 'galsearch[gpu]' for machines with an NVIDIA GPU."
    ) from None

faiss: Any = _faiss
"""The FAISS module as an untyped object, because type stubs of its CPU and GPU wheels differ."""
METRICS: dict[str, Any] = {"l2": faiss.METRIC_L2, "ip": faiss.METRIC_INNER_PRODUCT}
"""FAISS constant of each metric: `l2` for squared distances, `ip` for inner products."""

__all__ = ["METRICS", "faiss", "flat_index", "n_gpus"]


def flat_index(dim: int, metric: str) -> Any:
    """An empty FAISS index that compares a query with all its vectors.

    `metric` is `l2` for squared distances or `ip` for inner products.
    """
    return faiss.IndexFlatL2(dim) if metric == "l2" else faiss.IndexFlatIP(dim)


def n_gpus() -> int:
    """Number of GPUs that FAISS can use; 0 if FAISS was installed from its wheel for CPUs."""
    return int(faiss.get_num_gpus()) if hasattr(faiss, "get_num_gpus") else 0
