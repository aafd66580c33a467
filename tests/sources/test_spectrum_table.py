"""Spectra in CSV and ECSV tables: names of columns, and units where they stand."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from galsearch.core.errors import SourceError
from galsearch.sources.spectrum_table import read_spectrum_table


def test_units_of_an_ecsv_table_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ecsv"
    table = QTable({"wave": [400.0, 401.0] * u.nm, "Flux": [1.0, 2.0] * u.Jy, "other": [1, 2]})
    table.write(path)
    read = read_spectrum_table(str(path))
    assert {name: values.tolist() for name, values in read.values.items()} == {
        "wavelength": [400, 401],
        "flux": [1, 2],
    }
    assert read.units == {"wavelength": "nm", "flux": "Jy"}


@pytest.mark.parametrize(
    ("header", "units"),
    [
        ("wavelength,flux,ivar", {}),
        ("Lambda [nm],FLUX (Jy),ivar", {"wavelength": "nm", "flux": "Jy"}),
        ("wave_angstrom,f_lambda,flux_ivar", {"wavelength": "Angstrom"}),
        ("wavelength_um,flux,inverse_variance", {"wavelength": "um"}),
    ],
)
def test_units_in_names_of_a_csv_table_are_read(
    tmp_path: Path, header: str, units: dict[str, str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n4000,1.5,2\n4001,,2\n")
    read = read_spectrum_table(str(path))
    assert read.units == units
    np.testing.assert_array_equal(read.values["flux"], [1.5, np.nan])
    assert sorted(read.values) == ["flux", "ivar", "wavelength"]


def test_logarithms_are_wavelengths_in_angstrom(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("loglam,flux\n3.6,1\n3.7,2\n")
    read = read_spectrum_table(str(path))
    np.testing.assert_allclose(read.values["wavelength"], [10**3.6, 10**3.7])
    assert read.units == {"wavelength": "Angstrom"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,flux\n1,2\n", "not a spectrum: no column wavelength. Columns: a, flux."),
        ("wave,b\n1,2\n", "not a spectrum: no column flux. Columns: wave, b."),
        ("wave,lam,flux\n1,2,3\n", "several columns hold the wavelength, such as 'lam'."),
        ("wave,flux\n1,x\n", "column 'flux' is of type <U1; expected a number in each row."),
    ],
)
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_spectrum_table(str(path))
    assert str(caught.value) == f"{path}: {message}"
