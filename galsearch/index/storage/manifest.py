"""The manifest of an index, which records its content, its parameters and its measured recall."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.files.digest import FileDigest
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.storage.map_manifest import MapManifest
from galsearch.index.storage.origin_manifest import OriginManifest

MANIFEST_NAME = "manifest.json"
INVERTED_LISTS_NAME, QUERY_AWARE_LISTS_NAME = "lists.faiss", "cross-lists.faiss"
_MIN_DRIFTED_SHARE, _DRIFT_RATIO = 0.02, 2.0
"""Fraction of the vectors that must lie outside of the common axes for an index to have drifted,
and its ratio to the fraction when the index was trained."""


@dataclass(frozen=True)
class QueryAwareManifest:
    """Manifest entry of the query-aware lists over a modality, for queries of the other one."""

    plan: IndexPlan
    quantiser: str
    """Digest (sha256) of the trained quantisers of the query-aware lists."""


@dataclass(frozen=True)
class OutsideManifest:
    """Manifest entry of the vectors of a modality that lie outside of its common axes."""

    n_vectors: int
    """Number of vectors outside, without those of removed galaxies."""
    trained_share: float
    """Fraction of the vectors that were outside when the axes were learnt."""


@dataclass(frozen=True)
class ModalityManifest:
    """Manifest entry of the index over one modality."""

    plan: IndexPlan
    """Parameters of the index, chosen for the vectors that trained the quantisers."""
    n_vectors: int
    """Number of vectors that a search can find, without those of removed galaxies."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    device: str
    """Device that trained the quantisers, `cpu` or `gpu`."""
    quantiser: str
    """Digest (sha256) of the trained quantisers; empty for a flat index. Inverted lists with equal
    digests can be merged."""
    index_bytes_per_vector: float
    """Bytes for each vector of the FAISS files, which are in memory during a search; 0 for a flat
    index."""
    stored_bytes_per_vector: float
    """Bytes for each vector of the stored vectors and TARGETIDs, which are memory-mapped files;
    without `originals.npy`, which queries do not read."""
    query_aware: QueryAwareManifest | None = None
    """Entry of the query-aware lists for queries of the other modality; None if there are none."""
    outside: OutsideManifest | None = None
    """Entry of the vectors outside of the common axes; None if nothing lies outside, or if the
    index is flat or of format 5."""

    @property
    def outside_share(self) -> float:
        """Fraction of the vectors that lie outside of the common axes."""
        return 0.0 if self.outside is None else self.outside.n_vectors / self.n_vectors

    @property
    def has_drifted(self) -> bool:
        """True where so many vectors lie outside that the index should be trained anew.

        That is at least 2 per cent, and twice as many as when it was trained.
        """
        if self.outside is None:
            return False
        limit = max(_MIN_DRIFTED_SHARE, _DRIFT_RATIO * self.outside.trained_share)
        return self.outside_share > limit


@dataclass(frozen=True)
class RareManifest:
    """Manifest entry of the rare queries of a direction: their settings and measured recall."""

    above: float
    """Part of the squared length of a query outside of the common axes of the searched vectors,
    above which it counts as rare."""
    n_probe: int
    rerank: float
    n_queries: int
    """Number of galaxies with rare queries that measured the recall; 0 if there were none."""
    recall_at_10: float
    """Fraction of the 10 nearest neighbours of rare queries that the index found."""
    error: float
    """Standard error of this recall."""


