"""A table of queries has the results of single queries, in the order of its rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import GalsearchError, NoMatchError, QueryTableError, SourceError
from galsearch.query import SearchEngine
from galsearch.query.inputs.query_table import read_queries
from tests.query.inputs.own_data.own_files import FakePair, galaxy, write_galaxy, write_sdss


def test_rows_with_targetids_or_positions_are_put_together(
    sky: Any, engine: SearchEngine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("TARGETID,x\n" + "".join(f"{i},1\n" for i in sky.ids[:1100]))
    batches = list(engine.query_table(path, k=3))
    assert [len(batch) for batch in batches] == [1000, 100]
    expected = engine.query_many(sky.ids[:1100], k=3)
    found = np.concatenate([batch.target_ids for batch in batches])
    np.testing.assert_array_equal(found, expected.target_ids)
    path.write_text("ra,dec\n7,0\n8,0.0001\n")
    (batch,) = engine.query_table(path, k=3)
    assert batch.separation_arcsec is not None
    np.testing.assert_allclose(batch.separation_arcsec, [0, 0.36], atol=1e-6)


def test_files_are_relative_to_the_table(engine: SearchEngine, tmp_path: Path) -> None:
    write_galaxy(tmp_path / "a.fits", galaxy())
    write_sdss(tmp_path / "b.fits")
    path = tmp_path / "a.csv"
    path.write_text("image,spectrum\na.fits,\n,b.fits\na.fits,b.fits\n")
    batches = list(engine.query_table(path, encoder=FakePair(), among="image", k=2))
    assert [str(batch.using) for batch in batches] == ["image", "spectrum", "both"]


def test_positions_and_targetids_beside_files_are_those_of_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "target_id,ra,dec,image,spectrum\n7,150.1,2.2,a.fits,\n8,1,2,,https://a.org/b.fits\n"
        "9,3,4,,\n"
    )
    assert read_queries(path).words == [
        {"image": str(tmp_path / "a.fits"), "position": "150.1 2.2"},
        {"spectrum": "https://a.org/b.fits", "target_ids": "8"},
        {"target_ids": "9"},
    ]
    path.write_text("ra,dec,image\n1,2,\n3,4,\n")
    assert read_queries(path).arrays["position"].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("image,target_id\na.fits,1.0\nb.fits,\n", {"image"}),
        ("spectrum,ra,dec\na.fits,x,95\nb.fits,,\n", {"spectrum"}),
        ("target_id,ra,dec\n7,10:00:24,x\n8,,\n", {"target_ids"}),
    ],
)
def test_columns_that_no_row_uses_are_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, used: set[str]
) -> None:
    monkeypatch.delattr("galsearch.query.inputs.query_table.check_positions")
    path = tmp_path / "a.csv"
    path.write_text(text)
    queries = read_queries(path)
    assert (queries.rows.tolist(), queries.bad_rows) == ([0, 1], [])
    assert queries.arguments == used


def test_a_bad_row_has_its_number_where_only_some_rows_use_the_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("target_id,ra,dec,image\nx,1,2,a.fits\n,,,\ny,95,99,\n,3,99,b.fits\n")
    queries = read_queries(path)
    assert queries.rows.tolist() == [0]
    assert [(each.row, each.reason) for each in queries.bad_rows] == [
        (1, "no query"),
        (2, "no TARGETID"),
        (3, "no position"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,ra\n1,2\n",
            "no column target_id, ra_deg and dec_deg, name, image or spectrum. Columns: a, ra.",
        ),
        ("target_id\n", "the table has no rows; expected a query in each."),
    ],
)
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_queries(path)
    assert str(caught.value) == f"{path}: {message}"


GALAXIES = "(negative ids are stuck or unassigned fibres)."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ra,dec\n1,2\n3,\n", "row 2, column dec: the value is empty; expected -90 .. 90 degrees."),
        (
            "RA,dec_deg\n1,2\nnan,3\n",
            "row 2, column RA: the value is empty; expected 0 .. 360 degrees.",
        ),
        (
            "ra,dec\n1,2\n3,95\n",
            "row 2, column dec: 95 is not a declination; expected -90 .. 90 degrees.",
        ),
        (
            "ra,dec\n1,2\n-400.5,5\n",
            "row 2, column ra: -400.5 is not a right ascension; expected 0 .. 360 degrees.",
        ),
        (
            "ra,dec\n1,2\ninf,95\n",
            "row 2, column ra: inf is not a right ascension; expected 0 .. 360 degrees.",
        ),
        (
            "ra,dec\n1,2\nNGC,5\n",
            "row 2, columns ra and dec: position is 'NGC 5'; expected right ascension and "
            "declination, in degrees such as '150.1 2.2' or sexagesimal such as '10:00:24 "
            "-00:12:30' ('NGC' is not a right ascension).",
        ),
        (
            "name,z\nNGC 1,1\n,2\n",
            "row 2, column name: the row names neither an object nor a file.",
        ),
        (
            "image,ra,dec\na.fits,1,2\nb.fits,7,\n",
            "row 2, column dec: the value is empty; expected -90 .. 90 degrees.",
        ),
        (
            "spectrum,target_id\na.fits,1\nb.fits,-2\n",
            "row 2, column target_id: -2 is not the TARGETID of a galaxy: expected 1 to "
            f"9223372036854775807 {GALAXIES}",
        ),
        (
            "target_id\n7\n0\n",
            "row 2, column target_id: 0 is not the TARGETID of a galaxy: expected 1 to "
            f"9223372036854775807 {GALAXIES}",
        ),
        (
            "TARGETID,x\n7,1\n,2\n",
            "row 2, column TARGETID: the value is empty; expected a TARGETID.",
        ),
        (
            "target_id\n7\nabc\n",
            "row 2, column target_id: 'abc' is not a TARGETID: expected decimal digits, such as "
            "39627848784286003.",
        ),
    ],
)
def test_a_row_that_says_no_query_is_left_out_or_an_error_that_names_its_column(
    engine: SearchEngine, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    queries = read_queries(path)
    assert (len(queries), queries.rows.tolist()) == (2, [0])
    (bad,) = queries.bad_rows
    assert str(bad.error(str(path))) == f"{path}, {message}"
    with pytest.raises(QueryTableError) as caught:
        engine.query_table(path)
    assert str(caught.value) == f"{path}, {message}"


def test_missing_targetids_of_a_parquet_table_are_rows_without_a_query(tmp_path: Path) -> None:
    path, target_id = tmp_path / "a.parquet", 39627848784286003
    pq.write_table(pa.table({"target_id": pa.array([target_id, None, target_id + 1])}), path)
    queries = read_queries(path)
    assert queries.arrays["target_ids"].tolist() == [target_id, target_id + 1]
    assert [bad.row for bad in queries.bad_rows] == [1]
    pq.write_table(pa.table({"target_id": [1.0, 2.0]}), path)
    with pytest.raises(GalsearchError) as caught:
        read_queries(path)
    assert str(caught.value) == (
        f"{path}, column target_id: holds float64, which cannot hold TARGETIDs exactly; expected "
        "integers or text."
    )


def test_sexagesimal_columns_are_positions(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ra,dec\n10:00:24,-00:12:30\n150.1,2.2\n")
    found = read_queries(path).arrays["position"]
    np.testing.assert_allclose(found, [[150.1, -0.208333], [150.1, 2.2]], atol=1e-6)


def test_the_rows_that_are_searched_together_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("target_id\n" + "".join(f"{i}\n" for i in range(1, 12)))
    queries = read_queries(path)
    assert (len(queries), queries.arguments, queries.mixes_modalities) == (
        11,
        {"target_ids"},
        False,
    )
    parts = list(queries.parts(most_rows=4))
    assert [rows.tolist() for rows, _ in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    found = np.concatenate([given["target_ids"] for _, given in parts])
    assert found.tolist() == list(range(1, 12))
    assert [len(given["target_ids"]) for _, given in queries.parts(most_rows=0)] == [1] * 11


def test_an_error_says_in_which_row(engine: SearchEngine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ra,dec\n7,0\n7,80\n")
    with pytest.raises(NoMatchError) as caught:
        list(engine.query_table(path))
    assert str(caught.value) == (
        f"{path}, row 2, columns ra and dec: no galaxy of index 'toy' lies within 3 arcsec of RA "
        "7.00000, Dec +80.00000, nor within an arcminute."
    )
