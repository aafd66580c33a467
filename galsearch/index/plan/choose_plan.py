"""Choice of the parameters of inverted lists, which follow from a recipe and the data."""

import math
from dataclasses import replace

from galsearch.core.errors import ConfigError
from galsearch.index.plan.index_plan import IndexPlan, Kind, available_bytes, list_bytes
from galsearch.index.plan.index_recipe import IndexRecipe

MIN_POINTS_PER_LIST = 39
"""Smallest number of vectors for each inverted list in a default plan; with fewer training vectors
for each centroid, the k-means of FAISS gives a warning."""
GPU_SUBVECTORS = (1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96)
"""Numbers of product-quantiser codes for each vector that the GPU kernels of faiss 1.15 support."""
MAX_LISTS = 16_384
"""Largest default number of inverted lists. With more lists, queries on short codes are hardly
faster, and k-means is slower."""
_MAX_SINGLE_CODE_COMPONENTS = 64
"""Largest number of components for which a default `fastscan` plan has one 4-bit code for each
component; with more, it has one code for every two components."""
MAX_SCALAR_COMPONENTS = 64
"""Largest number of components for which the default family is `ivfsq`, with one byte for each
component. More components are described better by fewer codes of a product quantiser."""


def plan_index(
    recipe: IndexRecipe,
    *,
    n_vectors: int,
    dim: int,
    n_pca_components: int | None = None,
    n_pca_components_4_bit: int | None = None,
    on_gpu: bool = False,
    share_of_memory: float = 1.0,
) -> IndexPlan:
    """The parameters of the index that a recipe describes, for the vectors of one modality.

    This is a pure function: the same arguments give the same plan on every machine.

    Parameters
    ----------
    recipe
        Requested properties. Values that the recipe leaves open follow from the data.
    n_vectors, dim
        Number of vectors, and of dimensions of each.
    n_pca_components
        Number of PCA components that keep 99.8 % of the variance; default: all.
    n_pca_components_4_bit
        Number of PCA components that keep 97 % of the variance, for 4-bit codes; default: all.
    on_gpu
        Plan an index that a GPU trains: any family but `fastscan`.
    share_of_memory
        Fraction of the memory budget that is available for these vectors.

    Raises
    ------
    ConfigError
        Where the recipe contradicts the data; the message lists every contradiction.

    Examples
    --------
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, on_gpu=True)
    IndexPlan(kind='ivfpq', n_vectors=1000000, dim=256, n_lists=4096, n_components=256,
              n_subvectors=64, n_bits=8, n_training=159744, store='float32',
              metric='l2')
    >>> plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256).kind
    'fastscan'
    >>> plan = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256, n_pca_components=32)
    >>> plan.kind, plan.n_components, plan.code_bytes
    ('ivfsq', 32, 32.0)
    >>> plan_index(IndexRecipe(), n_vectors=1000, dim=128).n_lists
    16
    >>> plan_index(IndexRecipe(), n_vectors=100, dim=128).kind
    'flat'
    """
    n_components = min(dim, recipe.n_components or n_pca_components or dim)
    kind = _family(recipe, n_vectors, n_components, on_gpu=on_gpu)
    if kind == "flat":
        return IndexPlan("flat", n_vectors, dim, 0, 0, 0, 0, 0, recipe.encoding)
    n_lists = recipe.n_lists or _default_n_lists(n_vectors)
    n_bits = recipe.n_bits or (4 if kind == "fastscan" else 8)
    available = available_bytes(recipe, share_of_memory)
    if kind == "ivfsq":
        empty = IndexPlan(kind, n_vectors, dim, n_lists, 0, 0, n_bits, 0)
        fits = _components_in_memory(empty, n_components, available)
        n_components = n_subvectors = recipe.n_components or fits
    else:
        reduced = n_pca_components_4_bit if kind == "fastscan" else None
        n_components = recipe.n_components or reduced or dim
        coded = IndexPlan(kind, n_vectors, dim, n_lists, n_components, 0, n_bits, 0)
        n_subvectors = recipe.n_subvectors or _subvectors_in_memory(coded, available)
    wanted = recipe.train_size or max(MIN_POINTS_PER_LIST * n_lists, 65_536)
    plan = IndexPlan(
        kind,
        n_vectors,
        dim,
        n_lists,
        n_components,
        n_subvectors,
        n_bits=n_bits,
        n_training=int(min(n_vectors, wanted, available // (4 * dim))),
        store=recipe.encoding,
    )
    if problems := _contradictions(plan, recipe, available):
        raise ConfigError(f"recipe '{recipe.name}': " + " ".join(problems))
    return plan


def _family(recipe: IndexRecipe, n_vectors: int, n_components: int, *, on_gpu: bool) -> Kind:
    """The index family that the recipe names, or the default for the given numbers of vectors and
    components.
    """
    if recipe.family == "flat" or n_vectors < recipe.flat_below:
        return "flat"
    if recipe.family != "auto":
        return recipe.family
    if recipe.n_bits is not None:
        return "ivfpq"
    if recipe.n_subvectors is None and n_components <= MAX_SCALAR_COMPONENTS:
        return "ivfsq"
    return "ivfpq" if on_gpu else "fastscan"


def _contradictions(plan: IndexPlan, recipe: IndexRecipe, available: float) -> list[str]:
    """Reasons why a planned index cannot be built, one sentence each; empty if it can be."""
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
    if recipe.rotation == "opq" and plan.n_training < plan.dim:
        problems.append(
            f"rotation = 'opq' needs a training vector for each of {plan.dim:,} dimensions, there "
            f"are {plan.n_training:,}. Use rotation = 'pca' or 'auto', or a larger train_size."
        )
    needed = max(1 if plan.kind == "ivfsq" else 2**plan.n_bits, plan.n_lists)
    if plan.n_training < needed:
        problems.append(
            f"{plan.n_lists} lists and {plan.n_bits}-bit codes need at least {needed:,} training "
            f"vectors, there are {plan.n_training:,} (of {plan.n_vectors:,} stored). Use fewer "
            f"n_lists or n_bits, a larger train_size, or flat_below = {plan.n_vectors + 1}."
        )
    if list_bytes(plan) > available:
        problems.append(
            f"{plan.n_vectors:,} vectors in {plan.n_lists} lists of {plan.n_subvectors} codes need "
            f"up to {list_bytes(plan):,.0f} bytes, their share of memory_budget = "
            f"'{recipe.memory_budget}' is {available:,.0f}."
        )
    return problems


def _default_n_lists(n_vectors: int) -> int:
    """Default number of inverted lists for `n_vectors` vectors, at most 16,384.

    It is the power of two nearest to 4 sqrt(n_vectors), halved until there are 39 vectors for each
    list.
    """
    n_lists = 1 << max(0, round(math.log2(4 * math.sqrt(max(n_vectors, 1)))))
    while n_lists > 1 and n_lists * MIN_POINTS_PER_LIST > n_vectors:
        n_lists //= 2
    return min(n_lists, MAX_LISTS)


def _components_in_memory(empty: IndexPlan, n_components: int, available: float) -> int:
    """The largest number of components, at most `n_components`, whose lists fit in memory.

    `empty` is a plan of scalar quantisers without components; `available` is the memory in bytes.
    """
    fixed = list_bytes(empty)
    for_each = list_bytes(replace(empty, n_components=1, n_subvectors=1)) - fixed
    return int(max(1, min(n_components, (available - fixed) // for_each)))


def allowed_n_subvectors(kind: Kind, n_components: int) -> list[int]:
    """Numbers of codes for each vector among which a default plan chooses, in ascending order.

    Each of them divides the number of components.

    Examples
    --------
    >>> allowed_n_subvectors("fastscan", 32)[-1], allowed_n_subvectors("fastscan", 128)[-1]
    (32, 64)
    >>> allowed_n_subvectors("ivfpq", 128)
    [1, 2, 4, 8, 16, 32]
    """
    if kind == "fastscan":
        min_width = 1 if n_components <= _MAX_SINGLE_CODE_COMPONENTS else 2
        legal = [m for m in range(1, 129) if n_components % m == 0]
    else:
        min_width = 4
        legal = [m for m in GPU_SUBVECTORS if m <= 64 and n_components % m == 0]
    return [m for m in legal if n_components // m >= min_width] or legal[:1]


def _subvectors_in_memory(coded: IndexPlan, available: float) -> int:
    """The largest allowed number of codes for each vector whose lists fit in memory.

    If none of them fits in `available` bytes, it is the smallest allowed number. `coded` is the
    plan of product quantisers whose number of codes is open.
    """
    allowed = allowed_n_subvectors(coded.kind, coded.n_components)
    fits = [m for m in allowed if list_bytes(replace(coded, n_subvectors=m)) <= available]
    return max(fits, default=min(allowed))
