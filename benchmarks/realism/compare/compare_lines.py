"""Comparison of simulated galaxies with SDSS galaxies of similar redshift by emission lines and
4000 A break.
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.compare.two_sample import two_sample_test
from benchmarks.realism.samples import line_widths
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey

_REDSHIFT_STEP = 0.02
_MIN_SIGNAL_TO_NOISE = 8.0
"""Lower limit of the signal-to-noise ratio per pixel of simulated spectra, because SDSS took
spectra of bright galaxies.
"""
_BREAK = "D4000"
_SCALE_ANGSTROM = 2.0


def compare_lines(
    simulated: SimulatedSurvey, real: Path, *, per_real: int, repeats: int, folds: int, seed: int
) -> dict[str, Any]:
    """Result of a classifier that distinguishes simulated from SDSS galaxies by equivalent widths
    and the 4000 A break alone.

    Each real galaxy is matched with up to `per_real` bright simulated ones within 0.02 in z, and
    no simulated galaxy is used twice.
    """
    rng = np.random.default_rng([seed, 7])
    found = line_widths.real_widths(real)
    z = np.asarray(simulated.truth["true_z"], float)
    bright = simulated.sample("NEARBY", "BGS_BRIGHT") & (
        simulated.truth["snr"] > _MIN_SIGNAL_TO_NOISE
    )
    used: set[int] = set()
    for one in found:
        near = rng.permutation(np.flatnonzero(bright & (np.abs(z - one["z"]) < _REDSHIFT_STEP)))
        used.update([int(row) for row in near if row not in used][:per_real])
    simulated_sample = [
        line_widths.widths(one.wavelength_angstrom, one.flux, one.good, float(z[row]))
        for row, one in simulated.spectra(np.array(sorted(used), np.int64))
    ]
    names = [*line_widths.LINES, _BREAK]
    columns = [
        np.array([[_scaled(name, row[name]) for name in names] for row in rows])
        for rows in (simulated_sample, found)
    ]
    apart = two_sample_test(columns[0], columns[1], names, seed=seed, repeats=repeats, folds=folds)
    return {"classifiers": {"lines and break sdss": apart}}


def _scaled(name: str, width: float) -> float:
    """An equivalent width on a scale that is linear near zero and logarithmic beyond; the 4000 A
    break is returned unchanged.
    """
    return width if name == _BREAK else float(np.arcsinh(width / _SCALE_ANGSTROM))
