"""Redshifts from odds: value, intervals and second choice; spectra come from a dataset."""

from pathlib import Path

import numpy as np
import pytest

import galsearch
from galsearch.analysis.template_odds import WINDOW, redshift_columns
from galsearch.core.errors import ConfigError, UnknownTargetError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.encoders import initialise
from galsearch.encoders.checkpoint import save
from galsearch.encoders.encoder import RedshiftOdds
from tests.encoders.conftest import TINY

WIDTH = 0.002


def odds_of(*parts: tuple[float, float, float]) -> RedshiftOdds:
    """The odds of one spectrum, a sum of Gaussians: weight, redshift and sigma in ln(1 + z)."""
    middle = (np.arange(500) + 0.5) * WIDTH
    total = np.zeros(500)
    for weight, z, sigma in parts:
        bell = np.exp(-0.5 * ((middle - np.log1p(z)) / sigma) ** 2)
        total += weight * bell / bell.sum()
    return RedshiftOdds(np.expm1(middle), WIDTH, (total / total.sum())[None])


def test_a_clear_redshift_is_found_with_its_width() -> None:
    columns = redshift_columns(odds_of((1, 0.5, 0.004)))
    assert columns["z"][0] == pytest.approx(0.5, abs=1e-4)
    half = (columns["z_high_68"] - columns["z_low_68"])[0] / 2 / 1.5
    assert half == pytest.approx(0.004, rel=0.05)
    assert columns["z_probability"][0] == pytest.approx(0.99, abs=0.01)
    assert columns["z_second_probability"][0] < 0.01


def test_a_second_redshift_is_named() -> None:
    columns = redshift_columns(odds_of((0.7, 0.3, 0.002), (0.3, 1.1, 0.002)))
    assert columns["z"][0] == pytest.approx(0.3, abs=1e-3)
    assert columns["z_probability"][0] == pytest.approx(0.7, abs=0.01)
    assert columns["z_second"][0] == pytest.approx(1.1, abs=1e-3)
    assert columns["z_second_probability"][0] == pytest.approx(0.3, abs=0.01)
    assert columns["z_low_95"][0] <= 0.3
    assert columns["z_high_95"][0] > 1
    assert WINDOW == 0.01


def test_odds_of_spectra_of_a_dataset(demonstration) -> None:
    dataset = demonstration.home / "demo" / "dataset"
    found = galsearch.estimate(property="z", method="templates", dataset=dataset)
    assert len(found) == 24
    assert found.notes == ("z: odds of templates, not calibrated",)
    columns = found.columns
    assert (columns["z_low_95"] <= columns["z"]).all()
    assert (columns["z"] <= columns["z_high_68"]).all()
    one = galsearch.estimate(found.target_ids[5], property="z", method="templates", dataset=dataset)
    assert one.target_ids.tolist() == [found.target_ids[5]]
    assert one.columns["z"][0] == pytest.approx(columns["z"][5], abs=1e-4)
    with pytest.raises(UnknownTargetError) as error:
        galsearch.estimate(5, property="z", method="templates", dataset=dataset)
    assert "lacks 1 of 1 TARGETIDs, first 5." in str(error.value)


def test_an_encoder_without_templates_is_refused(demonstration, tmp_path: Path) -> None:
    save(tmp_path / "tiny.safetensors", initialise(TINY, 1))
    with pytest.raises(ConfigError) as error:
        galsearch.estimate(
            property="z",
            method="templates",
            dataset=demonstration.home / "demo" / "dataset",
            encoder=tmp_path / "tiny.safetensors",
        )
    assert str(error.value) == f"encoder {TINY.name!r} has no redshift templates."


def test_an_own_spectrum_has_the_redshift_of_the_stored_one(demonstration) -> None:
    dataset = galsearch.open_dataset(demonstration.home / "demo" / "dataset")
    batch = dataset.read([int(demonstration.target_id)])
    arrays = batch.spectrum_flux[0], batch.spectrum_ivar[0], batch.spectrum_mask[0]
    own = Spectrum(DESI_WAVELENGTH_ANGSTROM, *arrays)
    found = galsearch.estimate(property="z", method="templates", spectrum=own)
    stored = galsearch.estimate(
        demonstration.target_id, property="z", method="templates", dataset=dataset.path
    )
    assert found.target_ids.tolist() == [0]
    for name, values in stored.columns.items():
        np.testing.assert_allclose(found.columns[name], values, rtol=1e-3, atol=1e-6)
    near = galsearch.estimate(
        property="true_z",
        spectrum=own,
        index=demonstration.home / "index_builds" / "demo",
        among="image",
    )
    stored_near = galsearch.estimate(
        demonstration.target_id,
        property="true_z",
        using="spectrum",
        index=demonstration.home / "index_builds" / "demo",
    )
    assert near.columns["true_z_bank_p"][0] == pytest.approx(
        stored_near.columns["true_z_bank_p"][0], abs=0.2
    )
