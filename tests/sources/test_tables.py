"""Tables in FITS, CSV and ECSV are read by their TARGETID column."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from galsearch.core.errors import SourceError
from galsearch.sources import read_table, read_tables, write_truth
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards

IDS = [39633345008634465, 39627866878511337]
COLUMNS: dict[str, Any] = {
    "TARGETID": np.array(IDS),
    "TRUE_Z": np.array([0.25, 0.5]),
    "MORPHOLOGY": np.array(["disk", "bulge"]),
    "BARRED": np.array([True, False]),
    "SFH": np.ones((2, 3), np.float32),
}


@pytest.fixture
def truth(tmp_path: Path) -> str:
    write_truth(tmp_path / "truth.fits", COLUMNS)
    return str(tmp_path / "truth.fits")


def refusal(url: str | Path, columns: list[str] | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        read_table(str(url), columns)
    return str(caught.value)


def text(tmp_path: Path, content: str) -> Path:
    (tmp_path / "labels.csv").write_text(content)
    return tmp_path / "labels.csv"


def test_truth_is_read_with_names_in_lower_case_and_the_id_first(truth: str) -> None:
    read = read_table(truth)
    assert list(read) == ["target_id", "true_z", "morphology", "barred"]
    assert read["target_id"].dtype == np.int64
    assert read["target_id"].tolist() == IDS
    assert read["true_z"].tolist() == [0.25, 0.5]
    assert read["morphology"].tolist() == ["disk", "bulge"]
    assert read["barred"].tolist() == [True, False]
    with fits.open(truth) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "TRUTH"]


def test_wanted_columns_come_in_the_requested_order(truth: str) -> None:
    read = read_table(truth, ["sfh", "True_Z", "TargetID"])
    assert list(read) == ["target_id", "sfh", "true_z"]
    assert read["sfh"].shape == (2, 3)


def test_the_same_truth_makes_the_same_bytes(truth: str, tmp_path: Path) -> None:
    write_truth(tmp_path / "again.fits", COLUMNS)
    assert Path(truth).read_bytes() == (tmp_path / "again.fits").read_bytes()


def test_csv_and_ecsv_give_the_same_as_fits(truth: str, tmp_path: Path) -> None:
    scalars = {name: values for name, values in COLUMNS.items() if values.ndim == 1}
    for kind, name in (("ascii.csv", "labels.csv"), ("ascii.ecsv", "labels.dat")):
        Table(scalars).write(tmp_path / name, format=kind)
        read = read_table(str(tmp_path / name))
        assert read["target_id"].tolist() == IDS
        assert read["true_z"].tolist() == [0.25, 0.5]
        assert read["morphology"].tolist() == ["disk", "bulge"]


def test_unknown_units_are_ignored(tmp_path: Path) -> None:
    content = (
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: target_id, datatype: int64}\n"
        "# - {name: flux, unit: widgets, datatype: float32}\n# schema: astropy-2.0\n"
        'target_id flux\n39633345008634465 1.5\n7 ""\n'
    )
    read = read_table(str(text(tmp_path, content)))
    assert read["target_id"].tolist() == [IDS[0], 7]
    assert read["flux"].tolist() == [1.5, None]


def test_empty_cells_are_masked_or_empty_text(tmp_path: Path) -> None:
    read = read_table(str(text(tmp_path, "TARGETID,n,z,kind\n7,1,,a\n8,,0.5,\n")))
    assert read["n"].tolist() == [1, None]
    assert read["z"].tolist() == [None, 0.5]
    assert read["kind"].tolist() == ["a", ""]


def test_gzip_files_and_object_stores_are_read(truth: str, tmp_path: Path) -> None:
    (tmp_path / "truth.fits.gz").write_bytes(gzip.compress(Path(truth).read_bytes(), mtime=0))
    fsspec.filesystem("memory").pipe("/labels/t.csv", b"target_id,z\n7,0.5\n")
    assert read_table(str(tmp_path / "truth.fits.gz"))["target_id"].tolist() == IDS
    assert read_table("memory://labels/t.csv")["z"].tolist() == [0.5]


def test_the_first_fits_table_with_ids_is_read(make_coadd: Callable[..., str]) -> None:
    assert read_table(make_coadd(2))["target_ra"].tolist() == [150.0, 151.0]


def test_a_missing_column_is_reported_with_the_nearest_name(truth: str) -> None:
    assert refusal(truth, ["TRU_Z", "colour"]) == (
        f"{truth}: no column tru_z (did you mean true_z?), colour. Columns: target_id, true_z, "
        "morphology, barred, sfh."
    )


def test_a_table_without_ids_is_refused(tmp_path: Path) -> None:
    path = text(tmp_path, "RA,DEC\n1,2\n")
    assert refusal(path) == f"{path}: no column TARGETID or target_id. Columns: RA, DEC."


def test_text_in_place_of_a_table_is_refused(tmp_path: Path) -> None:
    path = text(tmp_path, "no such layer\n")
    assert refusal(path) == f"{path}: no column TARGETID or target_id. Columns: no such layer."


def test_float_ids_are_refused(tmp_path: Path) -> None:
    path = text(tmp_path, "TARGETID,z\n3.9633345008634465e16,1\n")
    assert refusal(path) == (
        f"{path}: TARGETID is of type float64; expected an int64 (a float cannot hold one exactly)."
    )


def test_rows_without_a_targetid_are_masked(tmp_path: Path) -> None:
    read = read_table(str(text(tmp_path, f"TARGETID,z\n{IDS[0]},1\n,2\n")))
    assert read["target_id"].tolist() == [IDS[0], None]
    masked = Table({"TARGETID": MaskedColumn(IDS, mask=[False, True]), "V": [1, 2]})
    for kind, name in (("fits", "t.fits"), ("ascii.ecsv", "t.ecsv")):
        masked.write(tmp_path / name, format=kind)
        read = read_table(str(tmp_path / name))
        assert read["target_id"].dtype == np.int64
        assert read["target_id"].tolist() == [IDS[0], None]


def test_columns_come_from_the_table_that_has_them(tmp_path: Path) -> None:
    metadata = table_hdu("METADATA", {"TARGETID": np.array(IDS), "Z": [0.1, 0.2]}, where="")
    masses = table_hdu("SPECPHOT", {"TARGETID": np.array(IDS), "LOGMSTAR": [9.0, 11.0]}, where="")
    path = tmp_path / "fastspec.fits"
    write_fits(path, [fits.PrimaryHDU(), metadata, masses])
    assert read_table(str(path), ["LOGMSTAR"])["logmstar"].tolist() == [9.0, 11.0]
    assert [list(table) for table in read_tables(str(path))] == [
        ["target_id", "z"],
        ["target_id", "logmstar"],
    ]
    assert refusal(path, ["LOGMSTR"]) == (
        f"{path}: no column logmstr (did you mean logmstar?). Columns: target_id, z, logmstar."
    )
    assert refusal(path, ["Z", "LOGMSTAR"]) == (
        f"{path}: the columns z, logmstar are in different tables of its 2."
    )


def test_another_separator_is_named(tmp_path: Path) -> None:
    path = text(tmp_path, "TARGETID;z\n7;0,5\n")
    assert refusal(path) == f"{path}: the columns are separated by semicolons; expected commas."


def test_damaged_tables_raise_only_source_errors(truth: str, tmp_path: Path) -> None:
    Table({"TARGETID": IDS, "Z": [0.5, 0.25]}).write(tmp_path / "t.ecsv", format="ascii.ecsv")
    csv = b"TARGETID,z,name\n39633345008634465,0.5,disk\n7,,\n"
    originals = [Path(truth).read_bytes(), csv, (tmp_path / "t.ecsv").read_bytes()]

    def read(content: bytes) -> None:
        (tmp_path / "changed").write_bytes(content)
        read_tables(str(tmp_path / "changed"))

    assert_only_galsearch_errors(read, originals, copies=200)
    assert_only_galsearch_errors(read, originals[:1], copies=150, damage=damaged_cards)


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    path = text(tmp_path, "TARGETID,Z,z\n1,2,3\n")
    assert refusal(path) == f"{path}: the names of two columns, 'z', differ in case only."
    path = text(tmp_path, "TARGETID,target_id\n1,2\n")
    assert refusal(path) == f"{path}: has both a column TARGETID and a column target_id."


def test_a_picture_in_place_of_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"\xff\xd8\xff\xe0")
    assert refusal(tmp_path / "labels.csv") == f"{tmp_path}/labels.csv: is a JPEG picture."


def test_a_ragged_table_is_refused(tmp_path: Path) -> None:
    path = text(tmp_path, "TARGETID,z\n7,1,2,3\n")
    assert refusal(path).startswith(f"{path}: not a FITS, CSV or ECSV table (")


def test_fits_without_a_table_is_refused(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.ones((2, 2))).writeto(tmp_path / "image.fits")
    assert refusal(tmp_path / "image.fits") == (
        f"{tmp_path}/image.fits: holds no table. HDUs: PRIMARY."
    )


def test_a_table_whose_columns_and_row_length_disagree_is_refused(truth: str) -> None:
    content = Path(truth).read_bytes()
    Path(truth).write_bytes(content.replace(b"'3E      '", b"'2E      '"))
    assert refusal(truth) == (
        f"{truth}: table TRUTH: 5 columns (5 names) have 30 bytes in each row; NAXIS1 states 34."
    )
    Path(truth).write_bytes(content.replace(b"'3E      '", b"'3?      '"))
    assert refusal(truth) == f"{truth}: table TRUTH: TFORM5 is '3?', not a type of a binary table."


@pytest.mark.parametrize("columns", [{"Z": [1.0]}, {"TARGETID": [1.5], "Z": [1.0]}])
def test_truth_without_integer_ids_is_not_written(
    tmp_path: Path, columns: dict[str, list[float]]
) -> None:
    with pytest.raises(SourceError) as caught:
        write_truth(tmp_path / "truth.fits", columns)
    assert str(caught.value) == (
        f"{tmp_path}/truth.fits: a truth table needs an integer column TARGETID; found columns "
        f"{', '.join(columns)}. Nothing was written."
    )
    assert list(tmp_path.iterdir()) == []
