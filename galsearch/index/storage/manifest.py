"""The manifest of an index: what it holds, how it was built, and a summary for people."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.files.digest import FileDigest
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe

MANIFEST_NAME = "manifest.json"
INVERTED_LISTS_NAME, QUERY_AWARE_LISTS_NAME = "lists.faiss", "cross-lists.faiss"


@dataclass(frozen=True)
class QueryAwareManifest:
    """The query-aware lists over one modality, which serve queries of the other modality."""

    plan: IndexPlan
    quantiser: str
    """sha256 of the trained quantisers."""


@dataclass(frozen=True)
class ModalityManifest:
    """The index over one modality."""

    plan: IndexPlan
    """Parameters of the index, chosen for the vectors that trained the quantisers."""
    n_vectors: int
    """Vectors that a search can find; removed ones do not count."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    device: str
    """`cpu` or `gpu`: where the quantisers were trained."""
    quantiser: str
    """sha256 of the trained quantisers; empty for a flat index. Lists of the same quantisers can
    be merged."""
    index_bytes_per_vector: float
    """Size of the FAISS files, which are in memory during a search; 0 for a flat index."""
    stored_bytes_per_vector: float
    """Size of the vectors and ids, which are on disk and memory-mapped."""
    query_aware: QueryAwareManifest | None = None
    """Additional lists for queries of the other modality; None where there are none."""


@dataclass(frozen=True)
class DirectionManifest:
    """Search settings of one direction, and the recall and speed measured with them."""

    using: Modality
    """Modality of the queries."""
    among: Modality
    """Modality that is searched."""
    n_probe: int
    """Inverted lists that a query probes; 0 for a flat index."""
    rerank: float
    """Candidates per neighbour that are compared by their stored vectors; 0 for a flat index."""
    n_queries: int
    """Galaxies that were queries while recall was measured, each excluded from its neighbours."""
    held_out: bool
    """True where the settings were tuned with other galaxies than these."""
    recall_at_1: float
    recall_at_10: float
    """Recall against exact search; ties are not counted as misses."""
    recall_at_100: float
    exact_share: float
    """Fraction of these queries (for 10 neighbours) that were compared with every vector."""
    queries_per_second: float = field(compare=False)
    """Speed while recall@10 was measured: all queries in one call, with every thread."""
    missed_by: float
    """How much recall@10 is below the target of the recipe; 0.0 where it is reached."""


@dataclass(frozen=True)
class SegmentManifest:
    """Galaxies that were written together: those of the first build, or those added since."""

    path: str
    """Directory of the files, relative to the index; empty for the directory of the index."""
    n_galaxies: int
    n_vectors: dict[Modality, int]
    """Stored vectors of each modality, including those of removed galaxies."""
    removed: str | None = None
    """File with the TARGETIDs removed since, relative to the index; None where none was."""


@dataclass(frozen=True)
class IndexManifest:
    """The description of an index that its `manifest.json` holds."""

    recipe: IndexRecipe
    n_galaxies: int
    """Galaxies in the catalogue: with an image, a spectrum, both, or neither embedded."""
    modalities: dict[Modality, ModalityManifest]
    """The modalities that have vectors."""
    directions: tuple[DirectionManifest, ...]
    files: dict[str, FileDigest]
    """Size and digests of each file, by path relative to the index with forward slashes."""
    versions: dict[str, str]
    """Versions of galsearch and of the libraries that made the index."""
    seconds: dict[str, float]
    """Duration of each stage of the build."""
    created: str
    """Time of the build in UTC, ISO 8601."""
    dataset: str
    """Path of the dataset of these galaxies, as its embeddings recorded it."""
    dataset_digest: str
    segments: tuple[SegmentManifest, ...]
    """The galaxies of the build or the last compaction; then, if there are any, those added
    since."""
    generation: int = 1
    """Number of states that the index has had; every change (add, remove, compact) adds one."""
    n_changed: int = 0
    """Galaxies added or removed since recall was measured; where it is above 0, recall is stale."""

    @property
    def fingerprint(self) -> Fingerprint:
        """Fingerprint of the encoder that made all vectors of the index."""
        return next(iter(self.modalities.values())).fingerprint

    def as_table(self) -> dict[str, Any]:
        """The manifest as plain tables, lists, numbers and strings, as `manifest.json` has it."""
        table: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        for entry in table["modalities"].values():
            entry["cross"] = entry.pop("query_aware")
        return table

    def direction(self, using: Modality, among: Modality) -> DirectionManifest | None:
        """The entry of one direction; None where the index lacks one of its modalities."""
        for entry in self.directions:
            if (entry.using, entry.among) == (using, among):
                return entry
        return None

    def summary(self) -> str:
        """A summary for people: at most about 30 lines of at most 100 characters.

        It states what the index holds, which encoder made the vectors, when and with which
        versions it was built, how each modality is indexed, and recall and speed in each
        direction. The speed is that of one call with all measured queries, on the machine that
        measured it; the latency of single queries is not in the manifest.
        """
        return "\n".join([*_heading(self), "", *_modality_lines(self), "", *_recall_table(self)])

    def __str__(self) -> str:
        """The summary."""
        return self.summary()


