"""The unit vectors of a query, from whatever it was put: ids, positions, files, examples."""

from dataclasses import dataclass, field

import numpy as np

from galsearch.core.arrays import BoolArray, Float64Array, Rows, TargetIds, Vectors
from galsearch.core.errors import GalsearchError, QueryError, UnknownTargetError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import Modality, modalities_of
from galsearch.core.vectors import unit_rows
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.inputs.examples import N_BACKGROUND, probe_direction
from galsearch.query.inputs.own_data.own_embedding import OwnEmbedder
from galsearch.query.inputs.sky.nearest_galaxy import SkyLookup, distance_text
from galsearch.query.inputs.stored_embeddings import missing_error, stored_vectors
from galsearch.query.query import Query


@dataclass(frozen=True, eq=False)
class ResolvedQuery:
    """The vectors of a query on one index, and what the result says of the query."""

    vectors: dict[Modality, Vectors]
    """(q, d) float32 unit rows of each modality that the query uses."""
    rows: Rows | None = None
    """(q,) rows of the query galaxies in the only modality that is searched, -1 for none; None
    where they are not known."""
    target_ids: TargetIds | None = None
    """(q,) TARGETIDs of the query galaxies; None where they are not known."""
    left_out: TargetIds = field(default_factory=lambda: np.empty(0, np.int64))
    """TARGETIDs that no result holds, besides those of the query galaxies; ascending."""
    position_deg: Float64Array | None = None
    """(q, 2) positions of the queries; None where they are not known."""
    separation_arcsec: Float64Array | None = None
    """(q,) distance of each query galaxy from the position that was given; None without one."""
    notes: tuple[str, ...] = ()
    """Sentences on how the query was understood, for the result."""


