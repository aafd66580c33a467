"""What an index shall be (`IndexRecipe`), and what that means for so many vectors (`IndexPlan`)."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from galsearch.config import read_config
from galsearch.core.errors import ConfigError

MIN_POINTS_PER_LIST = 39
"""FAISS's k-means warns below this many training vectors a centroid."""
GPU_SUBVECTORS = (1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96)
"""Codes a vector that FAISS's GPU IVF-PQ has kernels for (facts of faiss 1.15)."""

FAMILIES = ("auto", "flat", "ivfpq", "fastscan")
STORES = ("float32", "float16", "int8")
FAST_SCAN_FROM = 50_000
"""Below this many vectors every family answers in well under a millisecond."""


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
    memory_budget: str | None = None
    """What the inverted lists of all modalities may fill while they are searched, such as
    `"2 GB"` (GB, MB: powers of 1000; GiB, MiB: of 1024); training samples stay below it too.
    Stored vectors are not counted: they lie on disk, memory-mapped. Default: no limit."""
    family: Literal["auto", "flat", "ivfpq", "fastscan"] = "auto"
    """`flat` compares all; `ivfpq` looks 8-bit codes up, which a GPU can train; `fastscan` compares
    4-bit codes in the registers of a CPU. `auto`: flat when small, ivfpq where n_bits is given or a
    GPU builds, else fastscan from 50,000 vectors."""
    store: Literal["float32", "float16", "int8"] = "float32"
    """How vectors are stored for re-ranking: 4, 2 or 1 bytes a component. Similarities are those of
    what is stored: float16 is true to about 1e-4, int8 to about 1e-3."""
    n_lists: int | None = None
    """Inverted lists. Default: the power of two next to 4 sqrt(n), with 39 vectors a list at
    least. Too few: every probe reads much. Too many: training and the coarse search cost more."""
    n_subvectors: int | None = None
    """Codes a vector; must divide the dimension. Default: one for every four components, at most
    64; of 4 bits one for every two, at most 128. Fewer: less memory, deeper re-ranking for the
    same recall."""
    n_bits: int | None = None
    """Bits a code, 4 to 8; default 8, or 4 for fastscan, which has no other. A GPU trains 8
    only."""
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
        if self.n_bits is not None and not 4 <= self.n_bits <= 8:
            problems.append(f"n_bits = {self.n_bits} is not within 4 .. 8.")
        if self.family == "fastscan" and self.n_bits not in (None, 4):
            problems.append(f"family = 'fastscan' has 4-bit codes, n_bits = {self.n_bits}.")
        if self.memory_budget is not None and size_bytes(self.memory_budget) is None:
            problems.append(f"memory_budget = {self.memory_budget!r} is no size such as '2 GB'.")
        for name, known in (("family", FAMILIES), ("store", STORES)):
            if getattr(self, name) not in known:
                value = getattr(self, name)
                problems.append(f"{name} = {value!r} is none of {', '.join(known)}.")
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


