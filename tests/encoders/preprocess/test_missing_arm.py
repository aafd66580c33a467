"""The summary of a spectrum without an arm is corrected towards that of the whole spectrum."""

import dataclasses

import numpy as np
import pytest

from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.preprocess.log_wavelength import log_wavelengths, summarise
from galsearch.encoders.preprocess.missing_arm import (
    ARM_RULES,
    ARMS_ANGSTROM,
    missing_arms,
    of_whole_spectrum,
)
from galsearch.encoders.preprocess.prepare import prepare_spectra

SIZES = GALSEARCH_SMALL.spectrum
assert SIZES is not None
WAVELENGTH = log_wavelengths(SIZES)
GRID = 3600 + 0.8 * np.arange(7781)


def spectra(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Flux and inverse variance of galaxies with a break, on the DESI grid."""
    rng = np.random.default_rng(1)
    level = np.geomspace(0.3, 10, n)[:, None]
    edge = rng.uniform(4100, 6500, (n, 1))
    flux = level * np.where(edge < GRID, 1.0, 0.4) * (GRID / 6000) ** rng.normal(0, 0.5, (n, 1))
    sigma = np.where(GRID < 4500, 1.2, 0.6)
    noisy = flux + rng.normal(size=flux.shape) * sigma
    return noisy.astype(np.float32), np.broadcast_to(sigma**-2.0, flux.shape).astype(np.float32)


def without(arm: int, ivar: np.ndarray) -> np.ndarray:
    low, high = ARMS_ANGSTROM[arm]
    return np.where((low <= GRID) & (high > GRID), 0, ivar).astype(np.float32)


def test_arms_are_missing_where_nine_tenths_are_masked() -> None:
    bad = np.zeros((4, GRID.size), bool)
    blue = np.flatnonzero(GRID < 5780)
    bad[1, blue] = True
    bad[2, blue[: int(0.95 * blue.size)]] = True
    bad[3, blue[: int(0.85 * blue.size)]] = True
    assert missing_arms(bad, GRID)[:, 0].tolist() == [False, True, True, False]
    assert not missing_arms(bad, GRID)[:, 1:].any()
    # A grid that does not reach an arm does not lack it.
    assert not missing_arms(bad[:, :100], GRID[-100:])[0].any()


@pytest.mark.parametrize("arm", [0, 1, 2])
def test_the_summary_token_is_nearer_to_that_of_the_whole_spectrum(
    arm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    flux, ivar = spectra()
    whole = prepare_spectra(flux, ivar, None, GALSEARCH_SMALL)[:, 0, :4]
    corrected = prepare_spectra(flux, without(arm, ivar), None, GALSEARCH_SMALL)[:, 0, :4]
    monkeypatch.setattr(
        "galsearch.encoders.preprocess.log_wavelength.of_whole_spectrum",
        lambda _value, _covered, summary, _wavelength: summary,
    )
    plain = prepare_spectra(flux, without(arm, ivar), None, GALSEARCH_SMALL)[:, 0, :4]
    wrong = [(tokens - whole).abs().median(dim=0).values for tokens in (plain, corrected)]
    assert wrong[1][3] < 0.01 < wrong[0][3]
    if arm == 0:
        # These spectra have no colours of real galaxies, but the blue arm is noisier, as in DESI.
        assert wrong[1][:3].sum() < wrong[0][:3].sum()


def test_spectra_that_lack_no_arm_or_several_keep_their_summary() -> None:
    rng = np.random.default_rng(2)
    value = rng.normal(2, 1, (3, WAVELENGTH.size)).astype(np.float32)
    covered = np.ones(value.shape, bool)
    covered[1, 500:900] = False
    covered[2, WAVELENGTH < 7000] = False
    covered[2, WAVELENGTH > 7700] = False
    precision = np.ones_like(value)
    summary = summarise(value, precision, covered, covered)
    missing = missing_arms(~covered, WAVELENGTH)
    assert missing.tolist() == [[False] * 3, [False] * 3, [True, False, True]]
    again = of_whole_spectrum(value, covered, summary, WAVELENGTH)
    for name, column in dataclasses.asdict(summary).items():
        np.testing.assert_array_equal(getattr(again, name), column)


def test_a_row_does_not_depend_on_the_others() -> None:
    flux, ivar = spectra(4)
    ivar = np.stack([ivar[0], without(0, ivar[1:2])[0], without(1, ivar[2:3])[0], ivar[3]])
    together = prepare_spectra(flux, ivar, None, GALSEARCH_SMALL)
    for row in range(4):
        alone = prepare_spectra(flux[row : row + 1], ivar[row : row + 1], None, GALSEARCH_SMALL)
        np.testing.assert_array_equal(together[row : row + 1].numpy(), alone.numpy())


def test_there_is_a_rule_for_each_arm() -> None:
    assert np.array(ARM_RULES).shape == (3, 4, 3)
