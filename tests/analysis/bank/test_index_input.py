"""An index is given as an engine, a directory or nothing."""

from pathlib import Path

import pytest

from galsearch.analysis.bank.index_input import opened_engine
from galsearch.core.errors import NoIndexError
from galsearch.query import SearchEngine


def test_an_engine_is_used_as_it_is(labelled_engine: SearchEngine, tmp_path: Path) -> None:
    assert opened_engine(labelled_engine) is labelled_engine
    with pytest.raises(NoIndexError):
        opened_engine(tmp_path)
