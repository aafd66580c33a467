"""Masks and noise of images and spectra are told by the documented bits."""

import dataclasses

import numpy as np
import pytest

from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.core.vectors import InputQuality
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL, TrainingRange
from galsearch.encoders.preprocess.assess_quality import (
    assess_catalogue,
    assess_images,
    assess_spectra,
    pixel_noise,
)

NOISE = (0.0024, 0.0037, 0.0118)
RANGE = TrainingRange(
    image_noise_nanomaggies=tuple(n * f for n in NOISE for f in (0.7, 1.4)),
    spectrum_ivar=(1.0, 40.0),
    redshift=(0.003, 1.6),
)
CONFIG = dataclasses.replace(GALSEARCH_SMALL, training_range=RANGE)
NOTHING = InputQuality(0)


def images(n: int = 1, size: int = 152, factor: float = 1.0) -> np.ndarray:
    sigma = np.array(NOISE)[:, None, None] * factor
    noise = np.random.default_rng(1).normal(size=(n, 3, size, size)) * sigma
    return noise.astype(np.float32)


def quality(flux: np.ndarray, mask: np.ndarray | None = None) -> list[InputQuality]:
    return [InputQuality(int(bits)) for bits in assess_images(flux, mask, CONFIG)]


def test_good_images_have_no_reason() -> None:
    assert quality(images(3)) == [NOTHING] * 3


def test_a_missing_band_is_told_and_is_no_masked_centre() -> None:
    mask = np.zeros((2, 3, 152, 152), bool)
    mask[1, 2] = True
    reasons = InputQuality.BAND_MISSING | InputQuality.PIXELS_FILLED | InputQuality.PARTLY_MASKED
    assert quality(images(2), mask) == [NOTHING, reasons]


@pytest.mark.parametrize(
    ("rows", "columns", "reasons"),
    [
        (slice(74, 78), slice(None), InputQuality.CENTRE_MASKED | InputQuality.PIXELS_FILLED),
        (slice(74, 75), slice(74, 75), InputQuality.PIXELS_FILLED),
        (slice(30, 34), slice(None), InputQuality.PIXELS_FILLED),
        (slice(0, 28), slice(None), NOTHING),
        (slice(28, 60), slice(None), InputQuality.PARTLY_MASKED | InputQuality.PIXELS_FILLED),
    ],
)
def test_masked_pixels_are_told_where_the_encoder_sees_them(rows, columns, reasons) -> None:
    mask = np.zeros((1, 3, 152, 152), bool)
    mask[:, :, rows, columns] = True
    assert quality(images(), mask) == [reasons]


def test_unusual_noise_is_told_in_both_directions() -> None:
    flux = np.concatenate([images(factor=0.5), images(), images(factor=2)])
    unusual = InputQuality.DEPTH_UNUSUAL
    assert quality(flux) == [unusual, NOTHING, unusual]


def test_noise_is_that_of_the_pixels_whatever_is_masked() -> None:
    flux, bad = images(2), np.zeros((2, 3, 152, 152), bool)
    bad[1, 0, ::2] = True
    bad[1, 1] = True
    bad[1, 2, :, ::3] = True
    found = pixel_noise(np.where(bad, np.float32(7), flux), bad)
    np.testing.assert_allclose(found[0], NOISE, rtol=0.05)
    np.testing.assert_allclose(found[1], [NOISE[0], np.nan, np.nan], rtol=0.05)


def spectra(ivar: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    flux = np.ones((1, DESI_N_PIXELS), np.float32)
    return flux, np.full(flux.shape, ivar, np.float32)


@pytest.mark.parametrize(("low", "high"), [(3600, 5780), (5780, 7570), (7570, 9900)])
def test_a_missing_arm_is_told(low: float, high: float) -> None:
    flux, ivar = spectra()
    missing = (low <= GRID) & (high > GRID)
    (bits,) = assess_spectra(flux, np.where(missing, 0, ivar), None, CONFIG)
    assert InputQuality(int(bits)) == InputQuality.ARM_MISSING | InputQuality.PARTLY_MASKED
    (bits,) = assess_spectra(flux, ivar, missing[None], CONFIG)
    assert InputQuality.ARM_MISSING in InputQuality(int(bits))


def test_spectra_of_unusual_depth_are_told() -> None:
    for ivar, reason in ((0.5, InputQuality.DEPTH_UNUSUAL), (4, NOTHING), (60, 32)):
        assert assess_spectra(*spectra(ivar), None, CONFIG).tolist() == [reason]
    assert assess_spectra(spectra()[0], None, None, CONFIG).tolist() == [0]
    # The limits depend on how bright a spectrum is.
    by_flux = dataclasses.replace(RANGE, spectrum_ivar=(1, 40, 1, 3), spectrum_flux_edges=(0.7,))
    flux, ivar = spectra(4)
    config = dataclasses.replace(CONFIG, training_range=by_flux)
    assert assess_spectra(flux, ivar, None, config).tolist() == [32]
    assert assess_spectra(flux / 2, ivar, None, config).tolist() == [0]
    unknown = dataclasses.replace(CONFIG, training_range=None)
    assert assess_spectra(*spectra(60), None, unknown).tolist() == [0]


def test_the_class_and_redshift_of_the_catalogue_are_told() -> None:
    spectype = np.array(["GALAXY", "QSO", "STAR ", None, "GALAXY", "GALAXY"], object)
    redshift = np.array([0.2, 0.2, 0.01, np.nan, 1.9, np.nan])
    unusual = int(InputQuality.CLASS_UNUSUAL)
    found = assess_catalogue(spectype, redshift, CONFIG)
    assert found.tolist() == [0, unusual, unusual, 0, unusual, 0]


def test_the_published_model_fills_no_pixels() -> None:
    config = published_config(Published.ASTROCLIP)
    mask = np.zeros((1, 3, 152, 152), bool)
    mask[:, 0] = True
    (bits,) = assess_images(images(), mask, config)
    assert InputQuality(int(bits)) == InputQuality.BAND_MISSING | InputQuality.PARTLY_MASKED
