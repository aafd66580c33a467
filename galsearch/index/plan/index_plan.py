"""What a recipe means for so many vectors: an `IndexPlan`, made by a pure function."""

import math
from dataclasses import dataclass
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.index.plan.index_recipe import IndexRecipe, size_bytes

Kind = Literal["flat", "ivfsq", "ivfpq", "fastscan"]
Metric = Literal["l2", "ip"]
MIN_POINTS_PER_LIST = 39
"""FAISS's k-means warns below this many training vectors a centroid."""
GPU_SUBVECTORS = (1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96)
"""Codes a vector that FAISS's GPU IVF-PQ has kernels for (facts of faiss 1.15)."""
MOST_LISTS = 16_384
"""Lists of a default plan. More save little reading where codes are short, and cost k-means."""
_CODED_SINGLY = 64
"""Components up to which each has a code of 4 bits to itself; more share one by two."""
SCALAR_UP_TO = 64
"""Components that are worth a byte each; more are better described by fewer codes."""


@dataclass(frozen=True)
class IndexPlan:
    """A recipe resolved for the vectors of one modality."""

    kind: Kind
    """`flat`: no quantiser, the stored vectors are scanned."""
    n_vectors: int
    dim: int
    n_lists: int
    """0 where flat, as are the next four."""
    n_components: int
    """Of a vector that the lists hold, after a rotation; `dim` where none is taken off."""
    n_subvectors: int
    """Codes a vector."""
    n_bits: int
    n_training: int
    store: str = "float32"
    """Type of a stored component."""
    metric: Metric = "l2"
    """How lists tell what is near a question: by squared distance, or by inner product (cross
    lists, whose components are stretched by what questions tell)."""

    @property
    def code_bytes(self) -> float:
        """Of one vector in the inverted lists, its row number not counted."""
        return self.n_subvectors * self.n_bits / 8


