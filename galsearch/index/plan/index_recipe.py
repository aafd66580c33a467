"""Recipes of indexes: the requested properties of an index, read from a small TOML file."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.files.config import read_config
from galsearch.index.vectors.codec import STORES

FAMILIES = ("auto", "flat", "ivfsq", "ivfpq", "fastscan")
ROTATIONS = ("auto", "none", "pca", "opq")
DEVICES = ("auto", "cpu", "gpu")
_CHOICES = {"family": FAMILIES, "store": STORES, "rotation": ROTATIONS, "device": DEVICES}
MAX_RERANK = 1_000_000
"""Largest number of re-ranked candidates for each neighbour; more would be every vector."""


@dataclass(frozen=True)
class IndexRecipe:
    """The requested properties of an index. Values that are not set follow from the data.

    Raises
    ------
    ConfigError
        Where a value is not possible; the message lists every such value.

    Examples
    --------
    >>> IndexRecipe(recall_target=0.9, memory_budget="2 GB").family
    'auto'
    """

    name: str = "default"
    """Name by which messages call the index."""
    recall_target: float = 0.95
    """Recall@10 against exact search that each direction is tuned to reach. Higher is slower."""
    memory_budget: str | None = None
    """Memory that the inverted lists of all modalities may need while they are searched, such as
    `"2 GB"` (GB, MB: powers of 1000; GiB, MiB: of 1024), with the tables that FAISS computes for
    them; training samples stay below it too.
    Stored vectors are not counted, because they are memory-mapped files. Default: no limit."""
    family: Literal["auto", "flat", "ivfsq", "ivfpq", "fastscan"] = "auto"
    """Family of the index. `flat` compares all vectors. The others estimate distances within
    inverted lists: `ivfsq` from 8 bits for each component of a shortened vector, `ivfpq` from
    looked-up codes of 4 to 8 bits, `fastscan` from 4-bit codes compared in the registers of a CPU.
    `auto`: flat for few vectors; ivfpq where n_bits is set; ivfsq where 64 PCA components keep
    99.8 % of the variance; otherwise ivfpq where a GPU trains the index, else fastscan."""
    store: Literal["float32", "float16", "int8"] | None = None
    """Encoding of the vectors for re-ranking: 4, 2 or 1.25 bytes for each dimension. Similarities
    are those of the encoded vectors; with float16 and int8 their errors are a few 1e-5. Vectors
    that int8 cannot hold (rare kinds) are kept in float32. Default: float32, or the encoding of the
    index whose quantisers are used."""
    keep_originals: bool = True
    """Keep the vectors as they were embedded in a file beside float16 or int8 ones (4 bytes for
    each dimension on disk, not in memory). Exact search, and the recall measured after a change,
    need them: without them `exact=True` is refused."""
    rotation: Literal["auto", "none", "pca", "opq"] = "auto"
    """Rotation of vectors before they are coded: to their principal axes (`pca`), or to the axes in
    which product quantisation has the smallest error (`opq`). `auto`: pca for ivfsq; for the others
    the rotation with the smallest error on a part of the training sample."""
    n_components: int | None = None
    """Number of components of a rotated vector that the inverted lists keep; stored vectors keep
    all. Default: the smallest multiple of 16 that leaves at most 2e-3 of the variance unexplained
    (fastscan: 3e-2; ivfpq: all components)."""
    n_lists: int | None = None
    """Number of inverted lists. Default: the power of two nearest to 4 sqrt(n), at most 16,384,
    with at least 39 vectors for each list. With too few lists every probe reads many vectors; with
    too many, training takes longer."""
    n_subvectors: int | None = None
    """Number of codes for each vector; it must divide the number of components. Default: one for
    every four components, at most 64; 4-bit codes: one for each component up to 64 components, else
    one for every two, at most 128. Fewer codes need less memory, and more re-ranking for the same
    recall."""
    n_bits: int | None = None
    """Number of bits of each code, 4 to 8. Default: 8, or 4 for fastscan, which has no other. A GPU
    trains 8-bit codes only."""
    n_probe: int | None = None
    """Number of inverted lists that a query probes. Default: tuned for each direction of search."""
    rerank: float | None = None
    """Number of candidates that are re-ranked by their stored vectors, for each requested
    neighbour. Default: tuned for each direction of search."""
    train_size: int | None = None
    """Number of vectors that train the quantisers. Default: 39 for each inverted list, but at least
    65,536 and at most all vectors."""
    flat_below: int = 512
    """Number of vectors below which no quantiser is trained and every query is an exact search."""
    n_tuning_queries: int = 256
    """Number of galaxies whose queries tune a direction of search; as many other galaxies then
    measure its recall."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """Device that trains the quantisers. `auto` uses a GPU if FAISS sees one and it can train the
    family of the index."""
    seed: int = 1
    """Seed of the training sample, of k-means and of the tuning queries."""

    def __post_init__(self) -> None:
        problems = [*_too_small(self)]
        if self.rerank is not None and not self.rerank <= MAX_RERANK:
            problems.append(f"rerank = {self.rerank} is more than {MAX_RERANK:,}.")
        if not 0 < self.recall_target <= 1:
            problems.append(f"recall_target = {self.recall_target} is not within 0 .. 1.")
        if self.n_bits is not None and not 4 <= self.n_bits <= 8:
            problems.append(f"n_bits = {self.n_bits} is not within 4 .. 8.")
        if self.family == "fastscan" and self.n_bits not in (None, 4):
            problems.append(f"family = 'fastscan' has 4-bit codes, n_bits = {self.n_bits}.")
        if self.memory_budget is not None and size_bytes(self.memory_budget) is None:
            problems.append(f"memory_budget = {self.memory_budget!r} is not a size such as '2 GB'.")
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            is_open = name == "store" and value is None
            if value not in known and not is_open:
                problems.append(f"{name} = {value!r} is not one of {', '.join(known)}.")
        if not self.name.strip():
            problems.append("name is empty.")
        if problems:
            raise ConfigError(" ".join(problems))

    @property
    def encoding(self) -> str:
        """Encoding of the stored vectors, also where the recipe leaves it open."""
        return self.store or "float32"


def _too_small(recipe: IndexRecipe) -> list[str]:
    """Problems of a recipe: one sentence for each value that is below its minimum."""
    minima = {
        "n_lists": 1,
        "n_components": 1,
        "n_subvectors": 1,
        "n_probe": 1,
        "rerank": 1,
        "train_size": 1,
        "flat_below": 0,
        "n_tuning_queries": 1,
        "seed": 0,
    }
    values = {name: getattr(recipe, name) for name in minima}
    return [
        f"{name} = {value} is less than {minima[name]}."
        for name, value in values.items()
        if value is not None and value < minima[name]
    ]


def read_recipe(path: str | Path) -> IndexRecipe:
    """The index recipe in a TOML file, whose keys `index_builds/README.md` describes.

    Raises
    ------
    ConfigError
        Where a key or value is wrong; the message lists every such key and value.
    """
    return read_config(path, IndexRecipe)


def size_bytes(text: str) -> int | None:
    """Number of bytes that a text such as `2 GB` or `512MiB` states.

    None where the text is not a size above 0.

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
