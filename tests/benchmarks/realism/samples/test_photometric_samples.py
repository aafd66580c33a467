"""Random draws of mixtures fitted to real targets."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.samples import photometric_samples


def test_draws_of_the_real_mixtures_depend_on_the_magnitude(real: Path) -> None:
    bright, faint = (
        photometric_samples.draw_targets(real, "bgs", np.full(500, m), 1) for m in (16.0, 19.5)
    )
    assert np.median(bright["log_reff"]) > np.median(faint["log_reff"]) + 0.2
    assert 0.4 < np.median(faint["rz"]) < 0.9
