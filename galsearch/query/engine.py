"""An opened index that answers questions about galaxies."""

import importlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import (
    EncoderMismatchError,
    MissingModalityError,
    QueryError,
    UnknownTargetError,
)
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.core.vectors import unit_rows
from galsearch.index.search.galaxy_index import Device, GalaxyIndex, open_build
from galsearch.index.search.modality_index import Hits
from galsearch.index.search.row_filter import Selection
from galsearch.index.storage.manifest import IndexManifest
from galsearch.query.neighbours import Neighbours

Vector = npt.NDArray[np.float32]
Cone = tuple[float, float, float]
"""Right ascension and declination in degrees, radius in arcminutes."""
_SELECTIONS = 16
"""Filters whose galaxies are remembered by an engine."""


def open_index(directory: str | Path | None = None, *, device: Device = "cpu") -> "SearchEngine":
    """The index in `directory`, ready for questions; by default the only one in `index_builds`.

    Opening checks every file's presence and size, and a sample of its content; see
    `galsearch.index.search.galaxy_index.open_build`. Neither torch nor Parquet is loaded.

    Parameters
    ----------
    device
        `gpu` or `auto`: candidates come from inverted lists on every GPU that FAISS sees, whatever
        the index was built on. It pays for thousands of questions in one call.

    Raises
    ------
    ConfigError
        Where a GPU is insisted on and there is none.
    ManifestError
        Where there is no index, several to choose from, or a file disagrees with the manifest.
    EncoderMismatchError
        Where its modalities come from different encoders.
    """
    return SearchEngine(open_build(directory, device=device))


