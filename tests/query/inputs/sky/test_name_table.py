"""A table of names is read once and finds names whatever their case and blanks."""

from pathlib import Path

import pytest

from galsearch.core.errors import SourceError, UnknownNameError
from galsearch.query.inputs.sky.name_table import NameTable
from galsearch.query.inputs.sky.object_names import resolve_name


def test_names_are_found_after_the_file_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("Name,RA,Dec\nNGC 5194,202.4696,47.1952\nngc5194,1,2\nM 31,,41.3\n")
    table = NameTable(path)
    path.unlink()
    assert len(table) == 2
    assert table.position("ngc 5194").tolist() == [[202.4696, 47.1952]]
    assert resolve_name("NGC5194", table).tolist() == [[202.4696, 47.1952]]
    with pytest.raises(UnknownNameError) as unknown:
        table.position("NGC 5195")
    assert str(unknown.value) == (
        f"'NGC 5195' is not among the 2 names of {path}; similar ones: NGC 5194."
    )
    with pytest.raises(SourceError) as caught:
        table.position("M31")
    assert str(caught.value) == f"{path}: the position of M 31 is --, 41.3; expected degrees."
