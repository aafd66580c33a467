"""What an index shall be: an `IndexRecipe`, read from a small TOML file."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.files.config import read_config
from galsearch.index.vectors.codec import STORES

FAMILIES = ("auto", "flat", "ivfsq", "ivfpq", "fastscan")
ROTATIONS = ("auto", "none", "pca", "opq")


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
    family: Literal["auto", "flat", "ivfsq", "ivfpq", "fastscan"] = "auto"
    """`flat` compares all; the others estimate distances within inverted lists: `ivfsq` from 8 bits
    a component of a shortened vector, `ivfpq` from looked-up codes of 4 to 8 bits, `fastscan`
    from 4-bit codes compared in the registers of a CPU. `auto`: flat when small; ivfpq where
    n_bits is given; ivfsq where 64 components tell enough of a vector; otherwise ivfpq where a GPU
    builds, else fastscan."""
    store: Literal["float32", "float16", "int8"] = "float32"
    """How vectors are stored for re-ranking: 4, 2 or 1.25 bytes a component. Similarities are those
    of what is stored: float16 and int8 are true to a few 1e-5."""
    rotation: Literal["auto", "none", "pca", "opq"] = "auto"
    """What turns a vector before it is coded: to the axes of widest spread (`pca`), or to those in
    which product quantisation errs least (`opq`). `auto`: pca for ivfsq; for the others whichever
    errs least on part of the training sample."""
    n_components: int | None = None
    """Components kept of a turned vector for the inverted lists; stored vectors stay whole.
    Default: the fewest, a multiple of 16, that lack 2e-3 of the squared length (fastscan: 3e-2;
    ivfpq: all)."""
    n_lists: int | None = None
    """Inverted lists. Default: the power of two next to 4 sqrt(n), at most 16,384, with 39 vectors
    a list at least. Too few: every probe reads much. Too many: training costs more."""
    n_subvectors: int | None = None
    """Codes a vector; must divide the dimension. Default: one for every four components, at most
    64; of 4 bits one for each up to 64, else for every two, at most 128. Fewer: less memory, deeper
    re-ranking for the same recall."""
    n_bits: int | None = None
    """Bits a code, 4 to 8; default 8, or 4 for fastscan, which has no other. A GPU trains 8
    only."""
    n_probe: int | None = None
    """Inverted lists read for a question. Default: tuned for each direction."""
    rerank: float | None = None
    """Candidates a wanted neighbour that are re-ranked by their stored vectors. Default: tuned."""
    train_size: int | None = None
    """Vectors that train the quantisers. Default: 39 a list, 65,536 at least, or all there are."""
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
        for name, known in (("family", FAMILIES), ("store", STORES), ("rotation", ROTATIONS)):
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
        "n_components": 1,
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
