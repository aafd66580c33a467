"""The tabulated noise against real exposures."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.simulate.spectroscopy.arm_grid import ARMS
from galsearch.simulate.spectroscopy.noise_table import noise_level
from galsearch.sources import read_spectra_file


def test_real_exposures_have_the_tabulated_noise(real: Path) -> None:
    file = read_spectra_file(str(real / "desi-specutils" / "coadd-sv3-dark-26065.fits"))
    for row, seconds in zip(range(2), (1009.3, 1443.6), strict=True):
        spectrum = file.spectra[row]
        for arm, (low, high) in (("b", (0, 2700)), ("r", (2751, 4900)), ("z", (5026, 7781))):
            level, lines = noise_level(arm)
            start = ARMS[arm][0]
            expected = 1 / (level**2 + lines**2)[low - start : high - start] * seconds / 1000
            good = spectrum.good[low:high]
            found, expected = spectrum.ivar[low:high][good], expected[good]
            # Seconds are not effective seconds: the two rows differ by 20 to 30 per cent.
            assert np.median(found) == pytest.approx(np.median(expected), rel=0.4)
            assert np.corrcoef(np.log(found), np.log(expected))[0, 1] > 0.9
