"""The FAISS module; importing it where FAISS is not installed raises an error with the remedy.

Other packages of galsearch do not import FAISS.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from galsearch.core.errors import GalsearchError, MissingExtraError
from galsearch.files.forks import after_fork

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
# The other threads of FAISS are missing in a forked process, which would wait for them for ever.
after_fork("faiss", lambda: faiss.omp_set_num_threads(1))
_reading = [threading.Lock()]
"""The lock of the limit of sizes of FAISS; a forked process has a new one."""
after_fork("reading of lists", lambda: _reading.__setitem__(0, threading.Lock()))
METRICS: dict[str, Any] = {"l2": faiss.METRIC_L2, "ip": faiss.METRIC_INNER_PRODUCT}
"""FAISS constant of each metric: `l2` for squared distances, `ip` for inner products."""

_MAX_SEED = 2**31 - 1
"""Largest seed of FAISS, which keeps seeds in 32 bits."""
_MIN_VALUES_FOR_THREADS = 1 << 23
"""Number of training values (vectors times components) from which FAISS trains with every thread.

The k-means of a product quantiser is thousands of parallel regions. With fewer values each of them
takes microseconds, and threads that wait for each other, on a machine with other work for seconds,
take longer than one thread alone."""

__all__ = [
    "METRICS",
    "faiss",
    "faiss_errors",
    "faiss_seed",
    "flat_index",
    "largest_vector_read",
    "n_gpus",
    "training_threads",
]


@contextmanager
def faiss_errors(subject: str, kind: type[GalsearchError]) -> Iterator[None]:
    """A context manager in which an exception of FAISS becomes an error of galsearch.

    FAISS raises RuntimeError for what its C++ code refuses, AssertionError for arguments that its
    Python code refuses, and MemoryError where memory cannot be allocated.

    Parameters
    ----------
    subject
        The file or task, with which the message begins.
    kind
        Class of the error.

    """
    try:
        yield
    except GalsearchError:
        raise
    except MemoryError:
        raise kind(f"{subject}: FAISS needs more memory than there is.") from None
    except (RuntimeError, AssertionError, ValueError, TypeError, OverflowError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        # FAISS begins with its C++ function and source file, which say nothing to a user.
        reason = re.sub(r"^Error in .* at \S+:\d+: (Error: '.*' failed: )?", "", reason)
        reason = reason.removeprefix("Error: ")
        raise kind(f"{subject}: FAISS cannot do it ({reason}).") from None


@contextmanager
def largest_vector_read(n_bytes: int) -> Iterator[None]:
    """A context manager in which FAISS refuses to read a vector of more bytes from a file.

    A damaged file could request all memory otherwise. Files are read one after the other, because
    the limit is one for all threads. A FAISS without limits reads as it does without the context.
    """
    if not hasattr(faiss, "set_deserialization_vector_byte_limit"):
        yield
        return
    with _reading[0]:
        before = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(n_bytes)
        try:
            yield
        finally:
            faiss.set_deserialization_vector_byte_limit(before)


@contextmanager
def training_threads(n_values: int) -> Iterator[None]:
    """A context manager in which FAISS trains with one thread if there are few training values.

    Parameters
    ----------
    n_values
        Number of training vectors times the number of their components. With 2^23 values or more,
        such as 65,536 vectors of 128 components, FAISS keeps its number of threads.
    """
    n_threads = faiss.omp_get_max_threads()
    try:
        if n_values < _MIN_VALUES_FOR_THREADS:
            faiss.omp_set_num_threads(1)
        yield
    finally:
        faiss.omp_set_num_threads(n_threads)


def faiss_seed(seed: int) -> int:
    """A seed of any size as a seed of FAISS, which has 31 bits.

    Examples
    --------
    >>> faiss_seed(5), faiss_seed(2**31 + 5)
    (5, 5)
    """
    return seed & _MAX_SEED


def flat_index(dim: int, metric: str) -> Any:
    """An empty FAISS index that compares a query with all its vectors.

    `metric` is `l2` for squared distances or `ip` for inner products.
    """
    return faiss.IndexFlatL2(dim) if metric == "l2" else faiss.IndexFlatIP(dim)


def n_gpus() -> int:
    """Number of GPUs that FAISS can use; 0 if FAISS was installed from its wheel for CPUs."""
    return int(faiss.get_num_gpus()) if hasattr(faiss, "get_num_gpus") else 0
