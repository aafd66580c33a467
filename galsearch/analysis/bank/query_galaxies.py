"""The galaxies whose properties are wanted, in batches: stored ones, or those of embeddings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.analysis.bank.labelled_bank import QueryGalaxies, stored_galaxies
from galsearch.core.arrays import TargetIds
from galsearch.core.errors import MissingModalityError, QueryError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.target_id import parse_target_ids
from galsearch.embeddings import open_store
from galsearch.embeddings.shard import EmbeddingShard
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.filters import matching
from galsearch.query.inputs.argument_checks import TargetIdInput
from galsearch.query.inputs.stored_embeddings import stored_vectors
from galsearch.query.query import Query
from galsearch.query.resolved_query import QueryResolver

BATCH_SIZE = 2048
"""Number of galaxies that are searched at a time."""


@dataclass(frozen=True, eq=False)
class GalaxySelection:
    """Galaxies with vectors of one modality, which are read a batch at a time."""

    target_ids: TargetIds
    """(n,) galaxies, in the order of the batches."""
    n_without_vector: int
    """Number of selected galaxies that have no vector of the modality, and are left out."""
    batches: Iterator[QueryGalaxies]
    """The galaxies, each once; it can be read once."""
    notes: tuple[str, ...] = ()
    """Sentences on how the user's own data were understood."""

    def __len__(self) -> int:
        return len(self.target_ids)


def select_galaxies(
    index: GalaxyIndex,
    using: Modality,
    *,
    target_ids: TargetIdInput | None = None,
    where: str | None = None,
    from_embeddings: str | Path | None = None,
) -> GalaxySelection:
    """The galaxies of an index, or of embeddings of its encoder, that a user names.

    Parameters
    ----------
    index
        Index that holds the galaxies.
    using
        Modality of the vectors. A galaxy that is named must have one; of the others, those without
        are left out and counted.
    target_ids
        Names the galaxies; by default all are selected.
    where
        Condition on the catalogue of the index that they fulfil.
    from_embeddings
        Directory of embeddings that hold the galaxies, instead of the index.

    Raises
    ------
    UnknownTargetError, MissingModalityError
        Where a galaxy that is named, or its vector, is not there, or no galaxy has one.
    EncoderMismatchError
        Where the embeddings are of another encoder than the index.
    QueryError
        Where the condition is malformed, or no galaxy fulfils it.
    """
    wanted = None if target_ids is None else parse_target_ids(target_ids)
    if from_embeddings is not None:
        if where is not None:
            raise QueryError("where is a condition on the galaxies of an index, not of embeddings.")
        return _from_embeddings(index, Path(from_embeddings), using, wanted)
    if wanted is not None:
        # This raises the error about galaxies that have no such vector.
        stored_vectors(index, wanted[index.stored(using).rows_of(wanted) < 0], using, using)
    ids = index.ids if wanted is None else wanted
    if where is not None:
        with index.catalogue_files.open() as files:
            allowed = matching(files, where=where)
        ids = ids[np.isin(ids, allowed)]
        if not len(ids):
            raise QueryError(f"where {where!r}: none of the {len(index):,} galaxies fulfils it.")
    has_vector = index.stored(using).rows_of(ids) >= 0
    if not has_vector.any():
        raise MissingModalityError(f"none of {len(ids):,} galaxies has a vector of its {using}.")
    ids = ids[has_vector]
    parts = (ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE))
    batches = (stored_galaxies(index, part, using) for part in parts)
    return GalaxySelection(ids, int((~has_vector).sum()), batches)


def own_galaxy(index: GalaxyIndex, own: Query, using: Modality) -> GalaxySelection:
    """The galaxy of an own image or spectrum; its TARGETID is 0 where none is known.

    Raises
    ------
    EncoderMismatchError, MissingModalityError, QueryError
        Where the data cannot be embedded by the encoder of the index.
    """
    found = QueryResolver(index).resolve(own)
    ids = np.zeros(1, np.int64) if found.target_ids is None else found.target_ids
    place = np.full((1, 2), np.nan) if found.position_deg is None else found.position_deg
    galaxies = QueryGalaxies(ids, found.vectors[using], place[:, 0], place[:, 1])
    return GalaxySelection(ids, 0, iter([galaxies]), found.notes)


def _from_embeddings(
    index: GalaxyIndex, directory: Path, using: Modality, wanted: TargetIds | None
) -> GalaxySelection:
    store = open_store(directory, using)
    require_same_encoder(
        {
            f"index '{index.manifest.recipe.name}'": index.manifest.fingerprint,
            str(directory): store.fingerprint,
        }
    )
    ids = np.concatenate([np.empty(0, np.int64), *store.iter_ids()])
    if not len(ids):
        raise MissingModalityError(f"{directory}: holds no {using} embeddings.")
    if wanted is None:
        shards = (_galaxies_of(shard) for shard in store.iter_shards())
        return GalaxySelection(ids, store.record.n_missing, _split(shards))
    vectors = store.read(wanted)
    ra_deg, dec_deg = np.full((2, len(wanted)), np.nan)
    for shard in store.iter_shards():
        rows = find_rows(shard.target_ids, wanted)
        here = rows >= 0
        ra_deg[here], dec_deg[here] = shard.ra_deg[rows[here]], shard.dec_deg[rows[here]]
    galaxies = QueryGalaxies(wanted, vectors, ra_deg, dec_deg)
    return GalaxySelection(wanted, 0, _split(iter([galaxies])))


def _galaxies_of(shard: EmbeddingShard) -> QueryGalaxies:
    return QueryGalaxies(shard.target_ids, shard.embeddings, shard.ra_deg, shard.dec_deg)


def _split(galaxies: Iterator[QueryGalaxies]) -> Iterator[QueryGalaxies]:
    """The galaxies in batches of at most `BATCH_SIZE`."""
    for some in galaxies:
        for start in range(0, len(some), BATCH_SIZE):
            yield some.part(slice(start, start + BATCH_SIZE))