class SearchEngine:
    """Which galaxies are like this one? Read-only, and safe to share between threads."""

    def __init__(self, index: GalaxyIndex) -> None:
        self.index = index
        self._lock = threading.Lock()
        self._selections: dict[tuple[object, ...], Selection] = {}

    def __len__(self) -> int:
        """Galaxies in the catalogue."""
        return len(self.index)

    def __contains__(self, target_id: object) -> bool:
        """Whether a TARGETID is in the catalogue."""
        wanted = np.array([TargetId(target_id)], np.int64)
        return bool(self.index.catalogue_rows(wanted)[0] >= 0)

    @property
    def manifest(self) -> IndexManifest:
        """What was built, and how well it answers."""
        return self.index.manifest

    def query(
        self,
        target_id: int | str,
        *,
        using: Modality | str = Modality.IMAGE,
        among: Modality | str = Modality.IMAGE,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        asking: str | Path | None = None,
        where: str | None = None,
        within: Cone | None = None,
    ) -> Neighbours:
        """The `k` galaxies most similar to a stored one.

        Parameters
        ----------
        target_id
            DESI TARGETID, as an integer or its decimal text.
        using
            Which of the asking galaxy's embeddings asks. `using != among` is a cross-modal query.
        among
            Which embeddings are searched.
        k
            Neighbours wanted; a larger `k` than there are galaxies gives a shorter answer.
        n_probe
            Inverted lists read; by default what the build tuned for the direction.
        exact
            Compare every stored vector: slow for millions, never wrong.
        asking
            Embeddings (what `embed_dataset` wrote) that hold the asking galaxy, if the index
            does not; they must be of the index's encoder.
        where
            Only galaxies of which this is true answer: a condition over the catalogue's columns,
            such as `"0.1 < z < 0.3 and mag_r < 19 and class == 'BGS'"`.
        within
            Only galaxies in this cone answer: right ascension and declination in degrees, radius
            in arcminutes.

        Returns
        -------
        Neighbours
            Descending true cosine, equal ones in ascending TARGETID; never the asking galaxy.
            All that match where they are fewer than `k`.

        Raises
        ------
        UnknownTargetError
            The TARGETID is not in this index (or in `asking`).
        MissingModalityError
            The galaxy has no `using` embedding, or the index no `among` embeddings.
        EncoderMismatchError
            `asking` is of another encoder than the index.
        QueryError
            `k` is less than 1, a modality is neither image nor spectrum, or `where` or `within`
            cannot be understood.
        """
        return self.query_many(
            [target_id],
            using=using,
            among=among,
            k=k,
            n_probe=n_probe,
            exact=exact,
            asking=asking,
            where=where,
            within=within,
        )[0]

    def query_many(
        self,
        target_ids: Sequence[int | str] | npt.NDArray[np.int64],
        *,
        using: Modality | str = Modality.IMAGE,
        among: Modality | str = Modality.IMAGE,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        asking: str | Path | None = None,
        where: str | None = None,
        within: Cone | None = None,
    ) -> list[Neighbours]:
        """One answer for each of several galaxies, in their order; see `query`."""
        using, among = _modality(using, "using"), _modality(among, "among")
        _check_count(k, "k")
        ids = np.array([TargetId(target_id) for target_id in target_ids], np.int64)
        if not len(ids):
            return []
        if asking is None:
            vectors = self._stored_vectors(ids, using)
        else:
            vectors = self._vectors_from(asking, ids, using)
        return self._answer(
            vectors,
            ids,
            using=using,
            among=among,
            k=k,
            n_probe=n_probe,
            exact=exact,
            selection=self._select(where, within, among),
        )

    def query_vector(
        self,
        vector: npt.NDArray[np.floating],
        *,
        fingerprint: str,
        using: Modality | str,
        among: Modality | str,
        k: int = 10,
        n_probe: int | None = None,
        exact: bool = False,
        where: str | None = None,
        within: Cone | None = None,
    ) -> Neighbours:
        """The `k` galaxies most similar to an embedding that need not be stored.

        Parameters
        ----------
        vector : (d,)
            Any length but zero; it is normalised.
        fingerprint
            Of the encoder that made it, which must be the index's.
        using
            What it embeds, an image or a spectrum.
        where, within
            Which galaxies may answer; see `query`.

        Raises
        ------
        EncoderMismatchError
            The encoder is not the one that the index was built with.
        QueryError
            The vector has another dimension than the index, or no direction.
        """
        using, among = _modality(using, "using"), _modality(among, "among")
        _check_count(k, "k")
        self._check_encoder(fingerprint, "this vector")
        question = np.asarray(vector)
        dim = self.index.stored(among).dim
        if question.shape != (dim,):
            raise QueryError(
                f"the vector has shape {question.shape}, index '{self._name}' holds vectors of "
                f"shape ({dim},)."
            )
        if not np.isfinite(question).all() or not question.any():
            raise QueryError("the vector is zero or not finite, and so has no direction.")
        return self._answer(
            unit_rows(question[None]),
            None,
            using=using,
            among=among,
            k=k,
            n_probe=n_probe,
            exact=exact,
            selection=self._select(where, within, among),
        )[0]

    def _answer(
        self,
        vectors: Vector,
        asking: npt.NDArray[np.int64] | None,
        *,
        using: Modality,
        among: Modality,
        k: int,
        n_probe: int | None,
        exact: bool,
        selection: Selection | None,
    ) -> list[Neighbours]:
        if n_probe is not None:
            _check_count(n_probe, "n_probe")
        found = self.index.search(
            vectors,
            using=using,
            among=among,
            k=k,
            exclude=asking,
            n_probe=n_probe,
            exact=exact,
            selection=selection,
        )
        names = [None] * len(found) if asking is None else [TargetId(own) for own in asking]
        return [
            self._neighbours(hits, using, among, own)
            for hits, own in zip(found, names, strict=True)
        ]

    def _select(self, where: str | None, within: Cone | None, among: Modality) -> Selection | None:
        """Those that may answer, remembered for the filters asked last; None for all."""
        if where is None and within is None:
            return None
        asked = (where, None if within is None else tuple(within), among)
        with self._lock:
            selection = self._selections.pop(asked, None)
            if selection is None:
                # Imported here: a question without a filter needs no Parquet.
                filters: Any = importlib.import_module("galsearch.query.filters")
                ids = filters.matching(self.index.catalogues, where=where, within=within)
                selection = self.index.select(ids, among)
            self._selections[asked] = selection
            if len(self._selections) > _SELECTIONS:
                del self._selections[next(iter(self._selections))]
        return selection

    def _neighbours(
        self, hits: Hits, using: Modality, among: Modality, asking: TargetId | None
    ) -> Neighbours:
        places = self.index.places(hits.target_ids)
        return Neighbours(
            target_ids=hits.target_ids,
            similarity=hits.similarity,
            ra_deg=places["ra_deg"],
            dec_deg=places["dec_deg"],
            z=places["z"],
            using=using,
            among=among,
            query_target_id=asking,
            exact=hits.exact,
        )

    def _stored_vectors(self, ids: npt.NDArray[np.int64], using: Modality) -> Vector:
        unknown = ids[self.index.catalogue_rows(ids) < 0]
        if len(unknown):
            raise UnknownTargetError(
                f"TARGETID {unknown[0]} is not in index '{self._name}' "
                f"({len(self):,} galaxies). Ask with a TARGETID of that index, or name the "
                "embeddings that hold it with --from."
            )
        stored = self.index.stored(using)
        rows = stored.rows_of(ids)
        if (rows < 0).any():
            raise MissingModalityError(self._missing(TargetId(ids[rows < 0][0]), using))
        return stored.take(rows)

    def _missing(self, target_id: TargetId, using: Modality) -> str:
        counts = ", ".join(
            f"{entry.n_vectors:,} {_PLURAL[kind]}"
            for kind, entry in self.manifest.modalities.items()
        )
        present = [
            kind
            for kind in self.manifest.modalities
            if self.index.stored(kind).rows_of(np.array([target_id], np.int64))[0] >= 0
        ]
        hint = (
            f"Its {present[0]} is present: try --using {present[0]}."
            if present
            else "It has no embedding at all: see the report of galsearch ingest."
        )
        return (
            f"TARGETID {target_id} has no {using} embedding in index '{self._name}' "
            f"({counts}). {hint}"
        )

    def _vectors_from(
        self, embeddings: str | Path, ids: npt.NDArray[np.int64], using: Modality
    ) -> Vector:
        # Imported here: Parquet is half of what a query costs, and few questions need it.
        store: Any = importlib.import_module("galsearch.embeddings").open_store(embeddings, using)
        self._check_encoder(store.fingerprint, str(embeddings))
        return unit_rows(store.read(ids))

    def _check_encoder(self, fingerprint: str, what: str) -> None:
        if fingerprint != self.manifest.fingerprint:
            raise EncoderMismatchError(
                f"index '{self._name}' was built with encoder {self.manifest.fingerprint[:16]}, "
                f"{what} is of encoder {fingerprint[:16]}. Similarities between different "
                "encoders have no meaning. Embed with the index's encoder, or build the index "
                "again."
            )

    @property
    def _name(self) -> str:
        return self.manifest.recipe.name


_PLURAL = {Modality.IMAGE: "images", Modality.SPECTRUM: "spectra"}


def _modality(value: Modality | str, name: str) -> Modality:
    try:
        return Modality(value)
    except ValueError:
        raise QueryError(f"{name} is {value!r}; expected 'image' or 'spectrum'.") from None


def _check_count(value: int, name: str) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise QueryError(f"{name} is {value!r}; expected a whole number, 1 or more.")
