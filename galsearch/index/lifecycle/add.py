"""Addition of galaxies to an index that other processes may be reading.

An index has one or two segments: the galaxies that were built or compacted, and those added since,
indexed with the same quantisers. Each addition writes the second segment anew, with the galaxies
that were added before and the new ones. Removed galaxies are listed in a file. An open index joins
both segments in memory, so a query takes the same time however often the index has changed.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.errors import MissingModalityError, ShardError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress, no_stage_progress, stage_progress
from galsearch.embeddings import EmbeddingStore
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE, open_stores
from galsearch.index.build.borrowed_quantisers import require_comparable
from galsearch.index.build.index_catalogue import read_catalogue, write_catalogue
from galsearch.index.build.intake import write_vectors
from galsearch.index.build.quantisers import index_vectors, quantisers_of
from galsearch.index.lifecycle.commit import commit
from galsearch.index.lifecycle.segment_catalogue import concatenate
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import new_generation, write_lock
from galsearch.index.storage.manifest import IndexManifest, SegmentManifest
from galsearch.index.storage.origin_manifest import origin_of
from galsearch.index.vectors.stored_vectors import StoredVectors


def add(
    embeddings: str | Path,
    *,
    index: str | Path | None = None,
    progress: Progress | None = None,
) -> IndexManifest:
    """Add the galaxies of a directory of embeddings to an index, and return its new manifest.

    The quantisers are not trained again. The change takes effect by one rename: a reader sees all
    of it or nothing, and a process that dies before the rename leaves the index as it was.

    Parameters
    ----------
    embeddings
        Directory that `embed_dataset` wrote, with the encoder of the index.
    index
        Directory of the index; default: the only one under `index_builds`.
    progress
        Receives the name of a stage, the number of finished items, and the number of items.

    Returns
    -------
    IndexManifest
        Description of the index after the change.

    Raises
    ------
    ShardError
        Where a galaxy is in the index already, or the embeddings contradict each other.
    EncoderMismatchError
        Where another encoder made the embeddings, or they have another number of dimensions.
    MissingModalityError
        Where the embeddings hold a modality that the index was built without.
    ManifestError
        Where the index is damaged.
    LockedError
        Where another process is changing the index.
    """
    directory = find_build() if index is None else Path(index)
    with write_lock(directory):
        opened = open_build(directory)
        source = Path(embeddings)
        stores = open_stores(source)
        _check_compatible(opened, stores, source)
        table = _second_catalogue(opened, stores, source)
        with new_generation(opened.directory, opened.manifest) as folder:
            segment = _write_second_segment(
                opened, stores, (table, source), folder, progress or no_progress
            )
            first = opened.manifest.segments[0]
            n_added = segment.n_galaxies - _n_present_in_second(opened)
            n_changed = opened.manifest.n_changed + n_added
            records = {kind: store.record for kind, store in stores.items()}
            origins = (*opened.manifest.known_origins, origin_of(source, records, n_added))
            return commit(opened, folder, (first, segment), n_changed=n_changed, origins=origins)


def _check_compatible(
    opened: GalaxyIndex, stores: dict[Modality, EmbeddingStore], source: Path
) -> None:
    """Check that an index has the encoder and the modalities of the embeddings to be added."""
    manifest = opened.manifest
    name = f"index '{manifest.recipe.name}'"
    require_comparable(opened, name, stores, source)
    for kind, store in stores.items():
        if kind not in manifest.modalities:
            raise MissingModalityError(
                f"{name} was built without {kind} vectors; {source} holds {len(store):,}.",
                modality=kind,
            )


def _second_catalogue(
    opened: GalaxyIndex, stores: dict[Modality, EmbeddingStore], source: Path
) -> pa.Table:
    """The catalogue of the second segment of an index, before anything is written.

    It holds the galaxies that were added before and not removed since, and the new ones.
    """
    table = read_catalogue(source, stores)
    new = np.asarray(table["target_id"])
    known = new[opened.catalogue_rows(new) >= 0]
    if len(known):
        raise ShardError(
            f"{source}: {len(known):,} of {len(new):,} galaxies are in index "
            f"'{opened.manifest.recipe.name}' already, first TARGETID {known.min()}; nothing was "
            "added.",
            target_id=int(known.min()),
        )
    catalogue = (table, source / CATALOGUE_FILE)
    # The types of all segments are compared before any vector is written.
    concatenate(opened.catalogue_segments, [catalogue])
    return concatenate(opened.catalogue_segments[1:], [catalogue])


def _write_second_segment(
    opened: GalaxyIndex,
    stores: dict[Modality, EmbeddingStore],
    catalogue: tuple[pa.Table, Path],
    folder: Path,
    progress: Progress,
) -> SegmentManifest:
    """Write the second segment of an index, and return its manifest entry.

    `catalogue` is the catalogue of the segment, and the directory of the embeddings.
    """
    table, source = catalogue
    report = stage_progress(progress, "add vectors")
    n_vectors = {}
    embedded: dict[Modality, TargetIds] = {}
    for done, kind in enumerate(opened.manifest.modalities, start=1):
        stored = _write_modality(opened, kind, stores.get(kind), folder / kind)
        if stored is not None:
            n_vectors[kind], embedded[kind] = len(stored), stored.ids
        report(done, len(opened.manifest.modalities))
    n_galaxies = write_catalogue(table, folder, embedded, source)
    return SegmentManifest(folder.name, n_galaxies, n_vectors)


def _write_modality(
    opened: GalaxyIndex, kind: Modality, store: EmbeddingStore | None, folder: Path
) -> StoredVectors | None:
    """Write and index the vectors of one modality of the second segment, and return them.

    None where the segment has no vectors of this modality.
    """
    before, originals = _second_segment(opened, kind), opened.stored(kind).originals
    ids = [] if before is None else [before.ids]
    if store is not None:
        ids += list(store.iter_ids())
    if not sum(len(part) for part in ids):
        return None

    def blocks() -> Iterator[tuple[TargetIds, Vectors]]:
        if before is not None:
            source = before.originals or before
            yield from ((source.ids_at(rows), vectors) for rows, vectors in source.blocks())
        if store is not None:
            yield from store.iter_vectors()

    plan = opened.manifest.modalities[kind].plan
    stored = write_vectors(ids, blocks(), folder, dim=plan.dim, encoding=plan.store, source=folder)
    index_vectors(
        quantisers_of(opened, kind),
        opened.manifest.recipe,
        stored,
        folder,
        keep_originals=originals is not None,
        progress=no_stage_progress,
    )
    return stored


def _second_segment(opened: GalaxyIndex, kind: Modality) -> StoredVectors | None:
    """The stored vectors of one modality in the second segment of an index.

    These vectors were added after the build. None where there are no such vectors.
    """
    later = opened.manifest.segments[1:]
    if not any(kind in segment.n_vectors for segment in later):
        return None
    return StoredVectors([opened.stored(kind).segments[-1]])


def _n_present_in_second(opened: GalaxyIndex) -> int:
    """Number of galaxies in the second segment of an index that have not been removed."""
    later = opened.catalogue_segments[1:]
    return sum(len(segment.ids) - len(segment.removed) for segment in later)
