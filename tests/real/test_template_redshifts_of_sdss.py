"""Redshifts that templates give real SDSS galaxies, which shaped neither templates nor encoder."""

import csv
from pathlib import Path

import pytest

import galsearch


@pytest.mark.parametrize("row", range(0, 16, 5))
def test_a_real_galaxy_has_its_redshift(real: Path, row: int) -> None:
    folder = real / "sdss-galaxy-spectra"
    rows = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    found = galsearch.estimate(
        property="z", method="templates", spectrum=folder / rows[row]["file"]
    ).columns
    assert found["z"][0] == pytest.approx(float(rows[row]["z"]), abs=0.003)
    assert found["z_probability"][0] > 0.9
