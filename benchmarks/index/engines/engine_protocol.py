"""The interface that every search engine of the comparison implements."""

import math
import os
from abc import ABC, abstractmethod

import numpy as np

from galsearch.core.arrays import Rows, Vectors

Setting = dict[str, float]
"""Search parameters by name, such as `{"nprobe": 8}`."""


class Engine(ABC):
    """Interface of an index over unit vectors that is searched by inner product.

    Parameters
    ----------
    variant
        Name of the way of building the index, one of `variants`.
    """

    variants: tuple[str, ...] = ("default",)
    """Names of the ways of building the index that are compared; their meaning depends on the
    engine.
    """
    settings: tuple[Setting, ...]
    """Search settings of the sweep, from the fastest to the most thorough."""

    def __init__(self, variant: str) -> None:
        self.variant = variant

    def set_query_modality(self, using: str) -> None:  # noqa: B027 - most engines ignore it
        """Announce the modality of the queries that follow."""

    @abstractmethod
    def build(self, vectors: Vectors) -> None:
        """Index the rows of `vectors`; all cores may be used."""

    @abstractmethod
    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest vectors of each query, nearest first, found with one
        thread.
        """

    @abstractmethod
    def n_bytes(self) -> int:
        """Size in bytes of everything that a search reads from the index, as the engine writes it
        to files.
        """


def grid(**values: tuple[float, ...]) -> tuple[Setting, ...]:
    """Search settings for every combination of the given values; the first name varies slowest.

    Examples
    --------
    >>> grid(nprobe=(1, 2), k_factor=(4,))
    ({'nprobe': 1, 'k_factor': 4}, {'nprobe': 2, 'k_factor': 4})
    """
    settings: list[Setting] = [{}]
    for name, choices in values.items():
        settings = [{**setting, name: choice} for setting in settings for choice in choices]
    return tuple(settings)


def power_of_two(n: float) -> int:
    """The power of two that is nearest to `n` on a logarithmic scale.

    Examples
    --------
    >>> power_of_two(4000)
    4096
    """
    return int(2 ** round(math.log2(n)))


def available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def sample_rows(vectors: Vectors, n: int) -> Vectors:
    """At most `n` rows of an array of vectors, chosen at random with a fixed seed, in their
    original order.
    """
    if len(vectors) <= n:
        return vectors
    rows = np.random.default_rng(1).choice(len(vectors), n, replace=False)
    return np.asarray(vectors[np.sort(rows)])
