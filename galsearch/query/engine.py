"""An open index that finds the galaxies most similar to a galaxy or to a vector."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.index.search.device import Device
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.manifest import IndexManifest
from galsearch.query.filter_cache import FilterCache
from galsearch.query.query import Cone, Query, TargetIdInput
from galsearch.query.query_vectors import query_vectors
from galsearch.query.renamed_arguments import accept_asking
from galsearch.query.results.neighbours import Neighbours
from galsearch.query.results.neighbours_batch import NeighboursBatch


def open_index(directory: str | Path | None = None, *, device: Device = "cpu") -> "SearchEngine":
    """A search engine over the index in `directory`; by default the only one in `index_builds`.

    Opening checks every file's presence and size, and a sample of its content; see
    `galsearch.index.open_build`. Neither torch nor Parquet is loaded.

    Parameters
    ----------
    directory
        Directory of an index.
    device
        `gpu` or `auto`: candidates come from inverted lists on every GPU that FAISS sees,
        whatever device the index was built on. That is worth it for thousands of queries in one
        call.

    Raises
    ------
    NoGpuError
        Where `device` is `gpu` and FAISS sees no GPU.
    ManifestError
        Where there is no index, several to choose from, or a file disagrees with the manifest.
    EncoderMismatchError
        Where the modalities of the index come from different encoders.
    """
    return SearchEngine(open_build(directory, device=device))


class SearchEngine:
    """Nearest neighbours of galaxies in one open index; read-only, may be shared by threads.

    It answers from what was opened, whatever happens to the index afterwards. It can be pickled,
    and so sent to other processes: they open the same index again, and refuse another build or
    generation of it. A forked process searches with one thread, and GPUs are refused there.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self.index = index
        self._filters = FilterCache(index)

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

    @accept_asking
    def query(
        self,
        target_id: int | str,
        *,
        using: Modality | str = Modality.IMAGE,
        among: Modality | str = Modality.IMAGE,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        from_embeddings: str | Path | None = None,
        where: str | None = None,
        within: Cone | None = None,
        ids: TargetIdInput | None = None,
    ) -> Neighbours:
        """The `k` galaxies most similar to one galaxy.

        Parameters
        ----------
        target_id
            DESI TARGETID, as an integer or its decimal text.
        using
            Modality of the query galaxy's embedding that is compared. `using != among` is a
            cross-modal query.
        among
            Modality that is searched.
        k
            Number of neighbours; fewer are returned where the index holds fewer galaxies.
        n_probe
            Number of inverted lists to probe; by default what the build tuned for the direction.
        exact
            Compare every stored vector: slow for millions of galaxies, always right.
        from_embeddings
            Directory that `embed_dataset` wrote, with the embedding of the query galaxy, where
            the index does not hold it; its encoder must be that of the index.
        where
            Only galaxies that fulfil this condition over the catalogue's columns are found, such
            as `"0.1 < z < 0.3 and mag_r < 19 and class == 'BGS'"`.
        within
            Only galaxies in this cone are found: right ascension and declination in degrees,
            radius in arcminutes.
        ids
            Only galaxies with these TARGETIDs are found, which may be any number, such as those
            that `galsearch.query.read_ids` reads from a table.

        Returns
        -------
        Neighbours
            By descending true cosine, equal ones by ascending TARGETID; never the query galaxy.

        Raises
        ------
        UnknownTargetError
            The TARGETID is not in this index (or not in `from_embeddings`).
        MissingModalityError
            The galaxy has no `using` embedding, or the index no `among` embeddings.
        EncoderMismatchError
            The embeddings come from another encoder than the index.
        QueryError
            `k` is less than 1, a modality is neither image nor spectrum, or `where` or `within` is
            malformed.
        """
        query = Query(
            TargetId(target_id),
            using=using,
            among=among,
            k=k,
            n_probe=n_probe,
            exact=exact,
            from_embeddings=from_embeddings,
            where=where,
            within=within,
            ids=ids,
        )
        return self.search(query)[0]

    @accept_asking
    def query_many(
        self,
        target_ids: Sequence[int | str] | npt.NDArray[np.int64],
        *,
        using: Modality | str = Modality.IMAGE,
        among: Modality | str = Modality.IMAGE,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        from_embeddings: str | Path | None = None,
        where: str | None = None,
        within: Cone | None = None,
        ids: TargetIdInput | None = None,
    ) -> NeighboursBatch:
        """The neighbours of several galaxies as arrays, in the order of `target_ids`; see `query`.

        Returns
        -------
        NeighboursBatch
            Row i holds the neighbours of `target_ids[i]`.
        """
        query = Query(
            target_ids,
            using=using,
            among=among,
            k=k,
            n_probe=n_probe,
            exact=exact,
            from_embeddings=from_embeddings,
            where=where,
            within=within,
            ids=ids,
        )
        return self.search(query)

    def query_vector(
        self,
        vector: npt.ArrayLike,
        *,
        fingerprint: str,
        using: Modality | str,
        among: Modality | str,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        where: str | None = None,
        within: Cone | None = None,
        ids: TargetIdInput | None = None,
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

        Raises
        ------
        EncoderMismatchError
            The encoder is not the one that the index was built with.
        QueryError
            The vector has another dimension than the index, is zero or is not finite.
        """
        query = Query(
            vector=vector,
            fingerprint=fingerprint,
            using=using,
            among=among,
            k=k,
            n_probe=n_probe,
            exact=exact,
            where=where,
            within=within,
            ids=ids,
        )
        return self.search(query)[0]

    def search(self, query: Query) -> NeighboursBatch:
        """The neighbours of every galaxy of a query, or of its vector, as arrays.

        Raises
        ------
        UnknownTargetError, MissingModalityError, EncoderMismatchError, QueryError
            Where the query does not fit the index; see `query` and `query_vector`.

        Examples
        --------
        `engine.search(Query([1, 2], using="image", among="spectrum", k=5)).target_ids` has shape
        (2, 5).
        """
        vectors, rows = query_vectors(self.index, query)
        row_filter = None
        if query.where is not None or query.within is not None or query.ids is not None:
            row_filter = self._filters.row_filter(
                query.where, query.within, query.among, ids=query.ids
            )
        found = self.index.search(
            vectors,
            using=query.using,
            among=query.among,
            k=query.k,
            exclude_rows=rows,
            n_probe=query.n_probe,
            exact=query.exact,
            row_filter=row_filter,
        )
        records = self.index.records_of(found, query.among)
        return NeighboursBatch(
            target_ids=found.target_ids,
            similarity=found.similarity,
            ra_deg=records["ra_deg"],
            dec_deg=records["dec_deg"],
            z=records["z"],
            exact=found.exact,
            using=query.using,
            among=query.among,
            query_target_ids=query.target_ids,
        )
