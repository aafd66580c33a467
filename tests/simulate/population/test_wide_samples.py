"""The wide population has no gaps in redshift, and quasars and stars at a few per cent."""

import numpy as np
import pytest

from galsearch.simulate.population.wide_samples import (
    FAINT,
    QUASAR,
    STAR,
    draw_faint_target,
    draw_point_source,
    draw_wide_sample,
    sample_shares,
)


def test_samples_are_drawn_in_their_shares() -> None:
    rng = np.random.default_rng(1)
    names = [draw_wide_sample(rng).name for _ in range(4000)]
    shares = sample_shares()
    assert sum(shares.values()) == pytest.approx(1)
    for name, share in shares.items():
        error = np.sqrt(share * (1 - share) / 4000)
        assert names.count(name) / 4000 == pytest.approx(share, abs=4 * error), name


def test_faint_galaxies_of_a_magnitude_lie_at_all_redshifts() -> None:
    rng = np.random.default_rng(2)
    targets = [draw_faint_target(21.5, rng) for _ in range(600)]
    counts = np.histogram([target.z for target in targets], np.arange(0.08, 1.5, 0.09))[0]
    assert counts.min() >= 6
    blue = np.mean([not target.red for target in targets])
    assert 0.5 < blue < 0.99
    assert all(FAINT.z[0] <= target.z <= FAINT.z[1] for target in targets)


def test_point_sources_have_no_extent_and_their_own_redshifts() -> None:
    rng = np.random.default_rng(3)
    quasars = [draw_point_source(QUASAR, 20.0, rng) for _ in range(200)]
    stars = [draw_point_source(STAR, 18.0, rng) for _ in range(200)]
    z = np.array([each.target.z for each in quasars])
    assert 1.3 < np.median(z) < 1.7
    assert z.min() >= 0.15
    assert z.max() <= 3.6
    assert np.abs([each.target.z for each in stars]).max() < 0.002
    assert max(each.shape.bulge_r_arcsec for each in quasars + stars) < 0.05
