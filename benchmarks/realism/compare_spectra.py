"""Real EDR spectra beside simulated ones of the same redshift and signal to noise."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.realism import spectra
from benchmarks.realism.simulated import Simulated
from benchmarks.realism.two_sample import tell_apart
from benchmarks.template_redshifts import AGREES, template_redshifts

Floats = npt.NDArray[np.float64]

MAX_REDSHIFT = 0.85
"""Beyond it the real ones are emission-line galaxies and quasars."""
_REDSHIFT_STEP = 0.02
_CONTRAST_STEP = 0.25
_TRIED_PER_REAL = 100


def compare_spectra(
    simulated: Simulated, real: Path, *, per_real: int, repeats: int, folds: int, seed: int
) -> dict[str, Any]:
    """Features, classifier and examples.

    Every real spectrum under z = 0.85 faces up to `per_real` simulated ones within 0.02 in z and
    0.25 in the logarithm of the continuum's scatter over the noise (`spectra.contrast`): the stored
    form of the real ones has lost the level that a signal to noise needs. A second classifier
    takes those alone whose redshift a fit of templates confirms: lines are looked for where a
    redshift says, and where it is wrong there are none.
    """
    rng = np.random.default_rng([seed, 3])
    flux, good, redshift = spectra.real_spectra(real)
    kept = np.flatnonzero(redshift < MAX_REDSHIFT)
    z_of = np.asarray(simulated.truth["true_z"], float)
    near = {
        int(i): rng.permutation(np.flatnonzero(np.abs(z_of - redshift[i]) < _REDSHIFT_STEP))
        for i in kept
    }
    rows = np.unique(np.concatenate([n[:_TRIED_PER_REAL] for n in near.values()]))
    mine = {row: spectra.standardised(one) for row, one in simulated.spectra(rows)}
    quality = {row: spectra.contrast(*one) for row, one in mine.items()}
    own = {int(i): spectra.contrast(flux[i], good[i]) for i in kept}
    matches = _match(near, quality, own, per_real)
    taken = [row for rows_of in matches.values() for row in rows_of]
    fitted = template_redshifts(spectra.GRID_ANGSTROM, flux[kept], good[kept], real)
    sure = np.abs(fitted - redshift[kept]) / (1 + redshift[kept]) < AGREES
    for_sure = np.repeat(sure, [len(rows_of) for rows_of in matches.values()])
    found = [spectra.features(*mine[row], z_of[row]) for row in taken]
    real_found = [spectra.features(flux[i], good[i], redshift[i]) for i in kept]
    names = found[0][0]
    a, b = (np.array([values for _, values in one]) for one in (found, real_found))
    return {
        "n_real_without_match": sum(not rows_of for rows_of in matches.values()),
        "contrast": {
            "simulated, before matching": list(quality.values()),
            "simulated, matched": [quality[row] for row in taken],
            "real": list(own.values()),
        },
        "features": {
            "names": names,
            "simulated": a.tolist(),
            "real": b.tolist(),
            "z simulated": z_of[taken].tolist(),
            "z real": redshift[kept].tolist(),
        },
        "examples": [
            {
                "z": [float(redshift[i]), float(z_of[rows_of[0]])],
                "real": _smooth(flux[i]),
                "simulated": _smooth(mine[rows_of[0]][0]),
            }
            for i, rows_of in list(matches.items())[::4]
            if rows_of
        ],
        "classifiers": {
            name: tell_apart(left, right, names, seed=seed, repeats=repeats, folds=folds)
            for name, left, right in (
                ("spectra", a, b),
                ("spectra whose redshift a fit confirms", a[for_sure], b[sure]),
            )
        },
    }


def _match(
    near: dict[int, npt.NDArray[np.int64]],
    quality: dict[int, float],
    own: dict[int, float],
    per_real: int,
) -> dict[int, list[int]]:
    """For each real spectrum the simulated ones closest in contrast; each is used once."""
    used: set[int] = set()
    matches = {}
    for i, rows in near.items():
        close = [
            int(row)
            for row in rows
            if row in quality and row not in used and abs(quality[row] - own[i]) < _CONTRAST_STEP
        ]
        close.sort(key=lambda row, i=i: abs(quality[row] - own[i]))  # type: ignore[misc]
        matches[i] = close[:per_real]
        used.update(matches[i])
    return matches


def _smooth(flux: Floats) -> list[float]:
    """Every fourth pixel of a running mean over 8, enough for a figure."""
    mean = np.convolve(flux, np.ones(8) / 8, mode="same")[::4]
    return [round(float(value), 3) for value in mean]
