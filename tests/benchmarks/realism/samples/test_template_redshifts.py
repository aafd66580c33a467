"""Template fits of bright real galaxies."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.samples import spectrum_features
from benchmarks.realism.samples.template_redshifts import AGREES, template_redshifts


def test_a_fit_of_templates_finds_the_redshifts_of_bright_real_galaxies(real: Path) -> None:
    flux, good, z = spectrum_features.real_spectra(real)
    rows = [36, 37, 47]  # two with lines, one without
    found = template_redshifts(spectrum_features.GRID_ANGSTROM, flux[rows], good[rows], real)
    assert np.abs((found - z[rows]) / (1 + z[rows])).max() < AGREES
