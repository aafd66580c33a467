"""Bytes of images and bits of masks give back what was stored, to a fraction of the noise."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.encoders.preprocess.prepare import SOFTENING_NANOMAGGIES, STRETCH_DIVISOR
from training.exposures.exposure_record import (
    EXPOSURES,
    LOWEST,
    SIDE_PIXELS,
    STEP,
    decode_images,
    decode_masks,
    encode_images,
    object_number,
)


def random_images(seed: int, n: int = 2, side: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    flux = rng.normal(0, 0.01, (n, 3, side, side)).astype(np.float32)
    flux[..., 50:70, 50:70] += np.float32(np.exp(rng.uniform(-3, 2)))
    return flux, rng.random(flux.shape) < 0.01


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32))
def test_measured_pixels_come_back_within_half_a_step(seed: int) -> None:
    flux, mask = random_images(seed)
    codes, bits = encode_images(flux, mask)
    inside = (..., slice(6, 114), slice(6, 114))
    softening = np.array(SOFTENING_NANOMAGGIES, np.float32)[:, None, None]
    wanted = np.arcsinh(flux[inside] / softening) / STRETCH_DIVISOR
    good = ~mask[inside] & (wanted > LOWEST) & (wanted < LOWEST + 255 * STEP)
    assert np.abs(decode_images(codes).numpy() - wanted)[good].max() < 0.51 * STEP
    np.testing.assert_array_equal(decode_masks(bits).numpy(), mask[inside])


def test_a_step_is_less_than_half_of_the_noise_of_the_deepest_images() -> None:
    usual_noise = np.array([0.0024, 0.0037, 0.0118])
    stretched = np.arcsinh(0.6 * usual_noise / SOFTENING_NANOMAGGIES) / STRETCH_DIVISOR
    assert (stretched / 2 > STEP).all()


def test_a_record_has_113_kilobytes() -> None:
    assert EXPOSURES.itemsize == 113_086
    assert EXPOSURES["image"].shape == (2, 3, SIDE_PIXELS, SIDE_PIXELS)


def test_objects_of_all_chunks_have_distinct_positive_identifiers() -> None:
    numbers = np.concatenate([object_number(chunk, range(4), 4) for chunk in range(3)])
    assert numbers.tolist() == list(range(1, 13))
