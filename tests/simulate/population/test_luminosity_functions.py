"""Redshifts, magnitudes and colours of random targets."""

from galsearch.simulate.population.luminosity_functions import SAMPLES
from tests.simulate.random_galaxies import random_targets


def test_samples_keep_their_limits() -> None:
    limits = {sample.name: sample for sample in SAMPLES}
    many = random_targets(400)
    for target in many:
        sample = limits[target.sample]
        assert sample.mag_r[0] <= target.mag_r <= sample.mag_r[1]
        assert sample.z[0] - 0.01 <= target.z <= sample.z[1] + 0.01
    assert {target.sample for target in many} == set(limits)
    assert all(target.red for target in many if target.sample == "LRG")
    assert not any(target.red for target in many if target.sample == "ELG")