@dataclass(frozen=True)
class DirectionManifest:
    """Manifest entry of one direction of search: its settings, measured recall and speed."""

    using: Modality
    """Modality of the queries of this direction."""
    among: Modality
    """Modality of the vectors that are searched in this direction."""
    n_probe: int
    """Number of inverted lists that a query probes; 0 for a flat index."""
    rerank: float
    """Number of candidates per requested neighbour that are re-ranked by their stored vectors; 0
    for a flat index."""
    n_queries: int
    """Number of galaxies whose queries measured the recall, each excluded from its neighbours."""
    held_out: bool
    """True where the galaxies that measured the recall are others than those that tuned the search
    settings."""
    recall_at_1: float
    recall_at_10: float
    """Fraction of the 10 nearest neighbours by exact search that the index found; ties are not
    counted as misses."""
    recall_at_100: float
    exact_share: float
    """Fraction of the queries for 10 neighbours, among those that measured the recall, that were
    compared with every vector."""
    queries_per_second: float = field(compare=False)
    """Queries per second while recall@10 was measured, all in one call with every thread."""
    missed_by: float
    """Difference by which recall@10 is below the target of the recipe; 0.0 where it is reached."""
    error: float | None = None
    """Standard error of recall@10, from the number of queries; None in indexes of format 5."""
    rare: RareManifest | None = None
    """Entry of the rare queries; None where all queries have the same settings."""
    least_similarity: float | None = None
    """Smallest similarity of a query that measured recall to its nearest neighbour."""
    most_outside: float | None = None
    """Largest part outside of the common axes of a query that measured recall."""


@dataclass(frozen=True)
class SegmentManifest:
    """Manifest entry of a segment: galaxies of the first build, or those that were added later."""

    path: str
    """Directory of the files of the segment, relative to the index; empty for the directory of the
    index itself."""
    n_galaxies: int
    n_vectors: dict[Modality, int]
    """Number of stored vectors of each modality, including those of removed galaxies."""
    removed: str | None = None
    """File with the TARGETIDs that were removed from the segment, relative to the index; None if
    none was removed."""


@dataclass(frozen=True)
class IndexManifest:
    """The description of an index that its `manifest.json` holds."""

    recipe: IndexRecipe
    n_galaxies: int
    """Number of galaxies in the catalogue, whether or not their image or spectrum is embedded."""
    modalities: dict[Modality, ModalityManifest]
    """Entries of the modalities that have vectors."""
    directions: tuple[DirectionManifest, ...]
    files: dict[str, FileDigest]
    """Size and digests of each file, by path relative to the index with forward slashes."""
    versions: dict[str, str]
    """Versions of galsearch and of the libraries that made the index."""
    seconds: dict[str, float]
    """Duration of each stage of the build in seconds, by name of the stage."""
    created: str
    """Time of the build in UTC, as ISO 8601 text."""
    dataset: str
    """Path of the dataset from which the embeddings were made, as the embeddings record it."""
    dataset_digest: str
    segments: tuple[SegmentManifest, ...]
    """Entries of the segments: first the galaxies of the build or the last compaction, then, if
    there are any, the galaxies added since."""
    generation: int = 1
    """Number of states that the index has had; every change (add, remove, compact) adds one."""
    n_changed: int = 0
    """Galaxies added or removed since recall was measured; where it is above 0, recall is stale."""
    maps: dict[Modality, MapManifest] = field(default_factory=dict)
    """Entries of the maps, by the modality whose vectors they show."""
    origins: tuple[OriginManifest, ...] = ()
    """Embeddings that the galaxies came from: those of the build and of each addition; empty in
    indexes of earlier versions."""

    @property
    def fingerprint(self) -> Fingerprint:
        """Fingerprint of the encoder that made all vectors of the index."""
        return next(iter(self.modalities.values())).fingerprint

    @property
    def known_origins(self) -> tuple[OriginManifest, ...]:
        """The origins; for an index of an earlier version what it records of its only one."""
        if self.origins:
            return self.origins
        return (
            OriginManifest(
                embeddings="",
                shards={},
                encoder="",
                fingerprint=self.fingerprint,
                precision="",
                dataset=self.dataset,
                dataset_digest=self.dataset_digest,
                sources=None,
                n_galaxies=self.n_galaxies,
            ),
        )

    def as_table(self) -> dict[str, Any]:
        """The manifest as the nested dictionaries and lists that `manifest.json` contains."""
        table: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        for entry in table["modalities"].values():
            entry["cross"] = entry.pop("query_aware")
        return table

    def direction(self, using: Modality, among: Modality) -> DirectionManifest | None:
        """The search settings and recall of one direction, from `using` to `among`.

        None where the index lacks one of the two modalities.
        """
        for entry in self.directions:
            if (entry.using, entry.among) == (using, among):
                return entry
        return None

    def summary(self) -> str:
        """A summary of the index as text, at most about 30 lines of at most 100 characters.

        It states what the index holds, which encoder made the vectors, when and with which
        versions it was built, how each modality is indexed, and recall and speed in each
        direction. The speed is that of one call with all measured queries, on the machine that
        measured it; the latency of single queries is not in the manifest.
        """
        return "\n".join([*_heading(self), "", *_modality_lines(self), "", *_recall_table(self)])

    def __str__(self) -> str:
        """The summary of the index as text, the same as that of the method `summary`."""
        return self.summary()


