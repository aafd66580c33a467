"""The plain service finds the same galaxies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.service.exported_vectors import export
from benchmarks.service.peer_engines import Faiss
from benchmarks.service.plain_service import PlainSearch, plain_app
from galsearch.index import IndexRecipe, build_index
from galsearch.query import open_index


def test_all_lists_give_the_exact_neighbours(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("flask", reason="Flask is not installed")
    sky = make_sky(300)
    embeddings = sky.write(tmp_path / "sky")
    recipe = IndexRecipe(name="toy", n_tuning_queries=20)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "index")
    export(tmp_path / "index", tmp_path / "work", n_queries=20)
    engine = Faiss(tmp_path, np.load(tmp_path / "work" / "vectors.npy"))
    search = PlainSearch(tmp_path / "work", engine, recall=1.0)
    assert search.recall == 1.0
    expected = open_index(tmp_path / "index").query(int(sky.ids[5]), k=4, exact=True)
    client = plain_app(search).test_client()
    answer = client.get("/query", query_string={"target_id": int(sky.ids[5]), "k": 4}).get_json()
    assert [one["target_id"] for one in answer["neighbours"]] == [str(i) for i in expected]
    assert client.get("/facts").get_json() == {
        "depth": search.depth,
        "recall_at_10": 1.0,
        "processes": [],
    }
