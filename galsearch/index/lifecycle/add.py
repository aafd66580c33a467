"""Galaxies come into a live build; what reads it is not disturbed.

A build has one or two segments: what was built or compacted, and what was added since, of the
same quantisers. Added galaxies are written into a new second segment together with those added
before; removed ones are listed beside their segment. An opened index joins both in memory, so a
question costs the same however often the build has changed.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.errors import EncoderMismatchError, MissingModalityError, ShardError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.embeddings import EmbeddingStore
from galsearch.index.build.intake import (
    drop_originals,
    open_stores,
    read_catalogue,
    write_catalogue,
    write_vectors,
)
from galsearch.index.build.quantisers import quantisers_of
from galsearch.index.lifecycle.commit import commit
from galsearch.index.search.galaxy_index import GalaxyIndex, open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import new_generation, write_lock
from galsearch.index.storage.manifest import IndexManifest, SegmentManifest
from galsearch.index.vectors.stored_vectors import StoredVectors

Progress = Callable[[str, int, int], None]


def add(
    embeddings: str | Path,
    *,
    index: str | Path | None = None,
    progress: Progress | None = None,
) -> IndexManifest:
    """The manifest of a build with the galaxies of `embeddings` in it, beside those it had.

    The quantisers stay as they were trained. The change is one rename: whoever reads the build
    sees all of it or nothing, and a process that dies leaves the build as it was.

    Parameters
    ----------
    embeddings
        What `embed_dataset` wrote, by the encoder of the build.
    index
        Default: the only build under `index_builds`.

    Raises
    ------
    ShardError
        Where a galaxy is in the build already, or the embeddings contradict each other.
    EncoderMismatchError
        Where another encoder made them.
    MissingModalityError
        Where they hold a modality that the build was made without.
    ManifestError
        Where the build is damaged, or another process is changing it.
    """
    directory = find_build() if index is None else Path(index)
    with write_lock(directory):
        opened = open_build(directory)
        stores = open_stores(Path(embeddings))
        _check(opened, stores, Path(embeddings))
        folder = new_generation(directory, opened.manifest)
        segment = _write_added(opened, stores, Path(embeddings), folder, progress)
        first = opened.manifest.segments[0]
        n_added = segment.n_galaxies - _alive_in_second(opened)
        changed = opened.manifest.n_changed + n_added
        return commit(opened, folder, (first, segment), n_changed=changed)


def _check(opened: GalaxyIndex, stores: dict[Modality, EmbeddingStore], source: Path) -> None:
    manifest = opened.manifest
    for kind, store in stores.items():
        if store.fingerprint != manifest.fingerprint:
            raise EncoderMismatchError(
                f"index '{manifest.recipe.name}' was built with encoder "
                f"{manifest.fingerprint[:16]}, {source} is of encoder {store.fingerprint[:16]}. "
                "Similarities between different encoders have no meaning. Embed with the index's "
                "encoder, or build the index again."
            )
        if kind not in manifest.modalities:
            raise MissingModalityError(
                f"index '{manifest.recipe.name}' was built without {kind} vectors, {source} holds "
                f"{len(store):,}. Build the index again from both."
            )


def _write_added(
    opened: GalaxyIndex,
    stores: dict[Modality, EmbeddingStore],
    source: Path,
    folder: Path,
    progress: Progress | None,
) -> SegmentManifest:
    """The second segment: what it held, without what was removed, and the new galaxies."""
    table = read_catalogue(source)
    new = np.asarray(table["target_id"])
    known = new[opened.catalogue_rows(new) >= 0]
    if len(known):
        raise ShardError(
            f"{source}: {len(known):,} of {len(new):,} galaxies are in index "
            f"'{opened.manifest.recipe.name}' already, first TARGETID {known.min()}; nothing was "
            "added. Remove them from the index first, or embed new ones alone."
        )
    counts = {}
    embedded: dict[Modality, TargetIds] = {}
    for number, kind in enumerate(opened.manifest.modalities, start=1):
        stored = _write_modality(opened, kind, stores.get(kind), folder / kind)
        if stored is not None:
            counts[kind], embedded[kind] = len(stored), stored.ids
        if progress:
            progress("add vectors", number, len(opened.manifest.modalities))
    if len(opened.catalogues) > 1:
        path, removed = opened.catalogues[1]
        before = pq.read_table(path)
        alive = find_rows(removed, np.asarray(before["target_id"])) < 0
        table = pa.concat_tables(
            [before.filter(pa.array(alive)), table], promote_options="permissive"
        )
    n_galaxies = write_catalogue(table, folder, embedded, source)
    return SegmentManifest(folder.name, n_galaxies, counts)


def _write_modality(
    opened: GalaxyIndex, kind: Modality, store: EmbeddingStore | None, folder: Path
) -> StoredVectors | None:
    before = _second(opened, kind)
    ids = [] if before is None else [before.ids]
    if store is not None:
        ids += list(store.iter_ids())
    if not sum(len(part) for part in ids):
        return None

    def blocks() -> Iterator[tuple[TargetIds, Vectors]]:
        if before is not None:
            yield from ((before.ids_at(rows), vectors) for rows, vectors in before.blocks())
        if store is not None:
            yield from store.iter_vectors()

    dim = opened.stored(kind).dim
    stored = write_vectors(ids, blocks(), folder, dim=dim, source=folder)
    quantisers_of(opened, kind).index(opened.manifest.recipe, stored, folder, lambda *_: None)
    drop_originals(folder)
    return stored


def _second(opened: GalaxyIndex, kind: Modality) -> StoredVectors | None:
    """What was added before and not removed since."""
    segments = opened.stored(kind).segments
    if len(opened.manifest.segments) < 2 or kind not in opened.manifest.segments[1].n_vectors:
        return None
    return StoredVectors([segments[-1]])


def _alive_in_second(opened: GalaxyIndex) -> int:
    if len(opened.manifest.segments) < 2:
        return 0
    return opened.manifest.segments[1].n_galaxies - len(opened.catalogues[1][1])
