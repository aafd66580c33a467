"""What was made: `manifest.json` of a build, its parts and its own digest."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from galsearch.core.errors import EncoderMismatchError, ManifestError
from galsearch.core.modality import Modality
from galsearch.index.digest import FileDigest
from galsearch.index.recipe import IndexPlan, IndexRecipe

MANIFEST_NAME, INVERTED_LISTS_NAME = "manifest.json", "ivfpq.faiss"
FORMAT_VERSION = 2
"""2: the inverted lists hold rows of the stored vectors; in 1 they held TARGETIDs."""


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
    index_bytes_per_vector: float
    """In memory while searching: the FAISS file; 0 where flat."""
    stored_bytes_per_vector: float
    """On disk, memory-mapped: vectors and ids."""


@dataclass(frozen=True)
class DirectionManifest:
    """How questions from one modality among another are answered, and how well."""

    using: Modality
    among: Modality
    n_probe: int
    """0 where the index is flat, as is `rerank`."""
    rerank: int
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


_FAMILY_WORDS = {"ivfpq": "IVF-PQ", "fastscan": "IVF-PQ fast scan"}


def _modality_line(kind: Modality, entry: ModalityManifest) -> str:
    plan = entry.plan
    how = "compared one by one (flat)"
    if plan.kind != "flat":
        how = (
            f"{_FAMILY_WORDS[plan.kind]} of {plan.n_lists} lists, {plan.n_subvectors} codes of "
            f"{plan.n_bits} bits, trained on {plan.n_training:,} ({entry.device}), "
            f"{entry.index_bytes_per_vector:.0f} bytes a vector"
        )
    return f"  {kind}: {entry.n_vectors:,} vectors of {plan.dim} components, {how}"


def _direction_line(entry: DirectionManifest) -> str:
    missed = f", misses the target by {entry.missed_by:.3f}" if entry.missed_by else ""
    return (
        f"  {entry.using} among {entry.among}: recall@10 {entry.recall_at_10:.3f}{missed} "
        f"(n_probe {entry.n_probe}, rerank {entry.rerank}, {entry.n_queries} questions)"
    )


def write_manifest(manifest: IndexManifest, path: Path) -> None:
    """The manifest as JSON at `path`, with a digest of its own content."""
    table = {"format_version": FORMAT_VERSION, **dataclasses.asdict(manifest)}
    table["digest"] = _digest(table)
    text = json.dumps(table, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")


def read_manifest(directory: Path) -> IndexManifest:
    """The manifest of the build in `directory`.

    Raises
    ------
    ManifestError
        Where there is none, or it is not what the build wrote.
    EncoderMismatchError
        Where its modalities come from different encoders.
    """
    path = directory / MANIFEST_NAME
    again = "Restore the file, or build the index again with galsearch build-index."
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError(
            f"{directory}: not an index, there is no {MANIFEST_NAME}. Build one with "
            "galsearch build-index RECIPE --embeddings DIR --out DIR."
        ) from None
    except ValueError as error:
        raise ManifestError(f"{path}: not JSON ({error}). {again}") from None
    if not isinstance(table, dict) or table.get("format_version") != FORMAT_VERSION:
        version = table.get("format_version") if isinstance(table, dict) else None
        raise ManifestError(
            f"{path}: format version {version}, this galsearch reads {FORMAT_VERSION}. {again}"
        )
    if table.pop("digest", None) != _digest(table):
        raise ManifestError(f"{path}: changed since the build wrote it. {again}")
    try:
        manifest = _from_table(table)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"{path}: not a manifest ({error!r}). {again}") from None
    _one_encoder(manifest, path)
    return manifest


def _one_encoder(manifest: IndexManifest, path: Path) -> None:
    found = {kind: entry.fingerprint for kind, entry in manifest.modalities.items()}
    if not found:
        raise ManifestError(f"{path}: no modality has vectors.")
    if len(set(found.values())) > 1:
        raise EncoderMismatchError(
            f"{path}: "
            + " and ".join(f"{kind} vectors of encoder {f[:16]}" for kind, f in found.items())
            + ". Similarities between different encoders have no meaning; embed both again with "
            "one encoder and build the index again."
        )


def _digest(table: dict[str, Any]) -> str:
    text = json.dumps(table, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _from_table(table: dict[str, Any]) -> IndexManifest:
    modalities = {
        Modality(kind): ModalityManifest(**{**entry, "plan": IndexPlan(**entry["plan"])})
        for kind, entry in table["modalities"].items()
    }
    directions = tuple(
        DirectionManifest(
            **{**entry, "using": Modality(entry["using"]), "among": Modality(entry["among"])}
        )
        for entry in table["directions"]
    )
    return IndexManifest(
        recipe=IndexRecipe(**table["recipe"]),
        n_galaxies=table["n_galaxies"],
        modalities=modalities,
        directions=directions,
        files={name: FileDigest(**entry) for name, entry in table["files"].items()},
        versions=table["versions"],
        seconds=table["seconds"],
        created=table["created"],
        dataset=table["dataset"],
        dataset_digest=table["dataset_digest"],
        segments=tuple(
            SegmentManifest(
                **{
                    **entry,
                    "n_vectors": {Modality(kind): n for kind, n in entry["n_vectors"].items()},
                }
            )
            for entry in table["segments"]
        ),
        generation=table["generation"],
        n_changed=table["n_changed"],
    )
