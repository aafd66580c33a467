"""What was made: the parts of a build's manifest, and their words for people."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

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
    fingerprint: str
    """Of the encoder that made the vectors."""
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
    def fingerprint(self) -> str:
        """The one encoder fingerprint of the build."""
        return next(iter(self.modalities.values())).fingerprint

    def as_table(self) -> dict[str, Any]:
        """The manifest as plain tables, lists, numbers and strings, ready for JSON."""
        table: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return table

    def __str__(self) -> str:
        """A few lines for people: what it holds, and how well each direction answers."""
        lines = [
            f"index '{self.recipe.name}': {self.n_galaxies:,} galaxies, encoder "
            f"{self.fingerprint[:16]}, built {self.created} in {sum(self.seconds.values()):.1f} s"
        ]
        lines += [_modality_line(kind, entry) for kind, entry in self.modalities.items()]
        if self.n_changed:
            lines.append(
                f"  {self.n_changed:,} galaxies were added or removed since the recall below was "
                "measured; galsearch compact measures it again"
            )
        lines += [_direction_line(entry) for entry in self.directions]
        return "\n".join(lines)

    def direction(self, using: Modality, among: Modality) -> DirectionManifest | None:
        """The entry of one direction; None where it was not tuned (a modality is missing)."""
        for entry in self.directions:
            if (entry.using, entry.among) == (using, among):
                return entry
        return None


_FAMILY_WORDS = {
    "ivfsq": "scalar codes",
    "ivfpq": "product-quantised",
    "fastscan": "product-quantised, fast scan",
}


def _modality_line(kind: Modality, entry: ModalityManifest) -> str:
    plan = entry.plan
    how = "compared one by one (flat)"
    if plan.kind != "flat":
        how = (
            f"{_FAMILY_WORDS[plan.kind]}: {plan.n_lists} lists, {plan.n_components} components "
            f"kept in {plan.n_subvectors} codes of {plan.n_bits} bits, trained on "
            f"{plan.n_training:,} ({entry.device}), "
            f"{entry.index_bytes_per_vector:.0f} bytes a vector"
        )
    if entry.cross is not None:
        cross = entry.cross.plan
        how += (
            f"; cross lists: {cross.n_lists} of {cross.n_components} components in "
            f"{cross.n_subvectors} codes of {cross.n_bits} bits"
        )
    return f"  {kind}: {entry.n_vectors:,} vectors of {plan.dim} components, {how}"


def _direction_line(entry: DirectionManifest) -> str:
    missed = f", misses the target by {entry.missed_by:.3f}" if entry.missed_by else ""
    return (
        f"  {entry.using} among {entry.among}: recall@10 {entry.recall_at_10:.3f}{missed} "
        f"(n_probe {entry.n_probe}, rerank {entry.rerank:g}, {entry.n_queries} questions)"
    )