_KIND_NAMES = {
    "ivfsq": "IVF-SQ8",
    "ivfpq": "IVF-PQ",
    "fastscan": "IVF-PQ fast scan",
}
_WIDTH = 100


def _heading(manifest: IndexManifest) -> list[str]:
    """Lines on the index as a whole."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    n_bytes = sum(digest.n_bytes for digest in manifest.files.values())
    seconds = sum(manifest.seconds.values())
    facts = {
        "encoder": manifest.fingerprint.short,
        "built": f"{manifest.created} in {seconds:.1f} s, generation {manifest.generation}",
        "versions": versions,
        "dataset": manifest.dataset,
        "on disk": f"{_size(n_bytes)} in {len(manifest.files)} files",
    }
    lines = [_shorten(f"  {label:<9} {value}") for label, value in facts.items()]
    name = f"index '{manifest.recipe.name}': {manifest.n_galaxies:,} galaxies"
    return [_shorten(name), *lines]


def _modality_lines(manifest: IndexManifest) -> list[str]:
    """Lines on the index over each modality."""
    lines = []
    for kind, entry in manifest.modalities.items():
        plan = entry.plan
        lines.append(
            f"  {kind:<9} {entry.n_vectors:,} vectors of {plan.dim} dimensions, stored as "
            f"{plan.store} ({entry.stored_bytes_per_vector:.0f} bytes per vector)"
        )
        if plan.kind == "flat":
            lines.append(f"{'':12}flat: every query is compared with every vector")
            continue
        lines.append(
            f"{'':12}{_KIND_NAMES[plan.kind]}: {_lists(plan)}, "
            f"{entry.index_bytes_per_vector:.0f} bytes per vector"
        )
        if entry.query_aware is not None:
            lines.append(
                f"{'':12}for queries of the other modality: {_lists(entry.query_aware.plan)}"
            )
    return lines


def _lists(plan: IndexPlan) -> str:
    return (
        f"{plan.n_lists:,} lists, {plan.n_components} components, {plan.n_subvectors} codes of "
        f"{plan.n_bits} bits"
    )


def _recall_table(manifest: IndexManifest) -> list[str]:
    """A table of recall and speed by direction, and whether it is stale."""
    lines = ["  query     among     recall@1  recall@10  recall@100   queries/s  n_probe  rerank"]
    for entry in manifest.directions:
        missed = f"  {entry.missed_by:.3f} below target" if entry.missed_by else ""
        lines.append(
            f"  {entry.using:<9} {entry.among:<9} {entry.recall_at_1:8.3f}  "
            f"{entry.recall_at_10:9.3f}  {entry.recall_at_100:10.3f}  "
            f"{entry.queries_per_second:10,.0f}  {entry.n_probe:7,}  {entry.rerank:6g}{missed}"
        )
    n_queries = max((entry.n_queries for entry in manifest.directions), default=0)
    held_out = all(entry.held_out for entry in manifest.directions)
    lines.append(
        f"  Recall against exact search, target {manifest.recipe.recall_target:g} at 10, measured "
        f"with {n_queries:,} galaxies" + ("." if held_out else " that also tuned it.")
    )
    if manifest.n_changed:
        lines.append(
            f"  STALE: {manifest.n_changed:,} galaxies were added or removed since recall was "
            "measured."
        )
    return lines


def _shorten(line: str) -> str:
    """A line that fits the width of the summary; long paths lose their end."""
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."


def _size(n_bytes: float) -> str:
    """A number of bytes with a decimal unit."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"
