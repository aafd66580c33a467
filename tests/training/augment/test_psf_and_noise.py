"""Blur and noise as published; the published code acts with the opposite probability."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from tests.reference.parity import PARITY
from tests.reference.psf_blur import blur, blur_and_noise
from training.augment.psf_and_noise import (
    NOISE_SIGMA_NANOMAGGIES,
    PSF_SIGMA_PIXELS,
    draw_extra_sigma,
)

SHARES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99]


@pytest.fixture(scope="module")
def recorded() -> dict[str, np.ndarray]:
    if not PARITY.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/parity)")
    return load_file(PARITY / "psf_blur.safetensors")


@pytest.mark.parametrize(("name", "sigma"), [("0p4", 0.4), ("1p7", 1.7), ("3p1", 3.1)])
def test_a_blurred_image_is_the_references(recorded, name, sigma) -> None:
    found = blur(recorded["in_chw"], [sigma] * 3)
    np.testing.assert_allclose(found, recorded[f"gaussian_sigma_{name}"], rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    ("survey", "name"), [(PSF_SIGMA_PIXELS, "blur"), (NOISE_SIGMA_NANOMAGGIES, "noise")]
)
def test_sampled_widths_follow_the_distribution_of_the_reference(recorded, survey, name) -> None:
    sampled = draw_extra_sigma(survey, 200_000, np.random.default_rng(1))
    found = np.quantile(sampled, SHARES, axis=0)
    expected = recorded[f"{name}_sigma_augment_quantiles"]
    np.testing.assert_array_equal(found[:2], 0)
    np.testing.assert_allclose(found[3:], expected[3:], rtol=0.03)


def test_an_image_of_known_width_is_only_blurred_further() -> None:
    own = np.full((1000, 3), 1.6)
    rng = np.random.default_rng(1)
    extra = draw_extra_sigma(PSF_SIGMA_PIXELS, 1000, rng, own=own)
    reached = PSF_SIGMA_PIXELS.draw(1000, np.random.default_rng(1))
    np.testing.assert_allclose(np.hypot(own, extra), np.maximum(own, reached))


@given(st.floats(0.3, 4.0), st.integers(0, 99))
def test_blurring_keeps_the_light_and_a_constant(sigma, seed) -> None:
    image = np.random.default_rng(seed).random((3, 24, 24)).astype(np.float32)
    blurred = blur(image, [sigma, 0, sigma])
    np.testing.assert_allclose(blurred.sum((1, 2)), image.sum((1, 2)), rtol=1e-4)
    np.testing.assert_array_equal(blurred[1], image[1])
    np.testing.assert_allclose(blur(np.ones((3, 24, 24)), [sigma] * 3), 1, rtol=1e-6)


@pytest.mark.parametrize(("nominal", "inverted"), [("1.0", 0.0), ("0.1", 0.9), ("0.5", 0.5075)])
def test_the_published_probability_is_that_of_the_opposite_event(nominal, inverted) -> None:
    image = np.zeros((3, 8, 8), np.float32)

    def share(**options) -> float:
        rng = np.random.default_rng(1)
        changed = [
            blur_and_noise(image, rng, probability=float(nominal), **options).any()
            for _ in range(2000)
        ]
        # A zero image shows noise alone, and that where some band's extra sigma is not 0.
        return float(np.mean(changed)) / (1 - 0.5**3)

    assert share() == pytest.approx(float(nominal), abs=0.04)
    assert share(inverted=True) == pytest.approx(inverted, abs=0.04)
    if PARITY.is_dir():
        measured = json.loads((PARITY / "augmentation_probabilities.json").read_text())
        assert measured["nominal_p_to_effective_p"][nominal] == inverted
