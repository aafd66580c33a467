"""An embedding does not depend on the rest of its batch, within the stated tolerance."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from galsearch.core.errors import ConfigError, InvalidCutoutError, InvalidSpectrumError
from galsearch.encoders import EncoderPair, initialise, load
from galsearch.encoders.encoder import BATCH_TOLERANCE
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.load import pair_from_model
from tests.reference.astroclip_arrays import encode

Recorded = Callable[[str], dict[str, Tensor]]


@pytest.fixture(scope="module")
def released(converted: Callable[[str], Path]) -> EncoderPair:
    return load(converted("tiny_astroclip_lightning.ckpt"))


@functools.cache
def small_pair() -> EncoderPair:
    return pair_from_model(initialise(GALSEARCH_SMALL, seed=3))


@pytest.fixture(scope="module")
def galsearch_pair() -> EncoderPair:
    return small_pair()


@pytest.fixture(scope="module")
def raw() -> dict[str, np.ndarray]:
    """Six images (x, y, band) and six spectra of noise."""
    generator = np.random.default_rng(5)
    return {
        "image": generator.normal(0.02, 0.02, (6, 152, 152, 3)).astype(np.float32),
        "spectrum": generator.normal(1, 0.5, (6, 7781)).astype(np.float32),
    }


def assert_equal_vectors(found: np.ndarray, expected: np.ndarray) -> None:
    largest = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(found - expected) <= BATCH_TOLERANCE * largest).all()


@pytest.mark.parametrize("kind", ["image", "spectrum"])
def test_a_batch_gives_the_embeddings_of_single_items(
    released: EncoderPair, galsearch_pair: EncoderPair, raw: dict[str, np.ndarray], kind: str
) -> None:
    for pair in (released, galsearch_pair):
        encoder = getattr(pair, kind)
        whole = encode(encoder, raw[kind])
        alone = np.concatenate([encode(encoder, raw[kind][i : i + 1]) for i in range(6)])
        assert_equal_vectors(whole, alone)


@settings(max_examples=5)
@given(st.permutations(range(6)), st.integers(1, 5))
def test_embeddings_do_not_depend_on_order_and_batch(order: list[int], cut: int) -> None:
    generator = np.random.default_rng(7)
    spectra = generator.normal(1, 0.5, (6, 7781)).astype(np.float32)
    encoder = small_pair().spectrum
    parts = [encode(encoder, spectra[order[:cut]]), encode(encoder, spectra[order[cut:]])]
    whole = encode(encoder, spectra)[order]
    assert_equal_vectors(np.concatenate(parts), whole)


def test_an_empty_batch_gives_no_embeddings(released: EncoderPair) -> None:
    assert encode(released.image, np.zeros((0, 152, 152, 3))).shape == (0, 32)
    assert encode(released.spectrum, np.zeros((0, 7781))).shape == (0, 32)


def test_released_refuses_unmasked_nan_pixels_naming_the_row(
    released: EncoderPair, raw: dict[str, np.ndarray]
) -> None:
    images, spectra = raw["image"].copy(), raw["spectrum"].copy()
    images[2, 70, 80, 1] = np.nan
    with pytest.raises(InvalidCutoutError) as image_error:
        encode(released.image, images)
    assert str(image_error.value) == (
        "image 2 of the batch has 1 pixels that are not finite, and 1 of 6 rows have some: mask "
        "them (the published model would return NaN)."
    )
    spectra[[1, 4], :3] = np.inf
    with pytest.raises(InvalidSpectrumError) as spectrum_error:
        encode(released.spectrum, spectra)
    assert str(spectrum_error.value) == (
        "spectrum 1 of the batch has 3 pixels that are not finite, and 2 of 6 rows have some: "
        "mask them (the published model would return NaN)."
    )


def test_masked_pixels_affect_their_own_row_only_in_released(
    released: EncoderPair, raw: dict[str, np.ndarray]
) -> None:
    for kind in ("image", "spectrum"):
        broken = raw[kind].copy()
        broken[2, 70:74] = np.nan
        vectors = encode(getattr(released, kind), broken, mask=~np.isfinite(broken))
        whole = encode(getattr(released, kind), raw[kind])
        assert np.isfinite(vectors).all()
        others = [0, 1, 3, 4, 5]
        np.testing.assert_array_equal(vectors[others], whole[others])


def test_galsearch_masks_pixels_that_are_not_finite(
    galsearch_pair: EncoderPair, raw: dict[str, np.ndarray]
) -> None:
    for kind in ("image", "spectrum"):
        broken = raw[kind].copy()
        broken[2, 70:74] = np.nan
        encoder = getattr(galsearch_pair, kind)
        vectors = encode(encoder, broken)
        assert np.isfinite(vectors).all()
        others = [0, 1, 3, 4, 5]
        np.testing.assert_array_equal(vectors[others], encode(encoder, raw[kind])[others])
        masked = encode(encoder, np.nan_to_num(broken, nan=9e9), mask=~np.isfinite(broken))
        np.testing.assert_array_equal(vectors, masked)


def test_the_callers_arrays_are_not_changed(
    released: EncoderPair, galsearch_pair: EncoderPair, raw: dict[str, np.ndarray]
) -> None:
    for pair in (released, galsearch_pair):
        for kind in ("image", "spectrum"):
            given_array = raw[kind].copy()
            mask = np.zeros(given_array.shape, bool)
            mask[0, 5] = True
            encode(getattr(pair, kind), given_array, mask=mask)
            np.testing.assert_array_equal(given_array, raw[kind])
            assert mask.sum() == mask[0, 5].size


def test_repeated_calls_give_equal_embeddings(
    released: EncoderPair, raw: dict[str, np.ndarray]
) -> None:
    once, again = (encode(released.image, raw["image"]) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_redshift_odds_sum_to_one_and_do_not_depend_on_the_batch(
    galsearch_pair: EncoderPair, raw: dict[str, np.ndarray]
) -> None:
    encoder = galsearch_pair.spectrum
    odds = encoder.redshift_odds(raw["spectrum"])
    assert odds.probability.shape == (6, len(odds.z))
    np.testing.assert_allclose(odds.probability.sum(axis=1), 1)
    np.testing.assert_allclose(np.diff(np.log1p(odds.z)), odds.bin_width)
    assert odds.z[0] == pytest.approx(np.expm1(odds.bin_width / 2))
    alone = encoder.redshift_odds(raw["spectrum"][3:4]).probability
    np.testing.assert_allclose(alone[0], odds.probability[3], rtol=1e-3)


def test_an_encoder_without_templates_has_no_redshift_odds(released: EncoderPair) -> None:
    with pytest.raises(ConfigError) as error:
        released.spectrum.redshift_odds(np.zeros((1, 7781)))
    assert str(error.value) == f"encoder {released.name!r} has no redshift templates."
