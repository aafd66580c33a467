"""Photometry of simulated galaxies as a catalogue lists it, and samples matched in magnitude."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")

from benchmarks.realism.compare.compare_photometry import _match_sdss, catalogue
from tests.benchmarks.realism.synthetic_survey import SyntheticSurvey, synthetic_survey


@pytest.fixture
def survey(tmp_path: Path) -> SyntheticSurvey:
    return synthetic_survey(tmp_path)


def test_a_catalogue_has_noisy_colours_and_true_sizes(survey: SyntheticSurvey) -> None:
    survey.truth["ebv"][:] = 0.1
    table = catalogue(survey)
    np.testing.assert_allclose(table["r"], survey.truth["mag_r"] - 0.2165)
    np.testing.assert_allclose(10 ** table["log_reff"], survey.truth["r_eff_arcsec"])
    ratio = survey.truth["axis_ratio"]
    np.testing.assert_allclose((1 - table["e"]) / (1 + table["e"]), ratio)
    colour = survey.truth["mag_g"] - survey.truth["mag_r"] - 0.1 * (3.214 - 2.165)
    error = table["gr"] - colour
    bright = table["r"] < 17
    assert 0 < np.abs(error[bright]).max() < 0.04, "half a per cent of the flux in each band"
    assert np.std(error[~bright]) > np.std(error[bright])
    np.testing.assert_array_equal(catalogue(survey)["gr"], table["gr"])


def test_sdss_samples_have_equal_counts_in_bins_of_magnitude(survey: SyntheticSurvey) -> None:
    generator = np.random.default_rng(1)
    table = catalogue(survey)
    real = {
        "r": generator.uniform(14, 19, 400),
        "z": generator.uniform(0, 0.4, 400),
        "gr": generator.normal(size=400),
        "rz": generator.normal(size=400),
    }
    simulated, matched = _match_sdss(survey, table, real, generator)
    assert len(simulated["r"]) == len(matched["r"]) > 20
    for sample in (simulated, matched):
        assert ((sample["r"] > 15) & (sample["r"] < 17.6)).all()
        assert ((sample["z"] > 0.012) & (sample["z"] < 0.3)).all()
    edges = 15 + 0.2 * np.arange(14)
    np.testing.assert_array_equal(*(np.histogram(s["r"], edges)[0] for s in (simulated, matched)))
    own = set(zip(real["r"], real["gr"], strict=True))
    assert set(zip(matched["r"], matched["gr"], strict=True)) <= own
