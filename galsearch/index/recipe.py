"""What an index shall be (`IndexRecipe`), and what that means for so many vectors (`IndexPlan`)."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from galsearch.config import read_config
from galsearch.core.errors import ConfigError

MIN_POINTS_PER_LIST = 39
"""FAISS's k-means warns below this many training vectors a centroid."""
GPU_SUBVECTORS = (1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96)
"""Codes a vector that FAISS's GPU IVF-PQ has kernels for (facts of faiss 1.15)."""


@dataclass(frozen=True)
class IndexRecipe:
    """What is wanted of an index; whatever is left out follows from the data.

    Raises
    ------
    ConfigError
        Listing every field that cannot be.
    """

    name: str = "default"
    """What the build is called in messages."""
    recall_target: float = 0.95
    """Recall@10 against exact search that each direction is tuned to reach. Higher is slower."""
    n_lists: int | None = None
    """Inverted lists. Default: the power of two next to 4 sqrt(n), with 39 vectors a list at
    least. Too few: every probe reads much. Too many: training and the coarse search cost more."""
    n_subvectors: int | None = None
    """Codes (bytes, at 8 bits) a vector; must divide the dimension. Default: one for every four
    components, at most 64. Fewer: less memory, deeper re-ranking for the same recall."""
    n_bits: int = 8
    """Bits a code, 4 to 8. A GPU trains 8 only."""
    n_probe: int | None = None
    """Inverted lists read for a question. Default: tuned for each direction."""
    rerank: int | None = None
    """Candidates a wanted neighbour that are re-ranked by their stored vectors. Default: tuned."""
    train_size: int | None = None
    """Vectors that train the quantisers. Default: 64 a list, 65,536 at least, or all there are."""
    flat_below: int = 512
    """With fewer vectors than this no quantiser is trained: every question is answered exactly."""
    n_tuning_queries: int = 256
    """Galaxies that ask while a direction is tuned; as many others then measure its recall."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """Where the quantisers are trained; `auto` takes a GPU where one is present and can."""
    seed: int = 1
    """Of the training sample, of k-means and of the tuning queries."""

    def __post_init__(self) -> None:
        problems = [*_too_small(self)]
        if not 0 < self.recall_target <= 1:
            problems.append(f"recall_target = {self.recall_target} is not within 0 .. 1.")
        if not 4 <= self.n_bits <= 8:
            problems.append(f"n_bits = {self.n_bits} is not within 4 .. 8.")
        if self.device not in ("auto", "cpu", "gpu"):
            problems.append(f"device = {self.device!r} is none of auto, cpu, gpu.")
        if not self.name.strip():
            problems.append("name is empty.")
        if problems:
            raise ConfigError(" ".join(problems))


def _too_small(recipe: IndexRecipe) -> list[str]:
    least = {
        "n_lists": 1,
        "n_subvectors": 1,
        "n_probe": 1,
        "rerank": 1,
        "train_size": 1,
        "flat_below": 0,
        "n_tuning_queries": 1,
        "seed": 0,
    }
    values = {name: getattr(recipe, name) for name in least}
    return [
        f"{name} = {value} is less than {least[name]}."
        for name, value in values.items()
        if value is not None and value < least[name]
    ]


def read_recipe(path: str | Path) -> IndexRecipe:
    """The recipe that a TOML file describes; see `index_builds/README.md`.

    Raises
    ------
    ConfigError
        Listing everything that is wrong with the file.
    """
    return read_config(path, IndexRecipe)


@dataclass(frozen=True)
class IndexPlan:
    """A recipe resolved for the vectors of one modality."""

    kind: Literal["flat", "ivfpq"]
    """`flat`: no quantiser, the stored vectors are scanned."""
    n_vectors: int
    dim: int
    n_lists: int
    """0 where flat, as are the next three."""
    n_subvectors: int
    n_bits: int
    n_training: int


def plan_index(recipe: IndexRecipe, *, n_vectors: int, dim: int) -> IndexPlan:
    """The index that `recipe` means for `n_vectors` vectors of `dim` components.

    Raises
    ------
    ConfigError
        Where the recipe contradicts the data, listing every contradiction.

    Examples
    --------
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256)
    IndexPlan(kind='ivfpq', n_vectors=1000000, dim=256, n_lists=4096, n_subvectors=64, n_bits=8,
              n_training=262144)
    >>> plan_index(IndexRecipe(), n_vectors=1000, dim=128).n_lists
    16
    >>> plan_index(IndexRecipe(), n_vectors=100, dim=128).kind
    'flat'
    """
    if n_vectors < recipe.flat_below:
        return IndexPlan("flat", n_vectors, dim, 0, 0, 0, 0)
    n_lists = recipe.n_lists or _default_n_lists(n_vectors)
    n_subvectors = recipe.n_subvectors or _default_n_subvectors(dim)
    wanted = recipe.train_size or max(64 * n_lists, 65_536)
    n_training = min(n_vectors, wanted)
    problems = []
    if dim % n_subvectors:
        divisors = [str(m) for m in range(1, dim + 1) if dim % m == 0]
        problems.append(
            f"n_subvectors = {n_subvectors} does not divide the dimension {dim} "
            f"({', '.join(divisors)} do)."
        )
    needed = max(2**recipe.n_bits, n_lists)
    if n_training < needed:
        problems.append(
            f"{n_lists} lists and {recipe.n_bits}-bit codes want at least {needed:,} training "
            f"vectors, there are {n_training:,} (of {n_vectors:,} stored). Use fewer n_lists or "
            f"n_bits, a larger train_size, or flat_below = {n_vectors + 1}."
        )
    if problems:
        raise ConfigError(f"recipe '{recipe.name}': " + " ".join(problems))
    return IndexPlan("ivfpq", n_vectors, dim, n_lists, n_subvectors, recipe.n_bits, n_training)


def _default_n_lists(n_vectors: int) -> int:
    """The power of two next to 4 sqrt(n), halved until a list has its 39 vectors."""
    n_lists = 1 << max(0, round(math.log2(4 * math.sqrt(max(n_vectors, 1)))))
    while n_lists > 1 and n_lists * MIN_POINTS_PER_LIST > n_vectors:
        n_lists //= 2
    return n_lists


def _default_n_subvectors(dim: int) -> int:
    """The most codes, up to 64, that divide `dim`, run on a GPU and hold 4 components each."""
    legal = [m for m in GPU_SUBVECTORS if m <= 64 and dim % m == 0]
    return max([m for m in legal if dim // m >= 4], default=min(legal))
