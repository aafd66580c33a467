"""The indexes that the service answers from, each with its dataset and what was made of it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from galsearch.core.errors import GalsearchError, NoDatasetError, UnknownTargetError
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.dataset import Dataset, GalaxyBatch, open_dataset
from galsearch.http.refusals.refusal import not_found
from galsearch.http.state.estimator_cache import EstimatorCache
from galsearch.http.state.galaxy_rows import GalaxyRows
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.query import SearchEngine, open_index

CACHED_BYTES = 64 << 20
"""Bytes of pictures and spectra of one index that are kept; the least recently used are dropped."""


class ServedIndex:
    """One open index under the name by which requests choose it; safe to share between threads."""

    def __init__(self, name: str, engine: SearchEngine, dataset: Path | None = None) -> None:
        self.name = name
        self.engine = engine
        self._dataset_path = dataset
        self.rows = GalaxyRows(engine)
        """Reads catalogue columns."""
        self._cache: OrderedDict[Any, bytes] = OrderedDict()
        self._n_cached = 0
        self._lock = threading.Lock()

    @cached_property
    def estimators(self) -> EstimatorCache:
        """Keeps calibrated estimators of properties."""
        return EstimatorCache(self.engine)

    @cached_property
    def dataset(self) -> Dataset | None:
        """The dataset with the pixels of the galaxies; None where it is not beside the index."""
        path = self._dataset_path or self.engine.manifest.dataset
        try:
            return open_dataset(path) if path else None
        except (GalsearchError, OSError):
            return None

    def row(self, target_id: TargetId) -> bytes:
        """The JSON object of a galaxy with all its catalogue columns.

        Raises
        ------
        UnknownTargetError
            Where the index does not hold it.
        """
        if target_id not in self.engine:
            raise UnknownTargetError(f"TARGETID {target_id} is not in index '{self.name}'.")
        (row,) = self.rows.values(np.array([target_id], np.int64)).objects()
        return orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)

    def pixels(self, target_id: TargetId, modality: Modality) -> GalaxyBatch:
        """(1 row) The image or the spectrum of a galaxy, read from the dataset.

        Raises
        ------
        NoDatasetError
            Where there is no dataset beside the index.
        UnknownTargetError
            Where the dataset does not hold the galaxy, or not this modality of it.
        """
        if self.dataset is None:
            raise NoDatasetError(
                f"the service has no dataset of index '{self.name}', and so no images and spectra."
            )
        try:
            batch = self.dataset.read([target_id], modalities=[modality])
        except UnknownTargetError:
            raise UnknownTargetError(
                f"the dataset of index '{self.name}' has no TARGETID {target_id}."
            ) from None
        has = batch.has_image if modality is Modality.IMAGE else batch.has_spectrum
        if not has[0]:
            raise UnknownTargetError(
                f"the dataset of index '{self.name}' has no {modality} of TARGETID {target_id}."
            )
        return batch

    def cached(self, key: Any, make: Callable[[], bytes]) -> bytes:
        """The bytes that are kept under a key, or are made now and kept."""
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        content = make()
        with self._lock:
            if key not in self._cache:
                self._cache[key] = content
                self._n_cached += len(content)
            while self._n_cached > CACHED_BYTES:
                _, dropped = self._cache.popitem(last=False)
                self._n_cached -= len(dropped)
        return content


class ServedIndexes:
    """All indexes of the service; the first one answers requests that name none."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._by_name = self._opened()

    def _opened(self) -> Mapping[str, ServedIndex]:
        return {
            name: ServedIndex(name, open_index(path), self._settings.datasets.get(name))
            for name, path in self._settings.indexes.items()
        }

    def reopen(self) -> None:
        """Open all indexes again, as they are now; requests that have begun end with the old ones.

        Raises
        ------
        GalsearchError
            Where one cannot be opened; all stay as they were then.
        """
        self._by_name = self._opened()

    def __iter__(self) -> Any:
        return iter(self._by_name.values())

    def get(self, name: str | None) -> ServedIndex:
        """The index of a name, or the first one.

        Raises
        ------
        Refusal
            Where the service has no index of this name.
        """
        if name is None:
            return next(iter(self._by_name.values()))
        found = self._by_name.get(name)
        if found is None:
            raise not_found(
                f"the service has no index {name[:100]!r}; it has {', '.join(self._by_name)}.",
                "Send one of these names in index, or none for the first.",
            )
        return found
