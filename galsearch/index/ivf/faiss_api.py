"""FAISS itself, or the error that says how to install it. Nothing outside this room imports it."""

from typing import Any

from galsearch.core.errors import MissingExtraError

try:
    import faiss as _faiss
except ModuleNotFoundError as error:
    if error.name != "faiss":
        raise
    raise MissingExtraError(
        "the index needs FAISS, which is not installed. Install one of the two: "
        "pip install 'galsearch[cpu]', or pip install 'galsearch[gpu]' on a machine with an "
        "NVIDIA GPU."
    ) from None

faiss: Any = _faiss
"""Untyped: the stubs of the wheels for CPUs and for GPUs differ."""
METRICS: dict[str, Any] = {"l2": faiss.METRIC_L2, "ip": faiss.METRIC_INNER_PRODUCT}
"""By the names of `plan.Metric`."""

__all__ = ["METRICS", "faiss", "flat_index", "n_gpus"]


def flat_index(dim: int, metric: str) -> Any:
    """An empty FAISS index that compares all."""
    return faiss.IndexFlatL2(dim) if metric == "l2" else faiss.IndexFlatIP(dim)


def n_gpus() -> int:
    """How many GPUs FAISS sees; 0 with the wheel for CPUs."""
    return int(faiss.get_num_gpus()) if hasattr(faiss, "get_num_gpus") else 0
