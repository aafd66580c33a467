"""Wavelength grid of the real spectra."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.samples import spectrum_features


def test_lines_of_real_spectra_lie_at_their_wavelengths_on_the_grid(real: Path) -> None:
    flux, good, z = spectrum_features.real_spectra(real)
    for row in (36, 37):  # the two with the strongest lines
        near = np.abs(spectrum_features.GRID_ANGSTROM - 6564.6 * (1 + z[row])) < 200
        peak = spectrum_features.GRID_ANGSTROM[near][
            np.where(good[row], flux[row], 0)[near].argmax()
        ]
        assert peak / (1 + z[row]) == pytest.approx(6564.6, abs=3)
