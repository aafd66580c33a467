"""Spectra on the log-wavelength grid: level, scatter, weights and noise."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import InvalidSpectrumError
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, ModelConfig, SpectrumConfig
from galsearch.encoders.preprocess.prepare import prepare_spectra

SMALL = SpectrumConfig(
    n_pixels=60, n_log_pixels=24, slice_length=8, slice_step=8, max_tokens=4, stem_widths=(4,),
    stem_strides=(4, 2), width=8, n_heads=2,
)  # fmt: skip
MODEL = ModelConfig("small", "galsearch", spectrum=SMALL)


def channels(prepared: torch.Tensor, section: SpectrumConfig) -> tuple[np.ndarray, np.ndarray]:
    """Values and weights of prepared spectra, (B, pixels) each."""
    slices = prepared[:, 1:, section.n_summary :].numpy()
    return tuple(
        np.concatenate(
            [s[:, k * section.slice_length : (k + 1) * section.slice_length] for s in slices], 0
        ).reshape(len(slices), -1)
        for k in (0, 1)
    )  # type: ignore[return-value]


def slow_tokens(
    flux: np.ndarray, ivar: np.ndarray, section: SpectrumConfig
) -> dict[str, np.ndarray]:
    """Tokens of one spectrum by plain loops over the pixels of the new grid."""
    step, first = section.step_angstrom, section.first_angstrom - section.step_angstrom / 2
    last = first + section.n_pixels * step
    edges = first * (last / first) ** (np.arange(section.n_log_pixels + 1) / section.n_log_pixels)
    value, precision = np.zeros(section.n_log_pixels), np.zeros(section.n_log_pixels)
    measured = np.zeros(section.n_log_pixels, bool)
    for new in range(section.n_log_pixels):
        weights = np.zeros(section.n_pixels)
        for old in range(section.n_pixels):
            low, high = first + old * step, first + (old + 1) * step
            within = max(0.0, min(high, edges[new + 1]) - max(low, edges[new]))
            weights[old] = within / step
        precision[new] = (weights * ivar).sum()
        covered = weights[ivar > 0].sum() / weights.sum()
        measured[new] = covered > 0.5
        value[new] = (weights * ivar * flux).sum() / max(precision[new], 1e-30)
    middle = np.median(value[measured])
    scatter = 1.4826 * np.median(np.abs(value[measured] - middle))
    power = scatter**2 * precision
    return {
        "value": np.where(measured, np.arcsinh((value - middle) / scatter), 0),
        "weight": np.where(measured, power / (1 + power), 0),
        "summary": np.array(
            [
                np.log10(scatter),
                np.arcsinh(middle / scatter),
                np.log10(scatter * np.sqrt(np.median(precision[measured]))),
                (ivar > 0).mean(),
            ]
        ),
    }


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 0.4))
def test_every_new_pixel_is_the_mean_of_the_pixels_it_covers(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    flux = rng.normal(3, 1, (2, 60))
    ivar = rng.uniform(0.5, 2, (2, 60)) * (rng.random((2, 60)) >= share)
    prepared = prepare_spectra(flux, ivar, None, MODEL)
    value, weight = channels(prepared, SMALL)
    for row in range(2):
        expected = slow_tokens(flux[row], ivar[row], SMALL)
        np.testing.assert_allclose(value[row], expected["value"], atol=2e-4)
        np.testing.assert_allclose(weight[row], expected["weight"], atol=2e-4)
        np.testing.assert_allclose(prepared[row, 0, :4].numpy(), expected["summary"], atol=2e-4)


def test_a_redshift_is_a_shift() -> None:
    """Lines at 4000 and 6000 Angstrom move by the same number of pixels at a redshift of 0.3."""
    section = SpectrumConfig()
    model = ModelConfig("any", "galsearch", spectrum=section)
    grid = section.first_angstrom + section.step_angstrom * np.arange(section.n_pixels)
    peaks = []
    for factor in (1.0, 1.3):
        for line in (4000.0, 6000.0):
            flux = 1 + 30 * np.exp(-0.5 * ((grid - line * factor) / 3) ** 2)
            flux = flux + np.sin(grid / 40) * 0.1
            value, _ = channels(prepare_spectra(flux[None], None, None, model), section)
            peaks.append(int(value[0].argmax()))
    assert abs((peaks[2] - peaks[0]) - (peaks[3] - peaks[1])) <= 1


def test_tokens_of_uncalibrated_spectra_do_not_depend_on_unit_and_level() -> None:
    rng = np.random.default_rng(1)
    flux = rng.normal(3, 1, (3, 60)).astype(np.float32)
    tokens = prepare_spectra(flux, None, None, MODEL, calibrated=False)
    other = prepare_spectra(7 * flux - 4, None, None, MODEL, calibrated=False)
    assert not tokens[:, 0].any()
    torch.testing.assert_close(tokens, other, atol=2e-3, rtol=0)


def test_noise_is_estimated_where_no_ivar_is_given() -> None:
    rng = np.random.default_rng(2)
    section = GALSEARCH_SMALL.spectrum
    assert section is not None
    sigma = np.linspace(2.0, 0.2, section.n_pixels)
    flux = np.sin(np.arange(section.n_pixels) / 500) + rng.normal(0, 1, section.n_pixels) * sigma
    tokens = prepare_spectra(flux[None], sigma[None] ** -2, None, GALSEARCH_SMALL)
    found = prepare_spectra(flux[None], None, None, GALSEARCH_SMALL)
    difference = np.abs(channels(tokens, section)[1] - channels(found, section)[1])
    assert difference.mean() < 0.03


def test_constant_and_nearly_empty_spectra_stay_finite() -> None:
    flux = np.ones((3, 60))
    ivar = np.ones((3, 60))
    ivar[1, 3:] = 0
    ivar[2, ::2] = 0
    assert torch.isfinite(prepare_spectra(flux, ivar, None, MODEL)).all()
    ivar[0] = 0
    with pytest.raises(InvalidSpectrumError, match="spectrum 0 of the batch has no measured pixel"):
        prepare_spectra(flux, ivar, None, MODEL)
