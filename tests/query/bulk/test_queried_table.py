"""A table of queries has the results of single queries, in every format and in a bounded memory."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import (
    GalsearchError,
    OutputFileExistsError,
    QueryError,
    TableFormatError,
)
from galsearch.query import NeighboursBatch, Query, SearchEngine
from galsearch.query.bulk import queried_table
from galsearch.query.bulk.queried_table import QueriedTable
from galsearch.query.inputs.query_table import read_queries
from galsearch.query.inputs.sky import name_table
from tests.query.inputs.own_data.own_files import FakePair, galaxy, write_galaxy, write_sdss


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of four queries of three neighbours."""
    monkeypatch.setattr(queried_table, "_MOST_NEIGHBOURS", 12)


@pytest.fixture
def targets(sky: Any, tmp_path: Path) -> Path:
    path = tmp_path / "targets.csv"
    path.write_text("target_id\n" + "".join(f"{i}\n" for i in sky.ids[:10]))
    return path


def read(schema: pa.Schema, tables: Any) -> pa.Table:
    parts = list(tables)
    assert all(part.schema.equals(schema, check_metadata=True) for part in parts)
    return pa.concat_tables([schema.empty_table(), *parts])


def test_the_table_is_that_of_the_queries_together(
    few_rows: None, sky: Any, engine: SearchEngine, targets: Path
) -> None:
    seen: list[tuple[str, int, int]] = []
    found = engine.query_table(targets, k=3, progress=lambda *report: seen.append(report))
    table = read(*found.tables(links=True))
    expected = engine.query_many(sky.ids[:10], k=3).to_arrow(links=True)
    assert table.drop_columns("query_row").equals(expected)
    assert table["query_row"].to_pylist() == [row for row in range(1, 11) for _ in range(3)]
    assert seen == [("searching neighbours", done, 10) for done in (0, 4, 8, 10, 10)]
    metadata = {**expected.schema.metadata, b"queries": b"targets.csv"}
    assert table.schema.metadata == metadata
    assert table.schema.field("query_row").metadata[b"ucd"] == b"meta.record"


def test_results_have_the_numbers_of_their_rows(
    few_rows: None, sky: Any, engine: SearchEngine, targets: Path
) -> None:
    found = engine.query_table(targets, k=3)
    assert len(found) == 10
    assert [len(batch) for batch in found] == [4, 4, 2]
    for row, neighbours in found.results():
        assert neighbours.query_target_id == sky.ids[row - 1]


def test_a_query_without_neighbours_has_no_row(engine: SearchEngine, targets: Path) -> None:
    nothing = engine.query_table(targets, k=3, min_similarity=1.0, where="z > 1000")
    assert read(*nothing.tables()).num_rows == 0
    assert [len(each) for _, each in nothing.results()] == [0] * 10


