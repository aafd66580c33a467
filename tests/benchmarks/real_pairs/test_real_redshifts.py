"""Redshifts are binned by class and redshift, and positions told apart."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("speclite", reason="needs the extra sim")

from benchmarks.real_pairs.real_redshifts import (
    galaxy_numbers,
    neighbour_redshift,
    read_sdss_spectra,
    redshift_rows,
)
from galsearch.core.vectors import unit_rows


def test_a_galaxy_is_what_lies_within_two_arcsec() -> None:
    position = np.array([[10.0, 60.0], [20.0, 5.0], [10.0 + 1.9 / 3600 / 0.5, 60.0], [10.0, 60.01]])
    assert galaxy_numbers(position).tolist() == [0, 1, 0, 3]


def test_the_redshift_is_the_median_of_five_neighbours() -> None:
    bank = unit_rows(np.column_stack([np.ones(8), np.arange(8.0)]))
    found = neighbour_redshift(bank[:1], bank, np.array([0.1, 0.2, 0.3, 0.4, 0.5, 9, 9, 9]))
    assert found.tolist() == [0.3]


def test_rows_state_errors_by_class_and_bin() -> None:
    true = np.array([0.05, 0.06, 0.2, 2.0])
    rows = redshift_rows(true + 0.02, true, ["GALAXY", "GALAXY", "GALAXY", "QSO"])
    assert [(row["class"], row["n"], row["over .05"], row["over .005"]) for row in rows] == [
        ("GALAXY", 2, 0.0, 1.0), ("GALAXY", 1, 0.0, 1.0), ("QSO", 1, 0.0, 1.0),
    ]  # fmt: skip


def test_the_repeats_of_sdss_are_found(real: Path) -> None:
    spectra, z, classes, galaxy = read_sdss_spectra(real / "sdss-spectra")
    assert len(spectra) == len(z) == len(classes) == len(galaxy) > 45
    _, sizes = np.unique(galaxy, return_counts=True)
    assert sorted(sizes[sizes > 1].tolist(), reverse=True) == [8, 3, 2, 2]
