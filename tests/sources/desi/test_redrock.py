"""Redshifts are read as they were written, row by row."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.sources import read_redrock, write_redrock, write_truth
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards

rows = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(-0.1, 8) | st.just(float("nan")),
        st.integers(0, 2**20),
        st.sampled_from(["GALAXY", "QSO", "STAR", ""]),
    ),
    max_size=6,
)


CATALOGUE = {
    "TARGETID": np.array([7, 7, 8]),
    "SURVEY": np.array(["main", "sv3", "main"]),
    "PROGRAM": np.array(["bright", "dark", "bright"]),
    "HEALPIX": np.array([17, 18, 17]),
    "Z": np.array([0.25, 0.75, np.nan]),
    "ZWARN": np.array([0, 4, 0]),
    "ZCAT_PRIMARY": np.array([True, False, True]),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_redshifts_are_read_as_they_were_written(
    tmp_path: Path, rows: list[tuple[int, float, int, str]]
) -> None:
    path = tmp_path / "redrock.fits"
    ids, z, zwarn, spectype = (list(c) for c in zip(*rows, strict=True)) if rows else ([],) * 4
    write_redrock(
        path,
        target_ids=np.array(ids, dtype=np.int64),
        z=z,
        z_err=np.full(len(z), 1e-4),
        zwarn=np.array(zwarn, dtype=np.int64),
        spectype=np.array(spectype, dtype="U6"),
        deltachi2=np.arange(len(z)),
    )
    before = path.read_bytes()
    read = read_redrock(str(path))
    known = [row for row, value in enumerate(z) if value == value]
    assert read.target_ids.tolist() == [ids[row] for row in known]
    z, zwarn, spectype = ([column[row] for row in known] for column in (z, zwarn, spectype))
    np.testing.assert_array_equal(read.z, z)
    assert read.z_err.tolist() == [1e-4] * len(z)
    assert read.zwarn.tolist() == list(zwarn)
    assert read.spectype.tolist() == list(spectype)
    assert read.deltachi2.tolist() == known
    assert path.read_bytes() == before


def test_a_file_of_another_kind_is_refused_with_a_list_of_its_hdus(
    tmp_path: Path, make_coadd: Callable[..., str]
) -> None:
    path = make_coadd(arms={})
    with pytest.raises(SourceError) as caught:
        read_redrock(path)
    assert str(caught.value) == (
        f"{path}: none of the HDUs REDSHIFTS, ZCATALOG, ZBEST, METADATA is there, so this is not a "
        "file of redshifts. It holds: PRIMARY, "
        "FIBERMAP, EXP_FIBERMAP, SCORES."
    )


def test_a_table_without_redshifts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "redrock.fits"
    write_truth(path, {"TARGETID": np.array([1]), "TRUE_Z": [0.5]})
    path.write_bytes(path.read_bytes().replace(b"'TRUTH   ' ", b"'REDSHIFTS'", 1))
    with pytest.raises(SourceError) as caught:
        read_redrock(str(path))
    assert str(caught.value) == f"{path}: HDU REDSHIFTS lacks Z."


def test_columns_of_different_lengths_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        write_redrock(
            tmp_path / "redrock.fits",
            target_ids=[1, 2],
            z=[0.1],
            z_err=[0.1, 0.1],
            zwarn=[0, 0],
            spectype=["GALAXY", "STAR"],
            deltachi2=[1.0, 2.0],
        )
    assert str(caught.value) == (
        f"{tmp_path}/redrock.fits: the columns of table REDSHIFTS must share one length: "
        "TARGETID 2, Z 1, ZERR 2, ZWARN 2, SPECTYPE 2, DELTACHI2 2."
    )
    assert list(tmp_path.iterdir()) == []


def test_redshifts_are_read_from_catalogues(tmp_path: Path) -> None:
    for name in ("ZCATALOG", "ZBEST", "METADATA"):
        table = table_hdu(name, CATALOGUE, where="")
        write_fits(tmp_path / "z.fits", [fits.PrimaryHDU(), table])
        read = read_redrock(str(tmp_path / "z.fits"))
        assert read.target_ids.tolist() == [7, 7]
        assert read.z.tolist() == [0.25, 0.75]
        assert read.zwarn.tolist() == [0, 4]
        assert (read.survey.tolist(), read.program.tolist()) == (
            ["main", "sv3"],
            ["bright", "dark"],
        )
        assert read.healpix.tolist() == [17, 18]
        assert read.is_primary.tolist() == [True, False]
        assert np.isnan(read.z_err).all()
        assert read.spectype.tolist() == ["", ""]


def test_warnings_that_are_not_stated_are_masked(tmp_path: Path) -> None:
    table = table_hdu("METADATA", {"TARGETID": np.array([7]), "Z": [0.5]}, where="")
    write_fits(tmp_path / "fastspec.fits", [fits.PrimaryHDU(), table])
    read = read_redrock(str(tmp_path / "fastspec.fits"))
    assert read.zwarn.tolist() == [None]
    assert (read.healpix.tolist(), read.is_primary.tolist()) == ([-1], [True])


def test_damaged_files_raise_only_source_errors(tmp_path: Path) -> None:
    path = tmp_path / "redrock.fits"
    fit = {"z": [0.1], "z_err": [1e-5], "zwarn": [0], "spectype": ["GALAXY"], "deltachi2": [9.0]}
    write_redrock(path, target_ids=[39627848784286003], **fit)
    originals = [path.read_bytes()]
    write_fits(path, [fits.PrimaryHDU(), table_hdu("ZCATALOG", CATALOGUE, where="")])
    originals.append(path.read_bytes())

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_redrock(str(path))

    assert_only_galsearch_errors(read, originals, copies=200)
    assert_only_galsearch_errors(read, originals, copies=200, damage=damaged_cards)
