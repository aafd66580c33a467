"""An address opens a database; anything else is the directory of an index."""

from pathlib import Path

import pytest

from galsearch.core.errors import DatabaseError, NoIndexError
from galsearch.query import SearchEngine, open_index


def test_a_directory_is_an_index(home: Path) -> None:
    engine = open_index(home / "index_builds" / "toy")
    assert type(engine) is SearchEngine
    assert len(open_index(str(home / "index_builds" / "toy"))) == len(engine)


def test_an_address_is_a_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_index(f"lance://{tmp_path / 'none'}")
    assert str(caught.value) == f"lance database {tmp_path / 'none'}: there is no such directory."


def test_another_url_is_no_index() -> None:
    with pytest.raises(NoIndexError):
        open_index("chroma://vectors")
