"""Merging of indexes over parts of a survey that were built with the same quantisers."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import (
    DifferentQuantisersError,
    ManifestError,
    NotCompactError,
    ShardError,
)
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.files.atomic import new_array, write_array
from galsearch.index.build.index_catalogue import write_catalogue
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.build.quantisers import describe_modality, quantisers_of
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.lifecycle.segment_catalogue import concatenate
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.storage.finish_manifest import (
    current_time,
    finish_manifest,
    library_versions,
)
from galsearch.index.storage.manifest import (
    INVERTED_LISTS_NAME,
    QUERY_AWARE_LISTS_NAME,
    IndexManifest,
    ModalityManifest,
    SegmentManifest,
)
from galsearch.index.storage.staging import new_build
from galsearch.index.vectors.array_files import (
    IDS_NAME,
    ORIGINALS_NAME,
    PCA_NAME,
    VECTORS_NAME,
    WHOLE_ROWS_NAME,
)
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment
from galsearch.index.vectors.whole_rows import WholeRows

_BLOCK_ROWS = 65_536


def merge(
    parts: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> IndexManifest:
    """Merge several indexes into a new one, and return its manifest.

    The new index gives the same neighbours as a single build with the same quantisers: its stored
    vectors and inverted lists are the same bytes. Nothing is trained or coded again, and the merged
    indexes are not changed. Maps of the parts do not fit together, so the new index has none.

    Parameters
    ----------
    parts
        Directory of an index, or directories of several, that `build_index(..., quantisers=...)`
        made with the quantisers of one index, which may itself be one of the parts.
    out
        Directory of the new index.
    overwrite
        Replace an index that is in `out`.
    progress
        Receives the name of a stage, the number of finished items, and the number of items.

    Returns
    -------
    IndexManifest
        Description of the new index.

    Raises
    ------
    NotCompactError
        Where galaxies of a part were added or removed after it was built or compacted.
    DifferentQuantisersError
        Where parts were built with different quantisers.
    EncoderMismatchError
        Where the parts come from different encoders.
    ShardError
        Where a galaxy is in two parts.
    ManifestError
        Where a part is damaged, or `parts` is empty.
    IndexExistsError, OutputExistsError
        Where `out` exists and may not be replaced.
    """
    if not parts:
        raise ManifestError("there is no part to merge.")
    progress = progress or no_progress
    several = [parts] if isinstance(parts, (str, Path)) else parts
    opened = [open_build(part) for part in several]
    _check_compatible(opened)
    _check_different_galaxies(opened)
    table = concatenate([part.catalogue_segments[0] for part in opened], [])
    first = opened[0].manifest
    start = time.perf_counter()
    with new_build(Path(out), overwrite=overwrite) as directory:
        report = stage_progress(progress, "merge vectors")
        searched: dict[Modality, ModalityIndex] = {}
        entries: dict[Modality, ModalityManifest] = {}
        for done, kind in enumerate(first.modalities, start=1):
            searched[kind], entries[kind] = _merge_modality(opened, kind, directory / kind)
            report(done, len(first.modalities))
        ids = {kind: modality.stored.ids for kind, modality in searched.items()}
        n_galaxies = write_catalogue(table, directory, ids, Path(out))
        directions = measure_directions(
            searched, first.recipe, stage_progress(progress, "measure recall")
        )
        n_vectors = {kind: len(own) for kind, own in ids.items()}
        draft = dataclasses.replace(
            first,
            n_galaxies=n_galaxies,
            modalities=entries,
            directions=directions,
            versions=library_versions(),
            seconds={"merge": round(time.perf_counter() - start, 3)},
            created=current_time(),
            segments=(SegmentManifest("", n_galaxies, n_vectors),),
            generation=1,
            maps={},
            origins=tuple(origin for part in opened for origin in part.manifest.known_origins),
        )
        return finish_manifest(draft, directory, stage_progress(progress, "digests"))


def _check_compatible(opened: Sequence[GalaxyIndex]) -> None:
    """Check that indexes to be merged have the same encoder, modalities and quantisers.

    No galaxies may have been added or removed after an index was built or compacted.
    """
    first = opened[0]
    for part in opened:
        manifest = part.manifest
        require_same_encoder(
            {
                str(first.directory): first.manifest.fingerprint,
                str(part.directory): manifest.fingerprint,
            }
        )
        removed = any(segment.removed is not None for segment in manifest.segments)
        # Recall that was measured again resets `n_changed`, so removals are looked for themselves.
        if len(manifest.segments) > 1 or removed or manifest.n_changed:
            raise NotCompactError(
                f"{part.directory}: galaxies were added or removed after it was built.",
                directory=part.directory,
            )
        if set(manifest.modalities) != set(first.manifest.modalities):
            raise ManifestError(
                f"{first.directory} holds {' and '.join(first.manifest.modalities)} vectors, "
                f"{part.directory} {' and '.join(manifest.modalities)} vectors."
            )
        for kind, entry in manifest.modalities.items():
            if _plans_and_digests(entry) != _plans_and_digests(first.manifest.modalities[kind]):
                raise DifferentQuantisersError(
                    f"{part.directory}: its {kind} lists have other quantisers than those of "
                    f"{first.directory}.",
                    directories=[first.directory, part.directory],
                )
            if not _same_axes(first.stored(kind), part.stored(kind)):
                raise DifferentQuantisersError(
                    f"{part.directory}: its {kind} vectors are rounded along other axes than those "
                    f"of {first.directory}.",
                    directories=[first.directory, part.directory],
                )


def _same_axes(first: StoredVectors, second: StoredVectors) -> bool:
    """True where the encodings of two sets of vectors are the same, so that bytes may be mixed."""
    axes = [getattr(each.codec, "pca", None) for each in (first, second)]
    if axes[0] is None or axes[1] is None:
        return axes[0] is axes[1]
    names = ("axes", "low", "high")
    return all(np.array_equal(getattr(axes[0], name), getattr(axes[1], name)) for name in names)


def _check_different_galaxies(opened: Sequence[GalaxyIndex]) -> None:
    """Check that no galaxy is in two of the indexes, also if with vectors of other modalities."""
    parts = np.concatenate([np.full(len(part.ids), i) for i, part in enumerate(opened)])
    ids = np.concatenate([part.ids for part in opened])
    order = np.argsort(ids, kind="stable")
    repeated = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    if len(repeated):
        first, second = order[repeated[0]], order[repeated[0] + 1]
        n_galaxies = len(np.unique(ids[order][repeated]))
        raise ShardError(
            f"{n_galaxies:,} galaxies are in more than one part, first TARGETID {ids[first]}, "
            f"which is in {opened[parts[first]].directory} and in "
            f"{opened[parts[second]].directory}.",
            target_id=int(ids[first]),
        )


def _plans_and_digests(entry: ModalityManifest) -> list[tuple[IndexPlan, str]]:
    """Plans and quantiser digests of the inverted lists of a modality, for a comparison.

    The number of vectors is left out, because indexes to be merged may differ in it.
    """
    trained = [(entry.plan, entry.quantiser)]
    if entry.query_aware is not None:
        trained.append((entry.query_aware.plan, entry.query_aware.quantiser))
    return [(dataclasses.replace(plan, n_vectors=0), digest) for plan, digest in trained]


def _merge_modality(
    opened: Sequence[GalaxyIndex], kind: Modality, folder: Path
) -> tuple[ModalityIndex, ModalityManifest]:
    """Write the vectors and inverted lists of one modality of all indexes to be merged.

    The result is the merged index over the modality, and its manifest entry.
    """
    folder.mkdir(parents=True)
    parts = [part.stored(kind) for part in opened]
    ids = _sorted_ids(parts, kind)
    write_array(folder / IDS_NAME, ids)
    entry = opened[0].manifest.modalities[kind]
    stored = _merge_vectors(parts, ids, folder, entry.plan.store)
    quantisers = quantisers_of(opened[0], kind)
    new_rows = find_rows(ids, np.concatenate([part.ids for part in parts]))
    lists = query_aware = None
    if quantisers.lists is not None:
        lists = _join(
            [part.segment_files.read_lists(part.manifest.segments[0], kind) for part in opened]
        )
        lists.remap_rows(new_rows)
        write_lists(lists, folder / INVERTED_LISTS_NAME)
    if quantisers.query_aware is not None:
        query_aware = _join(
            [
                part.segment_files.read_query_aware_lists(part.manifest.segments[0], kind)
                for part in opened
            ]
        )
        query_aware.remap_rows(new_rows)
        write_lists(query_aware, folder / QUERY_AWARE_LISTS_NAME)
    outside = None
    if quantisers.axes is not None:
        starts = np.cumsum([0, *(len(part.ids) for part in parts)])
        outside_rows = [part.outside(kind) for part in opened]
        pairs = zip(starts, outside_rows, strict=False)
        rows = [start + each.rows for start, each in pairs if each is not None]
        outside = OutsideRows.of_rows(quantisers.axes, stored, new_rows[np.concatenate(rows)])
        outside.write(folder)
    searched = ModalityIndex(stored, lists, query_aware_lists=query_aware, outside=outside)
    return searched, describe_modality(quantisers, searched, entry.fingerprint, folder)


def _join(lists: Sequence[InvertedLists]) -> InvertedLists:
    """The inverted lists of the first part, to which the vectors of the others were moved."""
    lists[0].merge_segments(lists[1:], deleted_rows=np.empty(0, np.int64))
    return lists[0]


def _sorted_ids(parts: Sequence[StoredVectors], kind: Modality) -> TargetIds:
    """TARGETIDs of the vectors of all indexes to be merged, shape (n,), ascending.

    A TARGETID that occurs in two indexes is an error.
    """
    ids = np.sort(np.concatenate([part.ids for part in parts]))
    repeated = ids[1:][ids[1:] == ids[:-1]]
    if len(repeated):
        raise ShardError(
            f"{len(repeated):,} galaxies have {kind} vectors in two parts, first TARGETID "
            f"{repeated[0]}.",
            target_id=int(repeated[0]),
        )
    return ids


def _merge_vectors(
    parts: Sequence[StoredVectors], ids: TargetIds, folder: Path, store: str
) -> StoredVectors:
    """Write the encoded vectors of all indexes to be merged, and return the stored vectors.

    They are in order of TARGETID and are not encoded again.
    """
    pca = getattr(parts[0].codec, "pca", None)
    if pca is not None:
        pca.write(folder / PCA_NAME)
    segments = [part.segments[0] for part in parts]
    _merge_arrays([part.vectors for part in segments], segments, ids, folder / VECTORS_NAME)
    beside = set()
    originals = [part.originals for part in segments if part.originals is not None]
    if store != "float32" and len(originals) == len(segments):
        _merge_arrays(originals, segments, ids, folder / ORIGINALS_NAME)
        beside.add(ORIGINALS_NAME)
    if store == "int8":
        moved = [
            WholeRows(find_rows(ids, part.ids[part.whole.rows]), part.whole.vectors)
            for part in segments
        ]
        WholeRows.joined(moved).write(folder)
        beside.add(WHOLE_ROWS_NAME)
    segment = VectorSegment.open(
        folder, n_vectors=len(ids), dim=parts[0].dim, store=store, beside=beside
    )
    return StoredVectors([segment])


def _merge_arrays(
    arrays: Sequence[npt.NDArray[Any]],
    segments: Sequence[VectorSegment],
    ids: TargetIds,
    path: Path,
) -> None:
    """Write the rows of one array of each segment to a file, in order of TARGETID."""
    shape = (len(ids), arrays[0].shape[1])
    with new_array(path, dtype=arrays[0].dtype, shape=shape) as merged:
        for array, segment in zip(arrays, segments, strict=True):
            for start in range(0, len(segment.ids), _BLOCK_ROWS):
                block = slice(start, start + _BLOCK_ROWS)
                merged[find_rows(ids, segment.ids[block])] = array[block]
