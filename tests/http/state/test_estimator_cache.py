"""Calibrations are made once."""

from pathlib import Path

import pytest

from galsearch.analysis.estimation import Estimation
from galsearch.http.state import estimator_cache
from galsearch.http.state.estimator_cache import EstimatorCache
from galsearch.query import open_index


def test_a_calibration_serves_other_galaxies_and_no_other_properties(
    toy_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_index(toy_index)
    cache = EstimatorCache(engine)
    monkeypatch.setattr(estimator_cache, "MAX_CACHED", 1)
    first = cache.estimators(Estimation(5, "z", index=engine, k=4))
    assert cache.estimators(Estimation(6, "z", index=engine, k=4)) is first
    other = cache.estimators(Estimation(5, "z", index=engine, k=3))
    assert other is not first
    assert cache.estimators(Estimation(6, "z", index=engine, k=4)) is not first
