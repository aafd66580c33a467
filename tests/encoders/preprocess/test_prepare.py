"""Preprocessing refuses inputs that a model cannot take, and slices as the published code does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from galsearch.core.errors import ConfigError, InvalidCutoutError, InvalidSpectrumError
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra


def test_token_counts_follow_the_published_slicing(facts, astroclip):
    checks = facts("behaviour_checks")
    for length in (7781, 7780, 7790, 7800, 30, 21):
        slices = prepare_spectra(np.ones((2, length)), None, None, astroclip.config)
        assert list(slices.shape) == checks[f"n_tokens_for_length_{length}"]


def test_a_spectrum_without_a_slice_is_refused(astroclip):
    with pytest.raises(InvalidSpectrumError) as error:
        prepare_spectra(np.ones((2, 20)), None, None, astroclip.config)
    assert str(error.value) == (
        "a spectrum of 20 pixels gives 0 slices of 20 pixels; expected 1 to 799."
    )


def test_the_published_model_takes_calibrated_spectra_only() -> None:
    config = published_config(Published.SPECFORMER)
    with pytest.raises(ConfigError) as error:
        prepare_spectra(np.ones((1, 7781)), None, None, config, calibrated=False)
    assert str(error.value) == (
        f"model {config.name!r} takes calibrated spectra only: its first token is their mean and "
        "standard deviation."
    )


def test_small_images_are_padded_by_galsearch_and_refused_by_released() -> None:
    flux = np.full((1, 3, 90, 56), 0.1, np.float32)
    prepared = prepare_images(flux, None, GALSEARCH_SMALL)
    assert prepared.shape == (1, 3, 96, 96)
    # The rim is filled from the nearest pixels up to their reach, and beyond it is sky.
    assert (prepared[:, :, 3:-3, 4:-4] > 0).all()
    assert not prepared[:, :, :, :4].any()
    assert not prepared[:, :, :, -4:].any()
    with pytest.raises(InvalidCutoutError) as error:
        prepare_images(flux, None, published_config(Published.ASTRODINO))
    assert str(error.value) == (
        "this encoder takes the central 144 x 144 pixels, found images of 90 x 56."
    )


def test_mask_channels_follow_the_bands_and_change_nothing_else() -> None:
    assert GALSEARCH_SMALL.image is not None
    image = replace(GALSEARCH_SMALL.image, mask_channels=True)
    flux = np.random.default_rng(1).normal(0, 0.02, (2, 3, 90, 100))
    mask = np.zeros(flux.shape, bool)
    mask[1, 2, 30:40] = True
    prepared = prepare_images(flux, mask, replace(GALSEARCH_SMALL, image=image))
    assert torch.equal(prepared[:, :3], prepare_images(flux, mask, GALSEARCH_SMALL))
    assert prepared.shape == (2, 6, 96, 96)
    assert prepared[1, 5, 33:43].all()
    padding = 6 * 96  # three rows above and three below are padded with masked pixels
    assert int(prepared[1, 5].sum()) == 10 * 96 + padding
    assert int(prepared[0, 3:].sum()) == 3 * padding


def test_released_models_have_no_mask_channels() -> None:
    config = published_config(Published.ASTROCLIP)
    assert config.image is not None
    with pytest.raises(ConfigError) as error:
        replace(config, image=replace(config.image, mask_channels=True))
    assert str(error.value) == "preparation 'released' has no mask_channels."


def test_galsearch_stretches_by_asinh() -> None:
    flux = np.full((1, 3, 96, 96), 0.1, np.float32)
    prepared = prepare_images(flux, None, GALSEARCH_SMALL)
    expected = np.arcsinh(0.1 / np.array([0.01, 0.015, 0.03])) / 3
    torch.testing.assert_close(prepared[0, :, 0, 0].numpy(), expected.astype(np.float32))


def test_arrays_of_other_shapes_are_refused() -> None:
    with pytest.raises(InvalidCutoutError) as image_error:
        prepare_images(np.zeros((1, 2, 96, 96)), None, GALSEARCH_SMALL)
    assert str(image_error.value) == (
        "images are (B, 3, ny, nx) in the order g, r, z; found (1, 2, 96, 96)."
    )
    with pytest.raises(InvalidSpectrumError) as spectrum_error:
        prepare_spectra(np.ones((1, 100)), None, None, GALSEARCH_SMALL)
    assert str(spectrum_error.value) == (
        "model 'galsearch-small' takes spectra of 7781 pixels from 3600 Angstrom in steps of 0.8, "
        "found 100 pixels: Spectrum.on_desi_grid() resamples to the DESI grid."
    )
    with pytest.raises(InvalidSpectrumError) as ivar_error:
        prepare_spectra(np.ones((1, 7781)), np.ones((1, 5)), None, GALSEARCH_SMALL)
    assert str(ivar_error.value) == (
        "ivar and flux must have one shape, found (1, 5) and (1, 7781)."
    )


def test_a_row_without_a_measured_pixel_is_refused() -> None:
    mask = np.zeros((2, 3, 96, 96), bool)
    mask[1] = True
    with pytest.raises(InvalidCutoutError) as error:
        prepare_images(np.ones(mask.shape), mask, GALSEARCH_SMALL)
    assert str(error.value) == "image 1 of the batch has no measured pixel, like 1 of 2 rows."
