"""Opening a database makes none where there is none."""

from pathlib import Path

import pytest

from galsearch.core.errors import DatabaseError
from galsearch.databases.database_protocol import DatabaseAddress
from galsearch.databases.open_database import open_database


@pytest.mark.parametrize("kind", ["lance", "qdrant", "milvus"])
def test_a_directory_that_is_missing_is_not_made(kind: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(DatabaseAddress(kind, str(tmp_path / "none")))
    assert str(caught.value) == f"{kind} database {tmp_path / 'none'}: there is no such directory."
    assert list(tmp_path.iterdir()) == []
