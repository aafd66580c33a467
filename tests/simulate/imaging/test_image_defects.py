"""Defects mask some pixels of some images, and never all of an image."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.imaging.image_defects import draw_defects


@given(st.integers(0, 2**40))
def test_an_image_is_measured_somewhere_and_a_seed_decides_where(seed: int) -> None:
    mask = draw_defects(np.random.default_rng(seed), 108)
    assert mask.shape == (3, 108, 108)
    assert not mask.all()
    np.testing.assert_array_equal(mask, draw_defects(np.random.default_rng(seed), 108))


def test_three_images_in_four_are_whole_and_bands_are_missing_in_seven_per_cent() -> None:
    rng = np.random.default_rng(1)
    masks = [draw_defects(rng, 108) for _ in range(1000)]
    whole = np.mean([not mask.any() for mask in masks])
    assert 0.7 < whole < 0.84
    missing = np.mean([mask.all(axis=(1, 2)).any() for mask in masks])
    assert 0.045 < missing < 0.1
    at_centre = np.mean(
        [mask[:, 54, 54].any() and not mask.all(axis=(1, 2)).any() for mask in masks]
    )
    assert at_centre > 0.02
