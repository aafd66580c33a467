"""Names of objects: designations, tables, and Sesame where there is a network."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord, name_resolve

from galsearch.core.errors import SourceError, UnknownNameError
from galsearch.query import Query, SearchEngine
from galsearch.query.inputs.sky.object_names import resolve_name


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text("Name,RA,Dec,note\nNGC 5194,202.4696,47.1952,M51\nmy host,7.0,0.0005,\n")
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DESI J150.1234+02.3456", (150.1234, 2.3456)),
        ("J010.0001-00.5000", (10.0001, -0.5)),
        ("SDSS J100024.00-001230.0", (150.1, -12.5 / 60)),
        ("J235959.9+895959", (359.999583, 89.999722)),
    ],
)
def test_a_designation_holds_the_position(name: str, expected: tuple[float, float]) -> None:
    np.testing.assert_allclose(resolve_name(name), [expected], atol=1e-5)


def test_a_name_is_looked_up_in_a_table(table: Path, engine: SearchEngine) -> None:
    assert resolve_name("ngc5194", table).tolist() == [[202.4696, 47.1952]]
    found = engine.query(name="My Host", names=table, k=2)
    assert found.notes == (
        f"My Host (RA 7.00000, Dec +0.00050) is TARGETID {found.query_target_id}, 1.80 arcsec "
        "away.",
    )
    parquet = table.with_suffix(".parquet")
    pq.write_table(pa.table({"object": ["a", "b"], "ra": [1.0, 2.0], "dec": [3, 4]}), parquet)
    assert Query(name="B", names=parquet).position_deg.tolist() == [[2, 4]]  # type: ignore[union-attr]


def test_a_name_that_the_table_lacks_is_refused_with_similar_ones(table: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        resolve_name("NGC 5195", table)
    assert str(caught.value) == (
        f"'NGC 5195' is not among the 2 names of {table}; similar ones: NGC 5194."
    )


def test_a_table_without_positions_is_refused(table: Path) -> None:
    table.write_text("name,x\na,1\n")
    with pytest.raises(SourceError) as caught:
        resolve_name("a", table)
    assert str(caught.value) == f"{table}: no column ra_deg or ra. Columns: name, x."
    table.write_text("name,ra,dec\na,,1\n")
    with pytest.raises(SourceError) as caught:
        resolve_name("a", table)
    assert str(caught.value) == f"{table}: the position of a is --, 1; expected degrees."


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("Unable to find coordinates for name 'x' using http://a", "Sesame knows no object 'x'."),
        (
            "All Sesame queries failed. Unable to retrieve coordinates.",
            "the position of 'x' is not known here, and the service Sesame, which may know it, "
            "cannot be reached.",
        ),
    ],
)
def test_sesame_that_gives_no_position_is_an_error(
    reason: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> SkyCoord:
        raise name_resolve.NameResolveError(reason)

    monkeypatch.setattr(name_resolve, "get_icrs_coordinates", fail)
    with pytest.raises(UnknownNameError) as caught:
        resolve_name("x")
    assert str(caught.value) == message


def test_sesame_resolves_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    position = SkyCoord(202.4696, 47.1952, unit="deg")
    monkeypatch.setattr(name_resolve, "get_icrs_coordinates", lambda _: position)
    np.testing.assert_allclose(resolve_name("M 51"), [[202.4696, 47.1952]])
