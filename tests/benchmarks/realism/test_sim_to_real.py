"""The tables of redshifts and votes of real galaxies follow from the stored results."""

from typing import Any

import pytest

pytest.importorskip("speclite", reason="needs the extra sim")

from benchmarks.realism.sim_to_real import table


def queries(true: list[float], factor: float) -> dict[str, Any]:
    """Queries whose ten neighbours are all off by a factor on 1 + z."""
    return {"true": true, "neighbours": [[(1 + z) * (1 + factor) - 1] * 10 for z in true]}


@pytest.fixture
def results() -> dict[str, Any]:
    redshifts: dict[str, Any] = {
        "real": queries([0.05, 0.3, 0.4, 2.0], 0.06),
        "template fit": [0.05, 0.3, 3.0, 2.0],
        "deep": queries([0.2], 0.0),
    }
    for name in ("SDSS", "SDSS, second sample", "control", "control, stored form"):
        redshifts[name] = queries([0.2, 0.5], 0.001)
    vote = {
        who: {str(k): value for k in (8, 16, 32, 64, 5, 10, 20, 1, 50)}
        for who, value in (("embedding", 0.4), ("colour and size", 0.1))
    }
    return {"redshifts": redshifts, "votes": {"r2": {"bar": vote}}}


def test_redshift_ranges_are_compared_with_one_constant_redshift(results: dict[str, Any]) -> None:
    lines = table(results).splitlines()
    # The same relative error for all: no scatter, and all are outliers of more than .05.
    assert "| real | 0.300 to 0.400 | 2 | 0.0000 | 100% | 100% | 0.0550, 0% |" in lines, [
        line for line in lines if line.startswith("| real")
    ]
    assert "| SDSS | 0.200 to 0.500 | 2 | 0.0000 | 0% | 0% | 0.1668, 100% |" in lines
    assert sum(line.startswith("| real |") for line in lines) == 3


def test_samples_are_split_by_redshift_and_confirmation(results: dict[str, Any]) -> None:
    lines = table(results).splitlines()
    assert "| EDR galaxies, z < 0.85 | 3 | 1 | 0.0000 | 100% |" in lines
    assert "| of these, redshift confirmed by a fit | 2 | 5 | 0.0000 | 100% |" in lines
    assert "| the fit itself, z < 0.85 | 3 | 1 | 0.0000 | 33% |" in lines
    assert "| all EDR spectra | 4 | 10 | 0.0000 | 100% |" in lines


def test_deep_spectra_and_votes_have_their_rows(results: dict[str, Any]) -> None:
    text = table(results)
    assert "| deep | 0.2000 | 0.2000 |" in text
    assert " | 0.400 | 0.100 |" in text