def plan_index(
    recipe: IndexRecipe,
    *,
    n_vectors: int,
    dim: int,
    n_telling: int | None = None,
    n_rough: int | None = None,
    on_gpu: bool = False,
    share_of_memory: float = 1.0,
) -> IndexPlan:
    """The index that `recipe` means for `n_vectors` vectors of `dim` components.

    Parameters
    ----------
    n_telling
        Components that tell enough of a turned vector (`Basis.n_telling`); default: all.
    n_rough
        Components that 4-bit codes describe (`Basis.n_lacking`); default: all.
    on_gpu
        Whether a GPU shall train it: of the families not fastscan.
    share_of_memory
        Of the memory budget, for these vectors.

    Raises
    ------
    ConfigError
        Where the recipe contradicts the data, listing every contradiction.

    Examples
    --------
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, on_gpu=True)
    IndexPlan(kind='ivfpq', n_vectors=1000000, dim=256, n_lists=4096, n_components=256,
              n_subvectors=64, n_bits=8, n_training=159744, store='float32',
              metric='l2')
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256).kind
    'fastscan'
    >>> plan = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, n_telling=32)
    >>> plan.kind, plan.n_components, plan.code_bytes
    ('ivfsq', 32, 32.0)
    >>> plan_index(IndexRecipe(), n_vectors=1000, dim=128).n_lists
    16
    >>> plan_index(IndexRecipe(), n_vectors=100, dim=128).kind
    'flat'
    """
    telling = min(dim, recipe.n_components or n_telling or dim)
    kind = _family(recipe, n_vectors, telling, on_gpu=on_gpu)
    if kind == "flat":
        return IndexPlan("flat", n_vectors, dim, 0, 0, 0, 0, 0, recipe.store)
    n_bits = recipe.n_bits or (4 if kind == "fastscan" else 8)
    n_lists = recipe.n_lists or _default_n_lists(n_vectors)
    budget = None if recipe.memory_budget is None else size_bytes(recipe.memory_budget)
    available = math.inf if budget is None else budget * share_of_memory
    if kind == "ivfsq":
        fits = _components(n_vectors, telling, n_lists, available)
        telling = n_subvectors = recipe.n_components or fits
    else:
        rough = n_rough if kind == "fastscan" else None
        telling = recipe.n_components or rough or dim
        n_subvectors = recipe.n_subvectors or _affordable(
            kind, n_vectors, telling, n_lists, available
        )
    wanted = recipe.train_size or max(MIN_POINTS_PER_LIST * n_lists, 65_536)
    n_training = int(min(n_vectors, wanted, available // (4 * dim)))
    plan = IndexPlan(
        kind, n_vectors, dim, n_lists, telling, n_subvectors, n_bits, n_training, recipe.store
    )
    problems = _contradictions(plan, recipe)
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
    """What the inverted lists of a plan fill in memory: codes, row numbers and centroids."""
    centroids = plan.n_lists + (1 << plan.n_bits)
    return plan.n_vectors * (plan.code_bytes + 8) + 4.0 * plan.n_components * centroids


def _family(recipe: IndexRecipe, n_vectors: int, telling: int, *, on_gpu: bool) -> Kind:
    if recipe.family == "flat" or n_vectors < recipe.flat_below:
        return "flat"
    if recipe.family != "auto":
        return recipe.family
    if recipe.n_bits is not None:
        return "ivfpq"
    if recipe.n_subvectors is None and telling <= SCALAR_UP_TO:
        return "ivfsq"
    return "ivfpq" if on_gpu else "fastscan"


def _contradictions(plan: IndexPlan, recipe: IndexRecipe) -> list[str]:
    problems = []
    if plan.n_components > plan.dim:
        problems.append(f"n_components = {plan.n_components}, vectors have {plan.dim}.")
    if plan.n_components % plan.n_subvectors:
        n = plan.n_components
        divisors = [str(m) for m in range(1, n + 1) if n % m == 0]
        problems.append(
            f"n_subvectors = {plan.n_subvectors} does not divide the dimension {n} "
            f"({', '.join(divisors)} do)."
        )
    if plan.kind == "ivfsq" and plan.n_bits != 8:
        problems.append(f"family = 'ivfsq' has 8-bit codes, n_bits = {plan.n_bits}.")
    if plan.kind == "ivfsq" and recipe.rotation not in ("auto", "pca"):
        problems.append(f"family = 'ivfsq' has rotation 'pca', rotation = '{recipe.rotation}'.")
    if plan.n_components < plan.dim and recipe.rotation == "none":
        problems.append(f"n_components = {plan.n_components} needs a rotation.")
    needed = max(1 if plan.kind == "ivfsq" else 2**plan.n_bits, plan.n_lists)
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
    return min(n_lists, MOST_LISTS)


def _components(n_vectors: int, telling: int, n_lists: int, available: float) -> int:
    """As many components as tell enough, or as fit the memory."""
    fits = (available - 8 * n_vectors) // (n_vectors + 4.0 * (n_lists + 256))
    return int(max(1, min(telling, fits)))


def codes_of(kind: Kind, n_components: int) -> list[int]:
    """How many codes so many components may have by default, ascending.

    Examples
    --------
    >>> codes_of("fastscan", 32)[-1], codes_of("fastscan", 128)[-1], codes_of("ivfpq", 128)[-1]
    (32, 64, 32)
    """
    if kind == "fastscan":
        least_width = 1 if n_components <= _CODED_SINGLY else 2
        legal = [m for m in range(1, 129) if n_components % m == 0]
    else:
        least_width = 4
        legal = [m for m in GPU_SUBVECTORS if m <= 64 and n_components % m == 0]
    return [m for m in legal if n_components // m >= least_width] or legal[:1]


def _affordable(kind: Kind, n_vectors: int, dim: int, n_lists: int, available: float) -> int:
    """The most codes of the default's choices that fit the memory, or else the fewest."""
    n_bits, choices = 4 if kind == "fastscan" else 8, codes_of(kind, dim)
    centroids = 4.0 * dim * (n_lists + 2**n_bits)
    fits = [m for m in choices if n_vectors * (m * n_bits / 8 + 8) + centroids <= available]
    return max(fits, default=min(choices))
