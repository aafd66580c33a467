"""Simple Cone Search, as a client and the programs of astronomers see it."""

import io
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io.votable import parse_single_table
from starlette.testclient import TestClient

from tests.http.service_process import running


@pytest.fixture(scope="module")
def address(toy_index: Path) -> Iterator[str]:
    with running("--index", toy_index) as (_, address):
        yield f"{address}/v1/cone"


def ids(content: bytes) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # UCDs of the protocol are older than VOTable 1.4
        return [str(one) for one in parse_single_table(io.BytesIO(content)).array["target_id"]]


def test_the_galaxies_of_a_cone_come_nearest_first(service: TestClient, served_sky: Any) -> None:
    answer = service.get("/v1/cone", params={"RA": 10.1, "DEC": 0, "SR": 1, "VERB": 1})
    assert answer.headers["content-type"] == "text/xml;content=x-votable"
    assert ids(answer.content) == [str(served_sky.ids[row]) for row in (10, 11)]
    for ucd in (b"ID_MAIN", b"POS_EQ_RA_MAIN", b"POS_EQ_DEC_MAIN"):
        assert answer.content.count(b'ucd="' + ucd + b'"') == 1
    assert answer.content.count(b"<FIELD") == 3
    more = service.get("/v1/cone", params={"ra": 10.1, "dec": 0, "sr": 1, "verb": 3}).content
    assert b'name="separation_arcsec"' in more


def test_no_radius_gives_the_columns_and_maxrec_bounds_the_rows(service: TestClient) -> None:
    columns = service.get("/v1/cone", params={"RA": 10, "DEC": 0, "SR": 0})
    assert ids(columns.content) == []
    some = service.get("/v1/cone", params={"RA": 10, "DEC": 0, "SR": 20, "MAXREC": 3})
    assert len(ids(some.content)) == 3
    assert b'<INFO name="QUERY_STATUS" value="OVERFLOW"/>' in some.content
    assert b'value="OVERFLOW"' not in columns.content


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"RA": 10, "DEC": 0}, "SR is missing; expected a number of 0 to 180 degrees."),
        (
            {"RA": "<b>", "DEC": 0, "SR": 1},
            "RA is '&lt;b&gt;'; expected a number of -360 to 360 degrees.",
        ),
        (
            {"RA": 1, "DEC": "nan", "SR": 1},
            "DEC is 'nan'; expected a number of -90 to 90 degrees.",
        ),
        ({"RA": 1, "DEC": 1, "SR": 1, "VERB": 4}, "VERB is '4'; expected 1, 2 or 3."),
        (
            {"RA": 1, "DEC": 1, "SR": 1, "MAXREC": -1},
            "MAXREC is '-1'; expected a whole number, 0 or more.",
        ),
        (
            {"RA": 1, "DEC": 1, "SR": 1, "index": "other"},
            "the service has no index 'other'; it has toy.",
        ),
    ],
)
def test_an_error_is_a_votable(
    service: TestClient, parameters: dict[str, Any], message: str
) -> None:
    answer = service.get("/v1/cone", params=parameters)
    assert answer.status_code == 200
    assert f'<INFO ID="Error" name="Error" value="{message}"/>' in answer.text


def test_pyvo_searches_the_service(address: str, served_sky: Any) -> None:
    pyvo = pytest.importorskip("pyvo", reason="PyVO is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pyvo.dal.conesearch(address, pos=(10.1, 0.0), radius=1.0)
        assert [record.id for record in found] == [str(served_sky.ids[row]) for row in (10, 11)]
        np.testing.assert_allclose([record.pos.ra.deg for record in found], [10, 11])
        with pytest.raises(pyvo.dal.DALQueryError, match="expected a number of -90 to 90"):
            pyvo.dal.conesearch(address, pos=(10.1, 0.0), radius=1.0, DEC=95)


@pytest.mark.skipif(shutil.which("stilts") is None, reason="STILTS is not installed")
def test_stilts_searches_the_service(address: str, served_sky: Any, tmp_path: Path) -> None:
    command = ["stilts", "cone", f"serviceurl={address}?", "lon=10.1", "lat=0", "radius=1"]
    command += ["verb=1", "ofmt=csv", f"out={tmp_path / 'found.csv'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "found.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == [str(served_sky.ids[row]) for row in (10, 11)]
