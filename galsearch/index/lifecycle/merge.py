"""Parts of a survey that were built apart, with the quantisers of one build, become one build."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import EncoderMismatchError, ManifestError, ShardError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.index.build.build_index import Progress, finish
from galsearch.index.build.intake import write_catalogue
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.build.quantisers import describe_modality, quantisers_of
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.search.galaxy_index import GalaxyIndex, open_build
from galsearch.index.search.modality_index import OpenModality
from galsearch.index.storage.manifest import (
    CROSS_LISTS_NAME,
    INVERTED_LISTS_NAME,
    IndexManifest,
    ModalityManifest,
    SegmentManifest,
)
from galsearch.index.storage.staging import new_build
from galsearch.index.vectors.array_files import IDS_NAME, PCA_NAME, VECTORS_NAME
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

_BLOCK_ROWS = 65_536


def merge(
    parts: Sequence[str | Path],
    *,
    out: str | Path,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> IndexManifest:
    """The manifest of one build of all that `parts` hold, written to the directory `out`.

    It answers as a build of all their embeddings with the same quantisers does: stored rows and
    inverted lists are the same bytes. The parts are read and stay as they are; nothing is trained
    or coded.

    Parameters
    ----------
    parts
        Builds made by `build_index(..., quantisers=...)` of one build, which may be among them.
    overwrite
        Replace a build that is in `out`.

    Raises
    ------
    ManifestError
        Where a part is damaged, was changed since it was built or compacted, or is of other
        quantisers; or where `out` exists and may not be replaced.
    EncoderMismatchError
        Where the parts come from different encoders.
    ShardError
        Where a galaxy is in two parts.
    """
    if not parts:
        raise ManifestError("no part to merge was named.")
    opened = [open_build(part) for part in parts]
    _check(opened)
    report = progress or (lambda *_: None)
    first = opened[0].manifest
    start = time.perf_counter()
    with new_build(Path(out), overwrite=overwrite) as directory:
        searched: dict[Modality, OpenModality] = {}
        entries: dict[Modality, ModalityManifest] = {}
        for number, kind in enumerate(first.modalities, start=1):
            searched[kind], entries[kind] = _merge_modality(opened, kind, directory / kind)
            report("merge vectors", number, len(first.modalities))
        tables = [pq.read_table(path) for part in opened for path, _ in part.catalogues]
        table = pa.concat_tables(tables, promote_options="permissive")
        ids = {kind: modality.stored.ids for kind, modality in searched.items()}
        n_galaxies = write_catalogue(table, directory, ids, Path(out))
        directions = measure_directions(
            searched,
            first.recipe,
            lambda done, total: report("measure recall", done, total),
        )
        segment = SegmentManifest("", n_galaxies, {kind: len(own) for kind, own in ids.items()})
        return finish(
            directory,
            lambda done, total: report("digests", done, total),
            recipe=first.recipe,
            dataset=(first.dataset, first.dataset_digest),
            entries=entries,
            directions=directions,
            segment=segment,
            seconds={"merge": round(time.perf_counter() - start, 3)},
        )


def _check(opened: Sequence[GalaxyIndex]) -> None:
    first = opened[0]
    for part in opened:
        manifest = part.manifest
        if manifest.fingerprint != first.manifest.fingerprint:
            raise EncoderMismatchError(
                f"{first.directory} is of encoder {first.manifest.fingerprint[:16]}, "
                f"{part.directory} of encoder {manifest.fingerprint[:16]}. Similarities between "
                "different encoders have no meaning; embed both with one encoder."
            )
        if len(manifest.segments) > 1 or manifest.n_changed:
            raise ManifestError(
                f"{part.directory}: galaxies were added or removed since it was built. "
                "Run galsearch compact on it first."
            )
        if set(manifest.modalities) != set(first.manifest.modalities):
            raise ManifestError(
                f"{first.directory} holds {' and '.join(first.manifest.modalities)} vectors, "
                f"{part.directory} {' and '.join(manifest.modalities)} vectors."
            )
        for kind, entry in manifest.modalities.items():
            other = first.manifest.modalities[kind]
            if _trained_as(entry) != _trained_as(other):
                raise ManifestError(
                    f"{part.directory}: its {kind} lists are of other quantisers than those of "
                    f"{first.directory}. Build the parts with galsearch build-index "
                    "--quantisers BUILD, of one build."
                )


def _trained_as(entry: ModalityManifest) -> list[tuple[IndexPlan, str]]:
    """The plans and quantisers of a modality's lists, whatever they hold."""
    trained = [(entry.plan, entry.quantiser)]
    if entry.cross is not None:
        trained.append((entry.cross.plan, entry.cross.quantiser))
    return [(dataclasses.replace(plan, n_vectors=0), digest) for plan, digest in trained]


def _merge_modality(
    opened: Sequence[GalaxyIndex], kind: Modality, folder: Path
) -> tuple[OpenModality, ModalityManifest]:
    folder.mkdir(parents=True)
    parts = [part.stored(kind) for part in opened]
    ids = _one_of_each(parts, kind)
    np.save(folder / IDS_NAME, ids)
    stored = _merge_rows(parts, ids, folder)
    made = quantisers_of(opened[0], kind)
    new_rows = find_rows(ids, np.concatenate([part.ids for part in parts]))
    lists = cross = None
    if made.plan.kind != "flat":
        lists = _joined([part.read_lists(part.manifest.segments[0], kind) for part in opened])
        lists.remap_rows(new_rows)
        write_lists(lists, folder / INVERTED_LISTS_NAME)
    if made.cross is not None:
        cross = _joined([part.read_cross_lists(part.manifest.segments[0], kind) for part in opened])
        cross.remap_rows(new_rows)
        write_lists(cross, folder / CROSS_LISTS_NAME)
    fingerprint = opened[0].manifest.fingerprint
    entry = describe_modality(made, len(ids), fingerprint, folder)
    return OpenModality(stored, lists, cross=cross), entry


def _joined(lists: Sequence[InvertedLists]) -> InvertedLists:
    lists[0].merge_segments(lists[1:], deleted_rows=np.empty(0, np.int64))
    return lists[0]


def _one_of_each(parts: Sequence[StoredVectors], kind: Modality) -> TargetIds:
    ids = np.sort(np.concatenate([part.ids for part in parts]))
    twice = ids[1:][ids[1:] == ids[:-1]]
    if len(twice):
        raise ShardError(
            f"{len(twice):,} galaxies have {kind} vectors in two parts, first TARGETID {twice[0]}."
        )
    return ids


def _merge_rows(parts: Sequence[StoredVectors], ids: TargetIds, folder: Path) -> StoredVectors:
    """The parts' stored rows, as they are, in the order of all their ids."""
    codec = parts[0].codec
    store = {"float32": "float32", "float16": "float16"}.get(codec.dtype.name, "int8")
    pca = getattr(codec, "pca", None)
    if pca is not None:
        pca.write(folder / PCA_NAME)
    rows = np.lib.format.open_memmap(
        folder / VECTORS_NAME, mode="w+", dtype=codec.dtype, shape=(len(ids), codec.width)
    )
    for part in parts:
        segment = part.segments[0]
        for start in range(0, len(segment.ids), _BLOCK_ROWS):
            some = slice(start, start + _BLOCK_ROWS)
            rows[find_rows(ids, segment.ids[some])] = segment.vectors[some]
    del rows
    segment = VectorSegment.open(folder, n_vectors=len(ids), dim=parts[0].dim, store=store)
    return StoredVectors([segment])
