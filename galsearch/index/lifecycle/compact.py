"""A build that has changed becomes one segment again, and its recall is measured anew."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.index.build.build_index import Progress, library_versions
from galsearch.index.build.intake import (
    drop_originals,
    reduce_vectors,
    write_catalogue,
    write_vectors,
)
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.build.quantisers import describe_modality, quantisers_of, train
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.lifecycle.commit import commit
from galsearch.index.search.galaxy_index import GalaxyIndex, open_build
from galsearch.index.search.modality_index import OpenModality
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import new_generation, write_lock
from galsearch.index.storage.manifest import (
    CROSS_LISTS_NAME,
    INVERTED_LISTS_NAME,
    IndexManifest,
    ModalityManifest,
    SegmentManifest,
)
from galsearch.index.vectors.stored_vectors import StoredVectors


def compact(index: str | Path | None = None, *, progress: Progress | None = None) -> IndexManifest:
    """The manifest of a build whose removed galaxies are gone from its files.

    What was added joins what was built; the quantisers stay as they were trained, so answers stay
    the same. How deep each direction must look is tuned again and its recall is measured. A build
    too small for lists when it was made gets them where it has grown enough. Where recall falls
    short of the target, the galaxies have changed and `galsearch build-index` trains anew.

    Parameters
    ----------
    index
        Default: the only build under `index_builds`.

    Raises
    ------
    ManifestError
        Where the build is damaged, or another process is changing it.
    """
    directory = find_build() if index is None else Path(index)
    report = progress or (lambda *_: None)
    with write_lock(directory):
        opened = open_build(directory)
        folder = new_generation(directory, opened.manifest)
        modalities: dict[Modality, ModalityManifest] = {}
        searched: dict[Modality, OpenModality] = {}
        for number, kind in enumerate(opened.manifest.modalities, start=1):
            searched[kind], modalities[kind] = _compact_modality(opened, kind, folder / kind)
            report("compact vectors", number, len(opened.manifest.modalities))
        counts = {kind: len(modality.stored) for kind, modality in searched.items()}
        embedded = {kind: modality.stored.ids for kind, modality in searched.items()}
        n_galaxies = write_catalogue(_catalogue(opened), folder, embedded, directory)
        directions = measure_directions(
            searched,
            opened.manifest.recipe,
            lambda done, total: report("measure recall", done, total),
        )
        return commit(
            opened,
            folder,
            (SegmentManifest(folder.name, n_galaxies, counts),),
            n_changed=0,
            modalities=modalities,
            directions=directions,
            versions=library_versions(),
        )


def _compact_modality(
    opened: GalaxyIndex, kind: Modality, folder: Path
) -> tuple[OpenModality, ModalityManifest]:
    old, described = opened.stored(kind), opened.manifest.modalities[kind]

    def blocks() -> Iterator[tuple[TargetIds, Vectors]]:
        return ((old.ids_at(rows), vectors) for rows, vectors in old.blocks())

    stored = write_vectors([old.ids], blocks(), folder, dim=old.dim, source=folder)
    recipe = opened.manifest.recipe
    lists, cross = opened.modality(kind).lists, opened.modality(kind).cross
    if lists is not None:
        made = quantisers_of(opened, kind)
        for each, name in ((lists, INVERTED_LISTS_NAME), (cross, CROSS_LISTS_NAME)):
            if each is not None:
                each.remap_rows(_new_rows(old, stored))
                write_lists(each, folder / name)
        reduced = reduce_vectors(stored, folder, made.plan.store, made.pca)
        searched = OpenModality(reduced, lists, cross=cross)
    else:
        made = train(recipe, stored, share=_share(opened, kind))
        searched = made.index(recipe, stored, folder, lambda *_: None)
    drop_originals(folder)
    entry = describe_modality(made, len(stored), described.fingerprint, folder)
    return searched, dataclasses.replace(entry, device=described.device)


def _share(opened: GalaxyIndex, kind: Modality) -> float:
    counts = [len(opened.stored(each)) for each in opened.manifest.modalities]
    return len(opened.stored(kind)) / sum(counts)


def _new_rows(old: StoredVectors, new: StoredVectors) -> TargetIds:
    """(n,) for each row of `old` its row in `new`."""
    rows = np.arange(old.n_rows)
    return find_rows(new.ids, old.ids_at(rows))


def _catalogue(opened: GalaxyIndex) -> pa.Table:
    tables = []
    for path, removed in opened.catalogues:
        table = pq.read_table(path)
        alive = find_rows(removed, np.asarray(table["target_id"])) < 0
        tables.append(table.filter(pa.array(alive)))
    return pa.concat_tables(tables, promote_options="permissive")