def size_bytes(text: str) -> int | None:
    """Bytes of a size such as `2 GB` or `512MiB`; None where it is no size above 0.

    Examples
    --------
    >>> size_bytes("2 GB"), size_bytes("1.5MiB"), size_bytes("many")
    (2000000000, 1572864, None)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGT])(i?)B\s*", text)
    if match is None:
        return None
    number, letter, binary = match.groups()
    size = float(number) * (1024 if binary else 1000) ** (1 + "kMGT".index(letter))
    return int(size) or None


@dataclass(frozen=True)
class IndexPlan:
    """A recipe resolved for the vectors of one modality."""

    kind: Literal["flat", "ivfpq", "fastscan"]
    """`flat`: no quantiser, the stored vectors are scanned."""
    n_vectors: int
    dim: int
    n_lists: int
    """0 where flat, as are the next three."""
    n_subvectors: int
    n_bits: int
    n_training: int
    store: str = "float32"
    """Type of a stored component."""


def plan_index(
    recipe: IndexRecipe,
    *,
    n_vectors: int,
    dim: int,
    on_gpu: bool = False,
    share_of_memory: float = 1.0,
) -> IndexPlan:
    """The index that `recipe` means for `n_vectors` vectors of `dim` components.

    Parameters
    ----------
    on_gpu
        Whether a GPU shall train it: of the families only ivfpq can be.
    share_of_memory
        Of the memory budget, for these vectors.

    Raises
    ------
    ConfigError
        Where the recipe contradicts the data, listing every contradiction.

    Examples
    --------
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, on_gpu=True)
    IndexPlan(kind='ivfpq', n_vectors=1000000, dim=256, n_lists=4096, n_subvectors=64, n_bits=8,
              n_training=262144, store='float32')
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256).kind
    'fastscan'
    >>> plan_index(IndexRecipe(), n_vectors=1000, dim=128).n_lists
    16
    >>> plan_index(IndexRecipe(), n_vectors=100, dim=128).kind
    'flat'
    """
    kind = _family(recipe, n_vectors, on_gpu=on_gpu)
    if kind == "flat":
        return IndexPlan("flat", n_vectors, dim, 0, 0, 0, 0, recipe.store)
    n_bits = recipe.n_bits or (4 if kind == "fastscan" else 8)
    n_lists = recipe.n_lists or _default_n_lists(n_vectors)
    budget = None if recipe.memory_budget is None else size_bytes(recipe.memory_budget)
    available = math.inf if budget is None else budget * share_of_memory
    n_subvectors = recipe.n_subvectors or _affordable(kind, n_vectors, dim, n_lists, available)
    wanted = recipe.train_size or max(64 * n_lists, 65_536)
    n_training = int(min(n_vectors, wanted, available // (4 * dim)))
    plan = IndexPlan(kind, n_vectors, dim, n_lists, n_subvectors, n_bits, n_training, recipe.store)
    problems = _contradictions(plan)
    if list_bytes(plan) > available:
        problems.append(
            f"{n_vectors:,} vectors in {n_lists} lists of {n_subvectors} codes fill "
            f"{list_bytes(plan):,.0f} bytes, their share of memory_budget = "
            f"'{recipe.memory_budget}' is {available:,.0f}."
        )
    if problems:
        raise ConfigError(f"recipe '{recipe.name}': " + " ".join(problems))
    return plan


def list_bytes(plan: IndexPlan) -> float:
    """What the inverted lists of a plan fill in memory: codes, ids and centroids."""
    code = plan.n_subvectors * plan.n_bits / 8 + 8
    centroids = plan.n_lists + (1 << plan.n_bits)
    return plan.n_vectors * code + 4.0 * plan.dim * centroids


def _family(
    recipe: IndexRecipe, n_vectors: int, *, on_gpu: bool
) -> Literal["flat", "ivfpq", "fastscan"]:
    if recipe.family == "flat" or n_vectors < recipe.flat_below:
        return "flat"
    if recipe.family != "auto":
        return recipe.family
    by_codes = on_gpu or recipe.n_bits is not None or n_vectors < FAST_SCAN_FROM
    return "ivfpq" if by_codes else "fastscan"


def _contradictions(plan: IndexPlan) -> list[str]:
    problems = []
    if plan.dim % plan.n_subvectors:
        divisors = [str(m) for m in range(1, plan.dim + 1) if plan.dim % m == 0]
        problems.append(
            f"n_subvectors = {plan.n_subvectors} does not divide the dimension {plan.dim} "
            f"({', '.join(divisors)} do)."
        )
    needed = max(2**plan.n_bits, plan.n_lists)
    if plan.n_training < needed:
        problems.append(
            f"{plan.n_lists} lists and {plan.n_bits}-bit codes want at least {needed:,} training "
            f"vectors, there are {plan.n_training:,} (of {plan.n_vectors:,} stored). Use fewer "
            f"n_lists or n_bits, a larger train_size, or flat_below = {plan.n_vectors + 1}."
        )
    return problems


def _default_n_lists(n_vectors: int) -> int:
    """The power of two next to 4 sqrt(n), halved until a list has its 39 vectors."""
    n_lists = 1 << max(0, round(math.log2(4 * math.sqrt(max(n_vectors, 1)))))
    while n_lists > 1 and n_lists * MIN_POINTS_PER_LIST > n_vectors:
        n_lists //= 2
    return n_lists


def _affordable(kind: str, n_vectors: int, dim: int, n_lists: int, available: float) -> int:
    """The most codes of the default's choices that fit the memory, or else the fewest."""
    if kind == "fastscan":
        n_bits, least_width = 4, 2
        legal = [m for m in range(1, 129) if dim % m == 0]
    else:
        n_bits, least_width = 8, 4
        legal = [m for m in GPU_SUBVECTORS if m <= 64 and dim % m == 0]
    choices = [m for m in legal if dim // m >= least_width] or legal[:1]
    centroids = 4.0 * dim * (n_lists + 2**n_bits)
    fits = [m for m in choices if n_vectors * (m * n_bits / 8 + 8) + centroids <= available]
    return max(fits, default=min(choices))
