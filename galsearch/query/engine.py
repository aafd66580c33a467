"""An open index that finds the galaxies most similar to a galaxy or to a vector."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality, QueryModality, modalities_of
from galsearch.core.progress import Progress
from galsearch.core.target_id import TargetId
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_result import SearchResult
from galsearch.index.storage.manifest import IndexManifest
from galsearch.query.bulk.queried_table import QueriedTable
from galsearch.query.filter_cache import FilterCache
from galsearch.query.inputs.argument_checks import Cone, TargetIdInput, checked_cone
from galsearch.query.inputs.own_data.own_galaxy import own_galaxy
from galsearch.query.inputs.query_table import read_queries
from galsearch.query.inputs.query_words import OtherWords, QueryWords, words_for
from galsearch.query.inputs.renamed_arguments import accept_asking
from galsearch.query.inputs.sky.name_table import NameTable
from galsearch.query.query import Query
from galsearch.query.ranking.catalogue_groups import CatalogueGroups
from galsearch.query.ranking.choose import Chooser, joined, needs_choice
from galsearch.query.ranking.modality_search import search_modalities
from galsearch.query.ranking.unmeasured import notes_on_recall
from galsearch.query.resolved_query import QueryResolver
from galsearch.query.results.catalogue_source import CatalogueSource
from galsearch.query.results.neighbours import Neighbours
from galsearch.query.results.neighbours_batch import NeighboursBatch


class SearchEngine:
    """Nearest neighbours of galaxies in one open index; read-only, may be shared by threads.

    It answers from what was opened, whatever happens to the index afterwards. It can be pickled,
    and so sent to other processes: they open the same index again, and refuse another build or
    generation of it. A forked process searches with one thread, and GPUs are refused there.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self.index = index
        self._filters = FilterCache(index)
        self._resolver = QueryResolver(index)
        self._groups = CatalogueGroups(index)
        self._catalogue = CatalogueSource(index)

    def __reduce__(self) -> tuple[Any, ...]:
        """The index, which pickle opens again from its path; see `GalaxyIndex`."""
        return SearchEngine, (self.index,)

    def __deepcopy__(self, memo: object) -> "SearchEngine":
        """The engine itself, which is read-only."""
        return self

    def __len__(self) -> int:
        """Number of galaxies in the catalogue."""
        return len(self.index)

    def __contains__(self, target_id: object) -> bool:
        """True where the catalogue holds a galaxy with this TARGETID."""
        wanted = np.array([TargetId(target_id)], np.int64)
        return bool(self.index.catalogue_rows(wanted)[0] >= 0)

    @property
    def manifest(self) -> IndexManifest:
        """The record of what was built, and of its measured recall."""
        return self.index.manifest

    @property
    def catalogue(self) -> CatalogueSource:
        """Reads all columns of the catalogue for given galaxies."""
        return self._catalogue

    def galaxies_within(self, within: Cone) -> tuple[TargetIds, Float64Array]:
        """TARGETIDs of the galaxies in a cone, the nearest to its axis first, and their distances.

        Parameters
        ----------
        within
            Right ascension and declination in degrees, radius in arcminutes.

        Returns
        -------
        target_ids : (n,)
        separation_arcsec : (n,)

        Raises
        ------
        QueryError
            Where the three numbers are no cone.
        """
        return self._resolver.sky.within(checked_cone(within))

    @accept_asking
    def query(self, target_id: int | str | None = None, **words: Unpack[QueryWords]) -> Neighbours:
        """The galaxies most similar to one galaxy, image, spectrum, vector or set of examples.

        Parameters
        ----------
        target_id
            DESI TARGETID of the query galaxy, as an integer or its decimal text.
        **words
            Any argument of `Query`: another input than a TARGETID (`position`, `name`, `image`,
            `spectrum`, `like`, `vector`), `using`, `among`, `k`, and what neighbours must fulfil.

        Returns
        -------
        Neighbours
            By descending similarity, equal ones by ascending TARGETID; never the query galaxy.

        Raises
        ------
        UnknownTargetError
            The TARGETID is not in this index (or not in `from_embeddings`).
        NoMatchError
            No galaxy of the index is near the position.
        MissingModalityError
            The galaxy has no `using` embedding, or the index no `among` embeddings.
        EncoderMismatchError
            The embeddings, or the encoder of an own file, are not those of the index.
        SourceError
            A file is missing, damaged or of another kind.
        QueryError
            There are several inputs or none, or an argument is malformed.
        """
        query = Query(None if target_id is None else TargetId(target_id), **words)
        found = self.search(query)
        if len(found) != 1:
            raise QueryError(f"the query has {len(found)} positions; expected one.")
        own = own_galaxy(query.image, query.spectrum)
        return found[0] if own is None else dataclasses.replace(found[0], query_galaxy=own)

    @accept_asking
    def query_many(
        self,
        target_ids: TargetIdInput | None = None,
        **words: Unpack[QueryWords],
    ) -> NeighboursBatch:
        """The neighbours of several galaxies as arrays, in the order of `target_ids`; see `query`.

        Returns
        -------
        NeighboursBatch
            Row i holds the neighbours of `target_ids[i]`, or of the i-th position.
        """
        return self.search(Query(target_ids, **words))

    def query_table(
        self,
        table: str | Path,
        *,
        skip_bad_rows: bool = False,
        progress: Progress | None = None,
        **words: Unpack[QueryWords],
    ) -> QueriedTable:
        """The neighbours of the query in each row of a table, searched while they are read.

        Iteration gives a `NeighboursBatch` of some rows at a time, in their order; `write` writes
        all to a file. The memory does not grow with the number of queries.

        Parameters
        ----------
        table
            CSV, ECSV, FITS or Parquet table with a column target_id, columns ra_deg and dec_deg, a
            column name, or columns image and spectrum with paths of files.
        skip_bad_rows
            Leave out rows that cannot be answered; `left_out` of the result lists them with their
            reasons, and `notes` counts them. Where none can be answered, the first error is raised.
        progress
            Called with stage, done and total.
        **words
            Further arguments of `Query`, the same for all rows.

        Raises
        ------
        SourceError
            Where the table is missing or no such table, or a row says no query; errors of the
            search are those of `query`. The message names the row and the column.
        """
        names = words.get("names")
        if names is not None and not isinstance(names, NameTable):
            words["names"] = NameTable(names)  # read once, and not for each row
        queried = QueriedTable(
            read_queries(table),
            self.search,
            self._resolver.failures,
            dict(words),
            n_galaxies=len(self),
            skip_bad_rows=skip_bad_rows,
            progress=progress,
        )
        self._check_options(words)
        return queried

    def _check_options(self, words: Mapping[str, Any]) -> None:
        """Check the arguments that all rows of a table share, so that no row is blamed for them."""
        query = Query(self.index.ids[:1], **words_for(words, {"target_ids"}))
        self._row_filters(query)
        if query.one_per is not None:
            self._groups.of(np.empty(0, np.int64), query.one_per)

    def query_vector(
        self,
        vector: npt.ArrayLike,
        *,
        fingerprint: str,
        using: QueryModality | str,
        among: QueryModality | str,
        **words: Unpack[OtherWords],
    ) -> Neighbours:
        """The `k` galaxies most similar to an embedding that need not be stored; see `query`.

        Parameters
        ----------
        vector : (d,) numbers
            An array, a list or a tensor of any length but zero; it is normalised.
        fingerprint
            Fingerprint of the encoder that made it, which must be that of the index.
        using
            Modality that the vector is an embedding of.
        among
            Modality that is searched.
        **words
            Further arguments of `Query`.

        Raises
        ------
        EncoderMismatchError
            The encoder is not the one that the index was built with.
        QueryError
            The vector has another dimension than the index, is zero or is not finite.
        """
        query = Query(vector=vector, fingerprint=fingerprint, using=using, among=among, **words)
        return self.search(query)[0]

    def search(self, query: Query) -> NeighboursBatch:
        """The neighbours of every galaxy of a query, or of its vector, as arrays.

        Raises
        ------
        UnknownTargetError, MissingModalityError, EncoderMismatchError, QueryError
            Where the query does not fit the index; see `query` and `query_vector`.
        """
        resolved = self._resolver.resolve(query)
        filters = self._row_filters(query)

        def search(k: int, rows: slice = slice(None)) -> SearchResult:
            return search_modalities(self.index, query, resolved, filters, k=k, rows=rows)

        if query.k is not None and not needs_choice(query, resolved):
            found = search(query.k)
        else:
            chooser = Chooser(self.index, self._groups, query, resolved)
            n = len(next(iter(resolved.vectors.values())))
            found = joined(
                [chooser.choose(i, lambda row, k: search(k, slice(row, row + 1))) for i in range(n)]
            )
        records = self.index.records_of(found, modalities_of(query.among)[0])
        return NeighboursBatch(
            target_ids=found.target_ids,
            similarity=found.similarity,
            ra_deg=records["ra_deg"],
            dec_deg=records["dec_deg"],
            z=records["z"],
            exact=found.exact,
            using=query.using,
            among=query.among,
            query_target_ids=resolved.target_ids,
            notes=(*resolved.notes, *notes_on_recall(self.index, query, resolved, found)),
            separation_arcsec=resolved.separation_arcsec,
            catalogue=self._catalogue,
        )

    def _row_filters(self, query: Query) -> dict[Modality, RowFilter] | None:
        """The vectors that a query may find, by modality; None for all."""
        if query.where is None and query.within is None and query.ids is None:
            return None
        return {
            modality: self._filters.row_filter(query.where, query.within, modality, ids=query.ids)
            for modality in modalities_of(query.among)
        }
