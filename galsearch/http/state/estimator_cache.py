"""Calibrated estimators of properties, which are kept for later requests.

A calibration compares thousands of galaxies with the whole index and takes seconds; an estimate of
one more galaxy takes milliseconds.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from galsearch.analysis.calibration.property_estimator import PropertyEstimator
from galsearch.analysis.estimate import calibrated_estimators
from galsearch.analysis.estimation import Estimation
from galsearch.query import SearchEngine

MAX_CACHED = 8
"""Number of kept calibrations; the least recently used one is dropped."""


class EstimatorCache:
    """The estimators of the most recent requests to one index; safe to share between threads."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], Sequence[PropertyEstimator]] = OrderedDict()

    def estimators(self, estimation: Estimation) -> Sequence[PropertyEstimator]:
        """The estimators of a request, calibrated at most once.

        Raises
        ------
        QueryError, MissingModalityError
            Where the request does not fit the index.
        """
        key = (
            estimation.property,
            estimation.using,
            estimation.among,
            estimation.k,
            estimation.bank_where,
            estimation.as_classes,
        )
        # Held while calibrating: a second request for the same properties waits for the first.
        with self._lock:
            if key not in self._kept:
                self._kept[key] = calibrated_estimators(self._engine.index, estimation)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_CACHED:
                self._kept.popitem(last=False)
            return self._kept[key]
