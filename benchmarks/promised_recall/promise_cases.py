"""Cases of the benchmark of promised recall: indexes of common, rare, new and filtered galaxies.

Each case builds an index of synthetic galaxies (`rare_kinds`), changes it, and searches it with
fresh vectors that are in no index and tuned none. Truth is NumPy's, over the vectors as they were
embedded.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.synthetic_vectors import FIRST_ID
from benchmarks.promised_recall.rare_kinds import Galaxies, Survey, joined, true_fractions
from galsearch.core.arrays import BoolArray, Vectors
from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, add, build_index, compact, open_build
from galsearch.index.storage.manifest import DirectionManifest, IndexManifest

K = 10
N, N_FILTERED, N_QUERIES = 60_000, 100_000, 400
RARE_SHARES = (0.0005, 0.001, 0.0033)
ANGLES_DEG = (22, 45, 90)
NEW_SHARES = (0.09, 0.12)
FILTERED_SHARES = (0.01, 0.015, 0.03, 0.05)
N_BEFORE, N_GROWN = 50, 8000
_FIRST_ADDED_ID = FIRST_ID + 10**9


class Case:
    """One benchmark: an index in a directory, the galaxies in it, and measurements of it."""

    def __init__(self, work: Path, n: int, seed: int) -> None:
        self.work, self.n, self.seed = work, n, seed
        self.survey = Survey(seed)
        self.entries: list[dict[str, Any]] = []

    def generator(self, number: int) -> np.random.Generator:
        """A random generator of its own for each number."""
        return np.random.default_rng([self.seed, 100, number])

    def with_rare_kinds(self) -> Galaxies:
        """Common galaxies with three rare kinds among them."""
        parts = [self.survey.common(self.n, self.generator(0))]
        for number, share in enumerate(RARE_SHARES):
            parts.append(
                self.survey.rare(number, round(share * self.n), self.generator(1 + number))
            )
        return Galaxies.of(np.concatenate(parts), seed=self.seed)

    def build(self, name: str, galaxies: Galaxies, store: str) -> Path:
        """Build an index of galaxies, and return its directory."""
        folder = self.work / name
        recipe = IndexRecipe(name="rare", store=store)  # type: ignore[arg-type]
        build_index(recipe, embeddings=galaxies.write(folder / "sky"), out=folder / "index")
        return folder / "index"

    def add(self, index: Path, added: Galaxies) -> IndexManifest:
        """Add galaxies to an index, and return its manifest."""
        return add(added.write(index.parent / "added"), index=index)

    def measure(
        self,
        name: str,
        index: Path,
        galaxies: Galaxies,
        queries: Vectors,
        *,
        exact: bool = False,
        where: float | None = None,
        is_rare: bool = False,
    ) -> None:
        """Record the recall promised by an index, and its recall for fresh queries.

        `where` is the fraction of the galaxies that pass a random filter; None for no filter. Of
        rare queries (`is_rare`), the promise is that for rare queries, if there is one.
        """
        opened = open_build(index)
        allowed: BoolArray | None = None if where is None else galaxies.chance < where
        row_filter = (
            None if allowed is None else opened.row_filter(galaxies.ids[allowed], Modality.IMAGE)
        )
        kind = Modality.IMAGE
        found = opened.search(
            queries, using=kind, among=kind, k=K, exact=exact, row_filter=row_filter
        )
        fractions = true_fractions(galaxies, queries, found.target_ids, k=K, allowed=allowed)
        entry = opened.manifest.direction(kind, kind)
        self.entries.append(
            {
                "case": name,
                "exact": exact,
                "promised": None if entry is None else _promise(entry, is_rare=is_rare),
                "fractions": np.round(fractions, 3).tolist(),
                "stale": opened.manifest.n_changed,
                "settings": None if entry is None else [entry.n_probe, entry.rerank],
            }
        )
        opened.release()
        print(_line(self.entries[-1]), flush=True)


def _promise(entry: DirectionManifest, *, is_rare: bool) -> tuple[float, float]:
    """The recall@10 that a manifest promises, and its standard error."""
    if is_rare and entry.rare is not None and entry.rare.n_queries:
        return entry.rare.recall_at_10, entry.rare.error
    return entry.recall_at_10, entry.error or 0.0


def measure_rare(case: Case, store: str) -> None:
    """Rare kinds asked by themselves, by approximate and by exact search, and common galaxies."""
    galaxies = case.with_rare_kinds()
    index = case.build(f"rare-{store}", galaxies, store)
    queries = case.survey.common(N_QUERIES, case.generator(10))
    case.measure(f"{store}: common", index, galaxies, queries)
    case.measure(f"{store}: common", index, galaxies, queries, exact=True)
    for number, share in enumerate(RARE_SHARES):
        queries = case.survey.rare(number, N_QUERIES, case.generator(20 + number))
        for exact in (False, True):
            name = f"{store}: rare {share:.2%}"
            case.measure(name, index, galaxies, queries, exact=exact, is_rare=True)


def measure_new(case: Case, store: str) -> None:
    """A new kind that was added, asked by itself, before and after `compact`."""
    galaxies = case.with_rare_kinds()
    built = case.build(f"new-{store}", galaxies, store)
    common = case.survey.common(N_QUERIES, case.generator(10))
    for share in NEW_SHARES:
        for angle in ANGLES_DEG:
            folder = case.work / f"new-{store}-{share}-{angle}"
            index = Path(shutil.copytree(built, folder / "index"))
            n_new = round(share / (1 - share) * len(galaxies.ids))
            new = case.survey.new(angle, n_new + N_QUERIES, case.generator(30))
            added = Galaxies.of(new[:n_new], first_id=_FIRST_ADDED_ID, seed=case.seed)
            case.add(index, added)
            everything, queries = joined(galaxies, added), new[n_new:]
            name = f"{store}: {share:.0%} added, turned by {angle}"
            case.measure(name, index, everything, queries, is_rare=True)
            case.measure(f"{name}, common", index, everything, common)
            compact(index)
            case.measure(f"{name}, compacted", index, everything, queries)
            shutil.rmtree(folder)


def measure_grown(case: Case, store: str) -> None:
    """An index of 50 galaxies to which thousands of the same kind were added."""
    first = Galaxies.of(case.survey.common(N_BEFORE, case.generator(40)), seed=case.seed)
    index = case.build(f"grown-{store}", first, store)
    vectors = case.survey.common(N_GROWN - N_BEFORE, case.generator(41))
    added = Galaxies.of(vectors, first_id=_FIRST_ADDED_ID, seed=case.seed)
    case.add(index, added)
    everything = joined(first, added)
    queries = case.survey.common(N_QUERIES, case.generator(42))
    case.measure(f"{store}: grown", index, everything, queries)
    case.measure(f"{store}: grown", index, everything, queries, exact=True)
    compact(index)
    case.measure(f"{store}: grown, compacted", index, everything, queries)


def measure_filters(case: Case, store: str) -> None:
    """Random filters of a few per cent."""
    vectors = case.survey.common(N_FILTERED, case.generator(0))
    galaxies = Galaxies.of(vectors, seed=case.seed)
    index = case.build(f"filter-{store}", galaxies, store)
    queries = case.survey.common(N_QUERIES, case.generator(50))
    for share in FILTERED_SHARES:
        case.measure(f"{store}: filter {share:.1%}", index, galaxies, queries, where=share)


MEASUREMENTS: dict[str, Callable[[Case, str], None]] = {
    "rare": measure_rare,
    "new": measure_new,
    "grown": measure_grown,
    "filter": measure_filters,
}
"""Functions that measure a group of cases with one store, by the name of the group."""


def table(results: dict[str, Any]) -> str:
    """Markdown table of promised and measured recall, with one row for each case."""
    head = ["| case | search | recall@10 promised | measured | kept |"]
    return "\n".join([*head, "|---|---|---|---|---|", *map(_line, results["cases"])])


def _line(entry: dict[str, Any]) -> str:
    fractions = np.array(entry["fractions"])
    mean, error = fractions.mean(), fractions.std() / np.sqrt(len(fractions))
    promised, of_promise = (1.0, 0.0) if entry["exact"] else entry["promised"]
    kept = "yes" if mean >= promised - 2 * max(np.hypot(error, of_promise), 1e-9) else "NO"
    search = "exact" if entry["exact"] else "lists"
    return (
        f"| {entry['case']} | {search} | {promised:.3f} +- {of_promise:.3f} | {mean:.3f} "
        f"+- {error:.3f} | {kept} |"
    )