def test_positions_have_the_distance_of_their_galaxy(engine: SearchEngine, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("ra_deg,dec_deg\n7,0\n8,0.0001\n")
    table = read(*engine.query_table(path, k=2).tables())
    separations = table["query_separation_arcsec"].to_numpy()
    np.testing.assert_allclose(separations, [0, 0, 0.36, 0.36], atol=1e-6)
    assert table.schema.field("query_separation_arcsec").metadata[b"unit"] == b"arcsec"


def test_rows_of_different_modalities_say_which(engine: SearchEngine, tmp_path: Path) -> None:
    write_galaxy(tmp_path / "a.fits", galaxy())
    write_sdss(tmp_path / "b.fits")
    path = tmp_path / "own.csv"
    path.write_text("image,spectrum\na.fits,\n,b.fits\na.fits,b.fits\n")
    found = engine.query_table(path, encoder=FakePair(), k=1)
    table = read(*found.tables())
    assert table["query_using"].to_pylist() == ["image", "spectrum", "both"]
    assert table["query_row"].to_pylist() == [1, 2, 3]
    assert table.schema.metadata[b"using"] == b"query_using"
    assert found.notes
    assert {note.split(":")[0] for note in found.notes} <= {"row 1", "row 2", "row 3"}
    path.write_text("image,spectrum\na.fits,\na.fits,\n")
    table = read(*engine.query_table(path, encoder=FakePair(), k=1).tables())
    assert "query_using" not in table.column_names
    assert table.schema.metadata[b"using"] == b"image"


def test_facets_are_those_of_each_query(engine: SearchEngine, targets: Path, sky: Any) -> None:
    table = read(*engine.query_table(targets, k=5).facets())
    for row in (1, 10):
        rows = table.filter(pa.compute.equal(table["query_row"], row)).drop_columns("query_row")
        assert rows.equals(engine.query(sky.ids[row - 1], k=5).facets().to_arrow())


@pytest.mark.parametrize("name", ["all.parquet", "all.fits", "all.ecsv", "all.vot"])
def test_a_file_appears_complete_or_not_at_all(
    few_rows: None, engine: SearchEngine, targets: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "out" / name
    found = engine.query_table(targets, k=3)

    def interrupted(_stage: str, done: int, _total: int, /) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.query_table(targets, k=3, progress=interrupted).write(path)
    assert list(path.parent.iterdir()) == []
    assert found.write(path) == path
    read_file = pq.read_table if path.suffix == ".parquet" else Table.read
    ids = read_file(path)["target_id"]
    assert np.asarray(ids).tolist() == read(*found.tables())["target_id"].to_pylist()
    with pytest.raises(OutputFileExistsError):
        found.write(path)
    found.write(path, overwrite=True, format="csv")
    assert path.read_text().startswith("query_row,query_target_id,rank,")
    with pytest.raises(TableFormatError):
        found.write(path, overwrite=True, format="xlsx")


def test_the_input_stands_in_one_place(engine: SearchEngine, targets: Path) -> None:
    with pytest.raises(QueryError) as caught:
        QueriedTable(read_queries(targets), engine.search, dict, {"target_ids": [1]}, n_galaxies=1)
    assert str(caught.value) == (
        f"target_ids is given for all queries, and {targets} has a column of it; expected one of "
        "these."
    )


def test_batches_are_small_where_queries_have_many_neighbours(
    monkeypatch: pytest.MonkeyPatch, engine: SearchEngine, targets: Path
) -> None:
    monkeypatch.setattr(queried_table, "_MOST_NEIGHBOURS", 4 * len(engine))
    assert [len(each) for each in engine.query_table(targets, k=10**6)] == [4, 4, 2]
    assert [len(each) for each in engine.query_table(targets, min_similarity=0.99)] == [4, 4, 2]
    assert [len(each) for each in engine.query_table(targets, k=2, offset=598)] == [8, 2]


def test_the_memory_does_not_grow_with_the_number_of_queries(
    monkeypatch: pytest.MonkeyPatch, engine: SearchEngine, sky: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(queried_table, "_MOST_NEIGHBOURS", 2000)
    path, peaks = tmp_path / "targets.csv", []
    for repeats in (1, 1, 6):
        path.write_text("target_id\n" + "".join(f"{i}\n" for i in sky.ids[:40]) * repeats)
        found = engine.query_table(path, k=100)
        tracemalloc.start()
        found.write(tmp_path / "all.csv", overwrite=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.2 * peaks[1]


def test_bad_rows_are_left_out_and_named(
    few_rows: None, engine: SearchEngine, sky: Any, tmp_path: Path
) -> None:
    path, ids = tmp_path / "targets.csv", [*map(str, sky.ids[:10]), "5"]
    path.write_text("target_id\n" + "\n".join([ids[0], "7", *ids[1:]]) + "\n")
    found = engine.query_table(path, k=3, skip_bad_rows=True)
    table = read(*found.tables())
    assert table["query_row"].to_pylist() == [row for row in [1, *range(3, 12)] for _ in range(3)]
    expected = engine.query_many(sky.ids[:10], k=3).to_arrow()
    assert table.drop_columns("query_row").equals(expected)
    assert found.notes == [
        "2 of 12 rows are left out.",
        "TARGETID not found, in 2 rows: 2, 12. The first: TARGETID 7 is not in index 'toy' (1,200 "
        "galaxies).",
    ]
    assert [(bad.row, bad.value) for bad in found.left_out] == [(1, "7"), (11, "5")]


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(["good", "zero", "empty", "unknown"]), min_size=1, max_size=12),
    st.booleans(),
)
def test_every_row_is_answered_or_listed_with_its_reason(
    engine: SearchEngine, sky: Any, tmp_path_factory: Any, rows: list[str], positions: bool
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    cells = {"good": "7,0", "zero": "7,95", "empty": ",0", "unknown": "7,80"}
    reasons = {"zero": "no position", "empty": "no position"}
    reasons["unknown"] = "no galaxy near the position"
    if not positions:
        cells = {"good": str(sky.ids[3]), "zero": "0", "empty": '""', "unknown": "9"}
        reasons = {"zero": "no TARGETID", "empty": "no TARGETID", "unknown": "TARGETID not found"}
    header = "ra,dec" if positions else "target_id"
    path.write_text("\n".join([header, *(cells[kind] for kind in rows)]) + "\n")
    found = engine.query_table(path, k=2, skip_bad_rows=True)
    if "good" in rows:
        answered = [row for row, _ in found.results()]
        assert answered == [i + 1 for i, kind in enumerate(rows) if kind == "good"]
    else:
        with pytest.raises(GalsearchError, match=", row 1, column"):
            list(found)
    listed = found.left_out.to_arrow().to_pylist()
    expected = [(i + 1, reasons[kind]) for i, kind in enumerate(rows) if kind != "good"]
    assert [(each["query_row"], each["reason"]) for each in listed] == expected


def test_notes_are_few_however_many_rows_there_are(
    few_rows: None, engine: SearchEngine, tmp_path: Path
) -> None:
    path = tmp_path / "names.csv"
    names = "".join(f"DESI J{i:03d}.0000+00.0000\nDESI J{i:03d}.5000+80.0000\n" for i in range(40))
    path.write_text(f"name\n{names}")
    found = engine.query_table(path, k=1, skip_bad_rows=True)
    assert sum(map(len, found)) == 40
    notes = found.notes
    assert notes[0] == "40 of 80 rows are left out."
    assert notes[1].startswith(
        "no galaxy near the position, in 40 rows: 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 and more. The "
        "first: no galaxy of index 'toy'"
    )
    assert len(notes) == 23
    assert notes[-1] == "20 further notes on rows are not kept."
    assert len(found.left_out) == 40


def test_a_fault_of_all_queries_is_not_one_of_a_row(engine: SearchEngine, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("name\nDESI J007.0000+00.0000\n")
    for words, message in (
        ({"where": "zz > 1"}, "zz"),
        ({"one_per": "zz"}, "one_per is 'zz'"),
        ({"k": 0}, "k is 0; expected a whole number, 1 or more."),
        ({"air": True}, "air belongs to a spectrum; found a name."),
    ):
        with pytest.raises(QueryError, match=message):
            engine.query_table(path, skip_bad_rows=True, **words)


def test_an_option_of_some_rows_is_not_one_of_the_others(
    engine: SearchEngine, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", galaxy().astype(np.float32))
    write_sdss(tmp_path / "b.fits")
    path = tmp_path / "own.csv"
    path.write_text("image,spectrum\na.npy,\n,b.fits\n,none.fits\n")
    found = engine.query_table(path, encoder=FakePair(), k=1, pixel_scale=0.3, skip_bad_rows=True)
    assert [row for row, _ in found.results()] == [1, 2]
    (bad,) = found.left_out
    assert (bad.row, bad.column, bad.reason) == (2, "spectrum", "unusable file")


def test_a_table_of_names_is_read_once(
    engine: SearchEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, path = tmp_path / "names.csv", tmp_path / "a.csv"
    names.write_text("name,ra,dec\nA,7,0\nB,8,0\n")
    path.write_text("name\nA\nB\nA\nC\n")
    read, n_read = name_table.read_columns, []
    monkeypatch.setattr(name_table, "read_columns", lambda url: n_read.append(url) or read(url))
    found = engine.query_table(path, names=names, k=1, skip_bad_rows=True)
    assert [row for row, _ in found.results()] == [1, 2, 3]
    assert n_read == [str(names)]
    assert found.left_out.counts == {"unknown name": 1}


def test_where_no_row_can_be_answered_an_error_says_so_and_names_the_first(
    engine: SearchEngine, tmp_path: Path
) -> None:
    path = tmp_path / "targets.csv"
    path.write_text("target_id\n5\n7\n")
    with pytest.raises(QueryError) as caught:
        engine.query_table(path, skip_bad_rows=True).write(tmp_path / "out.csv")
    assert str(caught.value) == (
        f"{path}: none of its 2 rows can be answered. The first: the table, row 1, column "
        "target_id: TARGETID 5 is not in index 'toy' (1,200 galaxies)."
    )
    assert not (tmp_path / "out.csv").exists()


def test_rows_without_a_position_have_no_distance(
    engine: SearchEngine, sky: Any, tmp_path: Path
) -> None:
    write_galaxy(tmp_path / "a.fits", galaxy())
    path = tmp_path / "own.csv"
    path.write_text("image,name\na.fits,\n,DESI J007.0000+00.0000\n")

    def search(query: Query) -> NeighboursBatch:
        own = query.image is not None
        return engine.search(Query(sky.ids[:1], k=1) if own else query)

    found = QueriedTable(read_queries(path), search, lambda _: {}, {"k": 1}, n_galaxies=len(engine))
    distances = read(*found.tables())["query_separation_arcsec"].to_pylist()
    assert distances == [None, pytest.approx(0, abs=1e-6)]
