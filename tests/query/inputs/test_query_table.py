"""A table of queries has the results of single queries, in the order of its rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import NoMatchError, SourceError
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
    ("text", "message"),
    [
        (
            "a,ra\n1,2\n",
            "no column target_id, ra_deg and dec_deg, name, image or spectrum. Columns: a, ra.",
        ),
        ("ra,dec\n1,2\n3,\n", "row 2 has the dec --; expected degrees."),
        ("name,z\nNGC 1,1\n,2\n", "row 2 names neither an object nor a file."),
        ("target_id\n", "the table has no rows; expected a query in each."),
        (
            "target_id\n7\n-5\n",
            "row 2: '-5' is not a TARGETID: expected decimal digits, such as 39627848784286003.",
        ),
        ("target_id,x\n7,1\n,2\n", "row 2 has no TARGETID."),
        (
            "target_id\n7\nabc\n",
            "row 2: 'abc' is not a TARGETID: expected decimal digits, such as 39627848784286003.",
        ),
    ],
)
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_queries(path)
    assert str(caught.value) == f"{path}: {message}"


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
    assert [rows for rows, _ in parts] == [slice(0, 4), slice(4, 8), slice(8, 11)]
    found = np.concatenate([given["target_ids"] for _, given in parts])
    assert found.tolist() == list(range(1, 12))
    assert [len(given["target_ids"]) for _, given in queries.parts(most_rows=0)] == [1] * 11


def test_an_error_says_in_which_rows(engine: SearchEngine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ra,dec\n7,0\n7,80\n")
    with pytest.raises(NoMatchError) as caught:
        list(engine.query_table(path))
    assert str(caught.value).startswith(
        f"{path}, rows 1 to 2: no galaxy of index 'toy' lies within 3 arcsec of RA 7.00000, Dec "
        "+80.00000; the nearest, TARGETID "
    )
