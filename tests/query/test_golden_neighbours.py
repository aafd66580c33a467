"""The demonstration's neighbours are those that were recorded at commit 63231d7."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.demo import run_demo
from galsearch.query import SearchEngine, open_index

GOLDEN = Path(__file__).parents[1] / "golden"
TOLERANCE = 1e-6


def check(engine: SearchEngine, name: str, *, k: int) -> None:
    for row in json.loads((GOLDEN / name).read_text(encoding="utf-8")):
        words = {word: row[word] for word in ("using", "among", "where")}
        single = engine.query(row["target_id"], k=k, **words)
        (batch,) = engine.query_many([row["target_id"]], k=k, **words)
        for found in (single, batch):
            assert [str(neighbour) for neighbour in found] == row["neighbours"], words
            np.testing.assert_allclose(found.similarity, row["similarity"], rtol=0, atol=TOLERANCE)


def test_24_galaxies_have_their_recorded_neighbours(demonstration: Any) -> None:
    check(open_index(demonstration.home / "index_builds" / "demo"), "neighbours_24.json", k=5)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_1000_galaxies_have_their_recorded_neighbours(tmp_path: Path) -> None:
    run_demo(tmp_path / "demo", build=tmp_path / "index")
    check(open_index(tmp_path / "index"), "neighbours_1000.json", k=10)
