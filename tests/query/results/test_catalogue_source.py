"""A result that was sent to another process reads the catalogue of the same index."""

import copy
import pickle
import shutil
from pathlib import Path

import pytest

from galsearch.core.errors import GalsearchError
from galsearch.query import SearchEngine, open_index
from galsearch.query.results.catalogue_source import CatalogueSource


def test_a_pickled_source_opens_the_index_when_it_is_read(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "index_builds" / "toy", tmp_path / "toy")
    engine = open_index(tmp_path / "toy")
    sent = pickle.dumps(CatalogueSource(engine.index))
    ids = engine.index.ids[:3]
    received = pickle.loads(sent)  # noqa: S301
    assert pickle.loads(pickle.dumps(received)).columns.take(ids).num_rows == 3  # noqa: S301
    assert received.columns.take(ids).equals(CatalogueSource(engine.index).columns.take(ids))
    shutil.rmtree(tmp_path / "toy")
    gone = pickle.loads(sent)  # noqa: S301
    with pytest.raises(GalsearchError):
        _ = gone.columns


def test_results_that_are_copied_share_their_source(engine: SearchEngine) -> None:
    found = engine.query(int(engine.index.ids[0]), k=2)
    assert copy.deepcopy(found).catalogue is found.catalogue
    assert pickle.loads(pickle.dumps(found)).to_arrow().equals(found.to_arrow())  # noqa: S301
