"""Embeddings of galaxies that an index holds, and the errors about those that it does not."""

import numpy as np

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.errors import GalsearchError, MissingModalityError, UnknownTargetError
from galsearch.core.modality import Modality
from galsearch.index.search.galaxy_index import GalaxyIndex

_PLURAL = {Modality.IMAGE: "images", Modality.SPECTRUM: "spectra"}


def stored_vectors(
    index: GalaxyIndex, target_ids: TargetIds, using: Modality, among: Modality | None
) -> tuple[Vectors, Rows | None]:
    """Vectors of stored galaxies, and their rows in the modality that is searched.

    Returns
    -------
    vectors : (n, d) float32 unit rows of the modality `using`
    rows : (n,) rows of the modality `among`, -1 where a galaxy has none; None for no modality

    Raises
    ------
    UnknownTargetError
        Where the index does not hold a galaxy.
    MissingModalityError
        Where a galaxy, or the whole index, has no vector of the modality `using`.
    """
    stored = index.stored(using)
    rows = stored.rows_of(target_ids)
    if (rows < 0).any():
        raise missing_error(index, target_ids[rows < 0], using)
    vectors = stored.take(rows)
    if among is None:
        return vectors, None
    if among == using:
        return vectors, rows
    searched = index.stored(among)
    # Where all galaxies have both modalities, a galaxy is in the same row of both.
    if searched.n_rows == stored.n_rows and np.array_equal(searched.ids_at(rows), target_ids):
        return vectors, rows
    return vectors, searched.rows_of(target_ids)


def missing_error(index: GalaxyIndex, target_ids: TargetIds, using: Modality) -> GalsearchError:
    """The error about galaxies that have no vector of a modality; it names one of them."""
    name = index.manifest.recipe.name
    unknown = target_ids[index.catalogue_rows(target_ids) < 0]
    if len(unknown):
        return UnknownTargetError(
            f"TARGETID {unknown[0]} is not in index '{name}' ({len(index):,} galaxies).",
            target_id=int(unknown[0]),
        )
    modalities = index.manifest.modalities
    counts = ", ".join(f"{entry.n_vectors:,} {_PLURAL[kind]}" for kind, entry in modalities.items())
    known = [kind for kind in modalities if index.stored(kind).rows_of(target_ids[:1])[0] >= 0]
    other = f"its {known[0]} embedding is present" if known else "it has no embedding at all"
    return MissingModalityError(
        f"TARGETID {target_ids[0]} has no {using} embedding in index '{name}' ({counts}); {other}.",
        target_id=int(target_ids[0]),
        using=using,
    )
