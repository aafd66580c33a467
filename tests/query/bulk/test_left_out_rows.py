"""Rows that were left out are counted in a few notes, and all of them are in a table."""

from pathlib import Path

import pytest
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import OutputFileExistsError
from galsearch.query.bulk.left_out_rows import LeftOutRows
from galsearch.query.inputs.row_checks import BadRow


def bad(row: int, reason: str = "no TARGETID") -> BadRow:
    return BadRow(row, "id", "x", reason, f"{row} is bad.")


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_notes_name_ranges_of_rows(some: set[int], others: set[int]) -> None:
    rows = LeftOutRows(map(bad, some))
    rows.extend(bad(row, "unknown") for row in others)
    assert [each.row for each in rows] == sorted([*some, *others])
    notes = rows.notes(100)
    if not some | others:
        assert notes == []
        return
    assert notes[0] == f"{len(some) + len(others)} of 100 rows are left out."
    assert rows.counts == {
        reason: len(group)
        for reason, group in (("no TARGETID", some), ("unknown", others))
        if group
    }
    for note in notes[1:]:
        group = sorted(some if note.startswith("no TARGETID, in ") else others)
        counted = "1 row: " if len(group) == 1 else f"{len(group)} rows: "
        listed, first = note.split(counted)[1].split(". The first: ")
        assert first == f"{group[0]} is bad."
        named: list[int] = []
        for part in listed.removesuffix(" and more").split(", "):
            low, _, high = part.partition(" to ")
            named += range(int(low), int(high or low) + 1)
        expected = [row + 1 for row in group]
        assert named == (expected[: len(named)] if listed.endswith("more") else expected)


def test_the_table_is_written_also_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    assert LeftOutRows().write(path) == path
    assert path.read_text() == "query_row,query_column,query_value,reason,problem\n"
    with pytest.raises(OutputFileExistsError):
        LeftOutRows().write(path)
    LeftOutRows([bad(3)]).write(path, overwrite=True)
    assert path.read_text().splitlines()[1:] == ['4,"id","x","no TARGETID","3 is bad."']
    for name in ("rows.fits", "rows.vot", "rows.ecsv"):
        LeftOutRows([bad(3)]).write(tmp_path / name)
        assert Table.read(tmp_path / name)["query_row"].tolist() == [4]
