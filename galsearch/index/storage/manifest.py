"""What was made: the parts of a build's manifest, and their words for people."""

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
INVERTED_LISTS_NAME, CROSS_LISTS_NAME = "lists.faiss", "cross-lists.faiss"


@dataclass(frozen=True)
class CrossManifest:
    """The lists over one modality that questions of the other are answered from."""

    plan: IndexPlan
    quantiser: str
    """sha256 of what was trained."""


@dataclass(frozen=True)
class ModalityManifest:
    """The index over one modality."""

    plan: IndexPlan
    """Made for the vectors that the quantisers were trained for."""
    n_vectors: int
    """Vectors that can be found."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    device: str
    """`cpu` or `gpu`: where the quantisers were trained."""
    quantiser: str
    """sha256 of what was trained: lists of one quantiser can be merged. Empty where flat."""
    index_bytes_per_vector: float
    """In memory while searching: the FAISS files; 0 where flat."""
    stored_bytes_per_vector: float
    """On disk, memory-mapped: vectors and ids."""
    cross: CrossManifest | None = None
    """Where questions of the other modality have lists of their own."""


@dataclass(frozen=True)
class DirectionManifest:
    """How questions from one modality among another are answered, and how well."""

    using: Modality
    among: Modality
    n_probe: int
    """0 where the index is flat, as is `rerank`."""
    rerank: float
    n_queries: int
    """Galaxies that asked while recall was measured, each excluded from its own answer."""
    held_out: bool
    """Whether the tuning was done on other galaxies than these."""
    recall_at_1: float
    recall_at_10: float
    """Against exact search, ties not counted as misses."""
    recall_at_100: float
    exact_share: float
    """Share of those answers (at 10) that came from a scan of every vector."""
    queries_per_second: float = field(compare=False)
    """While recall@10 was measured: all questions in one call, every thread of that machine."""
    missed_by: float
    """How far recall@10 falls short of the recipe's target; 0.0 where it is reached."""


@dataclass(frozen=True)
class SegmentManifest:
    """Galaxies that were written together: those of the first build, or those added since."""

    path: str
    """Directory of the files, relative to the build; empty for the build's own."""
    n_galaxies: int
    n_vectors: dict[Modality, int]
    """Stored, those of removed galaxies included."""
    removed: str | None = None
    """File with the TARGETIDs that were removed since, relative to the build."""


@dataclass(frozen=True)
class IndexManifest:
    """An index directory described: recipe, counts, digests, versions, seconds, recall."""

    recipe: IndexRecipe
    n_galaxies: int
    """In the catalogue; with either modality, both, or none that was embedded."""
    modalities: dict[Modality, ModalityManifest]
    """The modalities that have vectors."""
    directions: tuple[DirectionManifest, ...]
    files: dict[str, FileDigest]
    """By path relative to the build, with forward slashes."""
    versions: dict[str, str]
    seconds: dict[str, float]
    created: str
    """UTC, ISO 8601."""
    dataset: str
    """Path of the dataset whose galaxies these are, as its embeddings recorded it."""
    dataset_digest: str
    segments: tuple[SegmentManifest, ...]
    """What the first build or the last compaction wrote; then, where there is one, what was added
    since."""
    generation: int = 1
    """Counts up with every change: add, remove, compact."""
    n_changed: int = 0
    """Galaxies added or removed since recall was measured: above 0 the recall below is stale."""

    @property
    def fingerprint(self) -> Fingerprint:
        """Fingerprint of the encoder that made all vectors of the index."""
        return next(iter(self.modalities.values())).fingerprint

    def as_table(self) -> dict[str, Any]:
        """The manifest as plain tables, lists, numbers and strings, ready for JSON."""
        table: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return table

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

    def direction(self, using: Modality, among: Modality) -> DirectionManifest | None:
        """The entry of one direction; None where it was not tuned (a modality is missing)."""
        for entry in self.directions:
            if (entry.using, entry.among) == (using, among):
                return entry
        return None


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
        if entry.cross is not None:
            lines.append(f"{'':12}for queries of the other modality: {_lists(entry.cross.plan)}")
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
