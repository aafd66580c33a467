"""Spectra of the preparation `galsearch`: the grid of log wavelength, level, scatter, weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError, InvalidSpectrumError
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, ModelConfig, SpectrumConfig
from galsearch.encoders.preprocess.prepare import prepare_spectra

SMALL = SpectrumConfig(
    n_pixels=60, n_log_pixels=24, slice_length=8, slice_step=8, max_tokens=4, stem_widths=(4,),
    stem_strides=(4, 2), width=8, n_heads=2,
)  # fmt: skip
MODEL = ModelConfig("small", "galsearch", spectrum=SMALL)


def channels(prepared: torch.Tensor, section: SpectrumConfig) -> tuple[np.ndarray, np.ndarray]:
    """Values and weights, (B, pixels) each."""
    slices = prepared[:, 1:, section.n_summary :].numpy()
    return tuple(
        np.concatenate(
            [s[:, k * section.slice_length : (k + 1) * section.slice_length] for s in slices], 0
        ).reshape(len(slices), -1)
        for k in (0, 1)
    )  # type: ignore[return-value]


def slow_twin(flux: np.ndarray, ivar: np.ndarray, section: SpectrumConfig) -> dict[str, np.ndarray]:
    """One spectrum, pixel by pixel of the new grid."""
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
def test_every_pixel_of_the_grid_is_the_mean_of_what_it_covers(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    flux = rng.normal(3, 1, (2, 60))
    ivar = rng.uniform(0.5, 2, (2, 60)) * (rng.random((2, 60)) >= share)
    prepared = prepare_spectra(flux, ivar, None, MODEL)
    value, weight = channels(prepared, SMALL)
    for row in range(2):
        twin = slow_twin(flux[row], ivar[row], SMALL)
        np.testing.assert_allclose(value[row], twin["value"], atol=2e-4)
        np.testing.assert_allclose(weight[row], twin["weight"], atol=2e-4)
        np.testing.assert_allclose(prepared[row, 0, :4].numpy(), twin["summary"], atol=2e-4)


def test_a_redshift_is_a_shift() -> None:
    """Twice a line at 4000 A, then at 4000 (1 + z): the peak moves by the same for any line."""
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


def test_uncalibrated_spectra_tell_neither_unit_nor_level() -> None:
    rng = np.random.default_rng(1)
    flux = rng.normal(3, 1, (3, 60)).astype(np.float32)
    told = prepare_spectra(flux, None, None, MODEL, calibrated=False)
    other = prepare_spectra(7 * flux - 4, None, None, MODEL, calibrated=False)
    assert not told[:, 0].any()
    torch.testing.assert_close(told, other, atol=2e-3, rtol=0)


def test_the_published_model_takes_calibrated_spectra_only() -> None:
    config = published_config(Published.SPECFORMER)
    with pytest.raises(ConfigError) as error:
        prepare_spectra(np.ones((1, 7781)), None, None, config, calibrated=False)
    assert str(error.value) == (
        f"model {config.name!r} takes calibrated spectra only: its first token is their mean and "
        "standard deviation."
    )


def test_noise_is_found_where_none_is_told() -> None:
    rng = np.random.default_rng(2)
    section = GALSEARCH_SMALL.spectrum
    assert section is not None
    sigma = np.linspace(2.0, 0.2, section.n_pixels)
    flux = np.sin(np.arange(section.n_pixels) / 500) + rng.normal(0, 1, section.n_pixels) * sigma
    told = prepare_spectra(flux[None], sigma[None] ** -2, None, GALSEARCH_SMALL)
    found = prepare_spectra(flux[None], None, None, GALSEARCH_SMALL)
    difference = np.abs(channels(told, section)[1] - channels(found, section)[1])
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


def test_strides_that_make_no_token_a_slice_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        SpectrumConfig(stem_strides=(4, 2, 2, 2))
    assert str(error.value) == (
        "stem_strides multiply to 32; they must multiply to slice_length = 64, and slice_step = "
        "64 be that."
    )
    with pytest.raises(ConfigError) as error:
        SpectrumConfig(stem_strides=(8, 8))
    assert str(error.value) == (
        "3 stem_widths and the width of a token need 4 stem_strides, found 2."
    )
    with pytest.raises(ConfigError) as error:
        ModelConfig("any", "galsearch", spectrum=SpectrumConfig(n_log_pixels=0, stem_widths=()))
    assert str(error.value) == (
        "preparation 'galsearch' needs n_log_pixels of at least 1, found 0."
    )