_KIND_NAMES = {
    "ivfsq": "IVF-SQ8",
    "ivfpq": "IVF-PQ",
    "fastscan": "IVF-PQ fast scan",
}
_WIDTH = 100


def _heading(manifest: IndexManifest) -> list[str]:
    """The lines of a summary that describe the index as a whole."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    n_bytes = sum(digest.n_bytes for digest in manifest.files.values())
    seconds = sum(manifest.seconds.values())
    facts = {
        "encoder": manifest.fingerprint.short,
        "built": f"{manifest.created} in {seconds:.1f} s, generation {manifest.generation}",
        "versions": versions,
        "dataset": manifest.dataset or "none: the embeddings were made elsewhere",
        "on disk": f"{_size(n_bytes)} in {len(manifest.files)} files",
    }
    lines = [_shorten(f"  {label:<9} {value}") for label, value in facts.items()]
    name = f"index '{manifest.recipe.name}': {manifest.n_galaxies:,} galaxies"
    return [_shorten(name), *lines]


def _modality_lines(manifest: IndexManifest) -> list[str]:
    """The lines of a summary that describe the index over each modality."""
    lines = []
    for kind, entry in manifest.modalities.items():
        plan = entry.plan
        lines.append(
            f"  {kind:<9} {entry.n_vectors:,} vectors of {plan.dim} dimensions, stored as "
            f"{plan.store} ({entry.stored_bytes_per_vector:.0f} bytes per vector)"
        )
        if kind in manifest.maps:
            drawn = manifest.maps[kind]
            lines.append(
                f"{'':12}map of {drawn.n_galaxies:,} of {entry.n_vectors:,} galaxies, "
                f"trustworthiness {drawn.trustworthiness:.3f}"
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
        if entry.outside is not None:
            lines.append(
                f"{'':12}{entry.outside_share:.1%} of the vectors lie outside of the common axes, "
                f"{entry.outside.trained_share:.1%} when trained"
            )
            if entry.has_drifted:
                lines.append(
                    f"{'':12}DRIFTED: a new kind of galaxies was added; compact trains anew."
                )
    return lines


def _lists(plan: IndexPlan) -> str:
    return (
        f"{plan.n_lists:,} lists, {plan.n_components} components, {plan.n_subvectors} codes of "
        f"{plan.n_bits} bits"
    )


def _recall_table(manifest: IndexManifest) -> list[str]:
    """The lines of a summary with recall and speed in each direction of search.

    If the index has changed since they were measured, the last line says so.
    """
    lines = ["  query     among     recall@1  recall@10  recall@100   queries/s  n_probe  rerank"]
    for entry in manifest.directions:
        missed = f"  {entry.missed_by:.3f} below target" if entry.missed_by else ""
        lines.append(
            f"  {entry.using:<9} {entry.among:<9} {entry.recall_at_1:8.3f}  "
            f"{entry.recall_at_10:9.3f}  {entry.recall_at_100:10.3f}  "
            f"{entry.queries_per_second:10,.0f}  {entry.n_probe:7,}  {entry.rerank:6g}{missed}"
        )
        if entry.rare is not None and entry.rare.n_queries:
            lines.append(
                f"    rare queries ({entry.rare.n_queries:,}){entry.rare.recall_at_10:16.3f}  "
                f"{'':22}{entry.rare.n_probe:9,}  {entry.rare.rerank:6g}"
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
    """A line of text cut to the 100 characters of a summary; the end is replaced by dots."""
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."


def _size(n_bytes: float) -> str:
    """A number of bytes as text with a decimal unit, such as `1.5 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"