class QueryResolver:
    """Finds the vectors of queries on one index; safe to share between threads."""

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index
        self.sky = SkyLookup(index)
        """Finds galaxies by their position."""
        self._embedder = OwnEmbedder(index)

    def resolve(self, query: Query) -> ResolvedQuery:
        """The vectors of a query.

        Raises
        ------
        UnknownTargetError, MissingModalityError, NoMatchError, EncoderMismatchError, QueryError
            Where the query does not fit the index.
        """
        if query.vector is not None:
            return ResolvedQuery({m: self._own_vector(query) for m in modalities_of(query.using)})
        if query.image is not None or query.spectrum is not None:
            return self._own_data(query)
        if query.like is not None:
            return self._examples(query)
        if query.position_deg is not None:
            return self._at_positions(query)
        assert query.target_ids is not None  # noqa: S101 (a query has one input)
        return self._stored(query, query.target_ids)

    def failures(self, query: Query) -> dict[int, GalsearchError]:
        """The error of each TARGETID or position that has no vector, by its place in the query.

        It is a part of what `resolve` does for many galaxies, whose error names the first only.
        """
        errors: dict[int, GalsearchError] = {}
        ids = query.target_ids
        if query.position_deg is not None:
            positions, radius = query.position_deg, query.radius
            ids, _ = self.sky.matches(positions, radius)
            for i in np.flatnonzero(ids == 0):
                ra_deg, dec_deg = positions[i]
                errors[int(i)] = self.sky.no_match(ra_deg, dec_deg, radius)
        if ids is None:
            return errors
        for modality in modalities_of(query.using):
            for i in np.flatnonzero(~self._has_vector(query, ids, modality)):
                if int(i) not in errors:
                    errors[int(i)] = self._missing(query, ids[i : i + 1], modality)
        return errors

    def _has_vector(self, query: Query, ids: TargetIds, modality: Modality) -> BoolArray:
        """(n,) True for the galaxies that have a vector of a modality."""
        if query.from_embeddings is None:
            return self._index.stored(modality).rows_of(ids) >= 0
        from galsearch.embeddings import open_store

        return open_store(query.from_embeddings, modality).holds(ids)

    def _missing(self, query: Query, one: TargetIds, modality: Modality) -> GalsearchError:
        """The error about a galaxy without a vector of a modality."""
        if query.from_embeddings is None:
            return missing_error(self._index, one, modality)
        return UnknownTargetError(
            f"{query.from_embeddings}: no {modality} embedding of TARGETID {one[0]}."
        )

    def _stored(self, query: Query, ids: TargetIds) -> ResolvedQuery:
        if query.from_embeddings is not None:
            return self._other_embeddings(query, ids)
        among = query.among if isinstance(query.among, Modality) else None
        vectors, rows = {}, None
        for modality in modalities_of(query.using):
            vectors[modality], rows = stored_vectors(self._index, ids, modality, among)
        return ResolvedQuery(vectors, rows, ids)

    def _other_embeddings(self, query: Query, ids: TargetIds) -> ResolvedQuery:
        # Imported here: Parquet is half of what a query costs, and few queries need it.
        from galsearch.embeddings import open_store

        vectors, place = {}, query.from_embeddings
        assert place is not None  # noqa: S101 (the caller checked it)
        for modality in modalities_of(query.using):
            store = open_store(place, modality)
            self._require_encoder(store.fingerprint, str(place))
            vectors[modality] = unit_rows(store.read(ids))
        return ResolvedQuery(vectors, self._rows(query, ids), ids)

    def _rows(self, query: Query, ids: TargetIds) -> Rows | None:
        """Rows of galaxies in the modality that is searched; None where both are."""
        if not isinstance(query.among, Modality):
            return None
        return self._index.stored(query.among).rows_of(ids)

    def _at_positions(self, query: Query) -> ResolvedQuery:
        positions = query.position_deg
        assert positions is not None  # noqa: S101 (the caller checked it)
        ids, separations = self.sky.nearest(positions, query.radius)
        asked = query.name if query.name is not None else "the position"
        notes: tuple[str, ...] = ()
        if len(ids) == 1:  # of many, the result has the distances
            ra, dec = positions[0]
            place = f"{asked} (RA {ra:.5f}, Dec {dec:+.5f})"
            notes = (f"{place} is TARGETID {ids[0]}, {distance_text(separations[0])} away.",)
        found = self._stored(query, ids)
        return ResolvedQuery(
            found.vectors,
            found.rows,
            ids,
            separation_arcsec=separations,
            notes=notes,
        )

    def _own_data(self, query: Query) -> ResolvedQuery:
        notes: list[str] = []
        vectors, position, ids = {}, None, None
        if query.image is not None and Modality.IMAGE in modalities_of(query.using):
            vectors[Modality.IMAGE] = self._embedder.image(query.image, query.encoder)
            notes += query.image.notes
            if query.image.position_deg is not None:
                position = np.array([query.image.position_deg])
        if query.spectrum is not None and Modality.SPECTRUM in modalities_of(query.using):
            vectors[Modality.SPECTRUM] = self._embedder.spectrum(query.spectrum, query.encoder)
            notes += query.spectrum.notes
            if query.spectrum.target_id is not None:
                ids = np.array([query.spectrum.target_id], np.int64)
        rows = None if ids is None else self._rows(query, ids)
        return ResolvedQuery(vectors, rows, ids, position_deg=position, notes=tuple(notes))

    def _examples(self, query: Query) -> ResolvedQuery:
        like, unlike = query.like, query.unlike
        assert like is not None  # noqa: S101 (the caller checked it)
        unlike = np.empty(0, np.int64) if unlike is None else unlike
        vectors = {}
        for modality in modalities_of(query.using):
            stored = self._index.stored(modality)
            some = np.random.default_rng(1).permutation(len(stored.ids))[:N_BACKGROUND]
            background = stored.take(stored.rows_of(np.asarray(stored.ids)[np.sort(some)]))
            good, bad = (
                stored_vectors(self._index, ids, modality, None)[0] for ids in (like, unlike)
            )
            vectors[modality] = unit_rows(probe_direction(good, bad, background)[None])
        counted = f"{len(like)} examples and {len(unlike)} counter-examples"
        note = f"similarity is the cosine with the direction of a linear probe on {counted}."
        left_out = np.union1d(like, unlike)
        return ResolvedQuery(vectors, left_out=left_out, notes=(note,))

    def _own_vector(self, query: Query) -> Vectors:
        """(1, d) the vector of a query that is not a stored galaxy, of unit length."""
        vector, fingerprint = query.vector, query.fingerprint
        assert vector is not None and fingerprint is not None  # noqa: S101, PT018
        self._require_encoder(fingerprint, "the query vector")
        dim = self._index.stored(modalities_of(query.among)[0]).dim
        if vector.shape != (dim,):
            raise QueryError(
                f"the vector has shape {vector.shape}, index "
                f"'{self._index.manifest.recipe.name}' holds vectors of shape ({dim},)."
            )
        return unit_rows(vector[None])

    def _require_encoder(self, fingerprint: str, place: str) -> None:
        """Check that vectors of `place` come from the encoder of the index."""
        name = f"index '{self._index.manifest.recipe.name}'"
        require_same_encoder({name: self._index.manifest.fingerprint, place: fingerprint})
