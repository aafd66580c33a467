"""Lines and the 4000 A break of real SDSS galaxies beside simulated ones of the same redshift."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism import lines
from benchmarks.realism.simulated import Simulated
from benchmarks.realism.two_sample import tell_apart

_REDSHIFT_STEP = 0.02
_LEAST_SIGNAL = 8.0
"""A pixel's, of simulated ones: SDSS took spectra of bright galaxies."""
_BREAK = "D4000"
_SCALE_ANGSTROM = 2.0


def compare_lines(
    simulated: Simulated, real: Path, *, per_real: int, repeats: int, folds: int, seed: int
) -> dict[str, Any]:
    """A classifier that knows equivalent widths and the break alone.

    Every real galaxy faces up to `per_real` bright simulated ones within 0.02 in z, each used once.
    """
    rng = np.random.default_rng([seed, 7])
    found = lines.real_widths(real)
    z = np.asarray(simulated.truth["true_z"], float)
    bright = simulated.sample("NEARBY", "BGS_BRIGHT") & (simulated.truth["snr"] > _LEAST_SIGNAL)
    used: set[int] = set()
    for one in found:
        near = rng.permutation(np.flatnonzero(bright & (np.abs(z - one["z"]) < _REDSHIFT_STEP)))
        used.update([int(row) for row in near if row not in used][:per_real])
    mine = [
        lines.widths(one.wavelength_angstrom, one.flux, one.good, float(z[row]))
        for row, one in simulated.spectra(np.array(sorted(used), np.int64))
    ]
    names = [*lines.LINES, _BREAK]
    columns = [
        np.array([[_felt(name, row[name]) for name in names] for row in rows])
        for rows in (mine, found)
    ]
    apart = tell_apart(columns[0], columns[1], names, seed=seed, repeats=repeats, folds=folds)
    return {"classifiers": {"lines and break sdss": apart}}


def _felt(name: str, width: float) -> float:
    """Widths in a scale that is even around none and logarithmic far from it."""
    return width if name == _BREAK else float(np.arcsinh(width / _SCALE_ANGSTROM))
