"""The face of a search engine in the comparison: build, then rows for questions."""

import math
import os
from abc import ABC, abstractmethod

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


def cpus() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def sample(vectors: Vectors, n: int) -> Vectors:
    """`n` rows at most, drawn with a seed."""
    if len(vectors) <= n:
        return vectors
    rows = np.random.default_rng(1).choice(len(vectors), n, replace=False)
    return np.asarray(vectors[np.sort(rows)])
