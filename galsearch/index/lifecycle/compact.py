"""Compaction of an index, after which its galaxies are one segment and removed ones are gone."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.progress import (
    Progress,
    StageProgress,
    no_progress,
    no_stage_progress,
    stage_progress,
)
from galsearch.index.build.index_catalogue import write_catalogue
from galsearch.index.build.intake import compress_vectors, write_vectors
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.build.modality_build import ModalityBuild
from galsearch.index.build.quantisers import (
    index_vectors,
    quantisers_of,
    train_quantisers,
)
from galsearch.index.build.query_aware_lists import add_query_aware_lists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.lifecycle.commit import commit
from galsearch.index.lifecycle.segment_catalogue import read_all_present
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.finish_manifest import library_versions
from galsearch.index.storage.generations import new_generation, write_lock
from galsearch.index.storage.manifest import (
    INVERTED_LISTS_NAME,
    QUERY_AWARE_LISTS_NAME,
    IndexManifest,
    SegmentManifest,
)
from galsearch.index.vectors.stored_vectors import StoredVectors


def compact(index: str | Path | None = None, *, progress: Progress | None = None) -> IndexManifest:
    """Join the segments of an index without removed galaxies, and return its new manifest.

    The quantisers stay as they were trained, so neighbours stay the same, unless galaxies of a new
    kind were added (`has_drifted` of a modality in the manifest): then everything is learnt anew,
    as in a new build. An index that was too small for inverted lists receives them if it has enough
    vectors now. Every direction of search is tuned, and its recall is measured again.

    Parameters
    ----------
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
    ManifestError
        Where the index is damaged.
    LockedError
        Where another process is changing the index.
    """
    directory = find_build() if index is None else Path(index)
    progress = progress or no_progress
    with write_lock(directory):
        opened = open_build(directory)
        with new_generation(opened.directory, opened.manifest) as folder:
            return _compact(opened, folder, progress)


def _compact(opened: GalaxyIndex, folder: Path, progress: Progress) -> IndexManifest:
    """Write the files of a compacted index into `folder`, and let them take effect."""
    report = stage_progress(progress, "compact vectors")
    has_drifted = any(entry.has_drifted for entry in opened.manifest.modalities.values())
    builds: dict[Modality, ModalityBuild] = {}
    for done, kind in enumerate(opened.manifest.modalities, start=1):
        builds[kind] = _compact_modality(opened, kind, folder / kind, anew=has_drifted)
        report(done, len(opened.manifest.modalities))
    searched = {kind: build.opened for kind, build in builds.items()}
    n_vectors = {kind: len(modality.stored) for kind, modality in searched.items()}
    embedded = {kind: modality.stored.ids for kind, modality in searched.items()}
    n_galaxies = write_catalogue(read_all_present(opened), folder, embedded, opened.directory)
    directions = measure_directions(
        searched, opened.manifest.recipe, stage_progress(progress, "measure recall")
    )
    if has_drifted:
        directions = add_query_aware_lists(builds, opened.manifest.recipe, directions, _stage)
    return commit(
        opened,
        folder,
        (SegmentManifest(folder.name, n_galaxies, n_vectors),),
        n_changed=0,
        modalities={kind: build.describe() for kind, build in builds.items()},
        directions=directions,
        versions=library_versions(),
    )


def _compact_modality(
    opened: GalaxyIndex, kind: Modality, folder: Path, *, anew: bool
) -> ModalityBuild:
    """Write the vectors and inverted lists of one modality as one segment.

    With `anew`, quantisers are trained again. The result is the new state of the modality.
    """
    old, described = opened.stored(kind), opened.manifest.modalities[kind]
    source, keep_originals = old.originals or old, old.originals is not None

    def blocks() -> Iterator[tuple[TargetIds, Vectors]]:
        return ((old.ids_at(rows), vectors) for rows, vectors in source.blocks())

    stored = write_vectors(
        [old.ids], blocks(), folder, dim=old.dim, encoding=described.plan.store, source=folder
    )
    lists, query_aware = opened.modality(kind).lists, opened.modality(kind).query_aware_lists
    recipe = opened.manifest.recipe
    if lists is None or anew:
        quantisers = train_quantisers(
            recipe, stored, share_of_memory=_share_of_vectors(opened, kind)
        )
        searched = index_vectors(
            quantisers,
            recipe,
            stored,
            folder,
            keep_originals=keep_originals,
            progress=no_stage_progress,
        )
    else:
        quantisers = quantisers_of(opened, kind)
        new_rows = _new_rows(old, stored)
        files = ((lists, INVERTED_LISTS_NAME), (query_aware, QUERY_AWARE_LISTS_NAME))
        for filled, name in files:
            if filled is not None:
                filled.remap_rows(new_rows)
                write_lists(filled, folder / name)
        encoded = compress_vectors(
            stored, folder, quantisers.plan.store, quantisers.pca, keep_originals=keep_originals
        )
        outside = opened.outside(kind)
        if outside is not None:
            outside = OutsideRows.of_rows(outside.axes, encoded, new_rows[outside.rows])
            outside.write(folder)
        searched = ModalityIndex(encoded, lists, query_aware_lists=query_aware, outside=outside)
    return ModalityBuild(folder, described.fingerprint, stored, quantisers, searched)


def _stage(name: str) -> AbstractContextManager[StageProgress]:  # noqa: ARG001
    """The progress of a stage of learning anew, which is not reported."""
    return nullcontext(no_stage_progress)


def _share_of_vectors(opened: GalaxyIndex, kind: Modality) -> float:
    """Fraction of the vectors of an index that belong to the modality `kind`."""
    counts = {each: len(opened.stored(each)) for each in opened.manifest.modalities}
    return counts[kind] / sum(counts.values())


def _new_rows(old: StoredVectors, new: StoredVectors) -> Rows:
    """New row number of each old row of stored vectors, shape (n_old,); -1 for removed galaxies."""
    return find_rows(new.ids, old.ids_at(np.arange(old.n_rows)))
