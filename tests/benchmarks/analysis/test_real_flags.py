"""Scores of redshifts: neighbours leave the own galaxy out, areas are those of each group."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.analysis.real_flags import K, areas, neighbours, redshift_scores, simulated_spectra
from galsearch.core.vectors import unit_rows
from galsearch.encoders.encoder import RedshiftOdds


class Encoder:
    """An encoder of one-pixel spectra, whose flux is an angle and a redshift."""

    def embed(self, flux: np.ndarray) -> np.ndarray:
        return unit_rows(np.stack([np.cos(flux), np.sin(flux)], axis=1))

    def redshift_odds(self, flux: np.ndarray) -> RedshiftOdds:
        z = np.expm1((np.arange(400) + 0.5) * 0.002)
        odds = np.exp(-0.5 * ((np.log1p(z) - np.log1p(flux[:, None])) / 0.002) ** 2)
        return RedshiftOdds(z, 0.002, odds / odds.sum(axis=1, keepdims=True))


def test_the_own_galaxy_is_left_out() -> None:
    bank = unit_rows(np.random.default_rng(1).normal(size=(60, 5)))
    found = neighbours(bank, bank, own=True)
    assert found.label_rows.shape == (60, K)
    assert not (found.label_rows == np.arange(60)[:, None]).any()
    assert (neighbours(bank, bank, own=False).label_rows[:, 0] == np.arange(60)).all()


def test_redshifts_and_scores() -> None:
    z = np.random.default_rng(2).uniform(0, 1, 300)
    true = np.array([0.2, 0.5])
    found = redshift_scores(Encoder(), Encoder().embed(z), z, {"flux": true}, true)
    np.testing.assert_allclose(found["neighbours"], true, atol=0.03)
    np.testing.assert_allclose(found["templates"], true, atol=0.002)
    assert min(found["template_probability"]) > 0.9
    assert found["reliability"] == np.minimum(found["agreement_p"], found["bank_p"]).tolist()


def test_areas_by_group_and_tolerance() -> None:
    sample = {
        "true": [0.1, 0.2, 0.3],
        "neighbours": [0.1, 0.2, 0.9],
        "templates": [0.1, 0.2, 0.3],
        "agreement_p": [0.9, 0.8, 0.1],
        "bank_p": [0.1, 0.5, 0.3],
        "reliability": [0.1, 0.5, 0.1],
        "odds_of_neighbours": [1.0, 1.0, 0.0],
        "template_probability": [1.0, 1.0, 1.0],
    }
    found = areas({"SDSS": sample, "DESI": sample})
    first = found[0]
    assert (first["group"], first["n"], first["n_wrong"]) == ("SDSS", 3, 1)
    assert first["auc"]["agreement_p"] == 1
    assert first["auc"]["bank_p"] == pytest.approx(0.5)
    assert found[2]["auc"] == {"template_probability": None}
    assert found[-1]["n"] == 6


def test_simulated_spectra_have_true_redshifts(demonstration) -> None:
    spectra, z = simulated_spectra(Path(demonstration.home) / "demo" / "dataset", 10)
    assert len(spectra) == len(z) == 10
    assert np.isfinite(z).all()
