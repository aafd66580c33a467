"""Stored results, and directories of other settings."""

import numpy as np
import pytest

from benchmarks.downstream.result_cache import ResultCache
from galsearch.core.errors import ConfigError


def test_stored_results_are_returned_and_other_settings_are_refused(tmp_path) -> None:
    cache = ResultCache(tmp_path / "work", {"seed": 1, "n": 10})
    assert cache.get("a") is None
    cache.put("a", x=np.arange(3))
    again = ResultCache(tmp_path / "work", {"seed": 1, "n": 10}).get("a")
    assert again is not None
    assert again["x"].tolist() == [0, 1, 2]
    assert {p.name for p in (tmp_path / "work").iterdir()} == {"a.npz", "settings.json"}
    with pytest.raises(ConfigError) as caught:
        ResultCache(tmp_path / "work", {"seed": 2, "n": 10})
    assert str(caught.value) == (
        f"{tmp_path / 'work'} belongs to a run with other settings: seed was 1, requested is 2. "
        "Name another --work, or remove it to start anew."
    )
