"""Pictures show north up and are as wide as Galaxy Zoo shows a galaxy of their size."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.realism.report.thumbnails import _sky, _zoomed
from galsearch.core.rgb import legacy_rgb
from tests.benchmarks.realism.synthetic_survey import SyntheticSurvey, synthetic_survey


@pytest.fixture
def survey(tmp_path: Path) -> SyntheticSurvey:
    return synthetic_survey(tmp_path)


def test_the_last_row_of_pixels_is_at_the_top() -> None:
    flux = np.zeros((3, 20, 20), np.float32)
    flux[:, 18, 4] = 1
    picture = _sky(flux)
    assert picture.shape == (20, 20, 3)
    assert np.unravel_index(picture.sum(axis=2).argmax(), (20, 20)) == (1, 4)
    np.testing.assert_array_equal(picture[::-1], np.moveaxis(legacy_rgb(flux), 0, -1))


def test_a_larger_galaxy_is_shown_in_a_wider_field(survey: SyntheticSurvey) -> None:
    survey.truth["r_eff_arcsec"][:2] = [0.7, 2.0]
    # The pixels of both galaxies have the same scale, so the one in the wider field looks smaller.
    small, large = (_zoomed(survey, row) for row in (0, 1))
    assert small.shape == large.shape == (152, 152, 3)
    assert 0 <= small.min() <= small.max() <= 1
    assert (small.sum(axis=2) > 1).sum() > 1.5 * (large.sum(axis=2) > 1).sum()
