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
Rows = npt.NDArray[np.int64]

MAX_REDSHIFT = 0.85
"""Beyond it the real ones are emission-line galaxies and quasars."""
_REDSHIFT_STEP = 0.02
_CONTRAST_STEP = 0.25
_TRIED_PER_REAL = 100


def compare_spectra(
    simulated: Simulated, real: Path, *, per_real: int, repeats: int, folds: int, seed: int
) -> dict[str, Any]:
    """Features, classifiers and examples.

    Every real spectrum under z = 0.85 faces up to `per_real` simulated ones within 0.02 in z and
    0.25 in the logarithm of the continuum's scatter over the noise (`spectra.contrast`): the stored
    form of the real ones has lost the level that a signal to noise needs. A second classifier
    takes those alone whose redshift a fit of templates confirms: lines are looked for where a
    redshift says, and where it is wrong there are none. Two more ask where a difference lies: one
    knows the noise and the pixels alone, what the instrument does; the other faces each confirmed
    spectrum with those whose four emission lines are most alike, whatever galaxies there are.
    """
    rng = np.random.default_rng([seed, 3])
    flux, good, redshift = spectra.real_spectra(real)
    kept = np.flatnonzero(redshift < MAX_REDSHIFT)
    z_of = np.asarray(simulated.truth["true_z"], float)
    near = [
        rng.permutation(np.flatnonzero(np.abs(z_of - redshift[i]) < _REDSHIFT_STEP)) for i in kept
    ]
    rows = np.unique(np.concatenate([n[:_TRIED_PER_REAL] for n in near]))
    mine = {row: spectra.standardised(one) for row, one in simulated.spectra(rows)}
    quality = {row: spectra.contrast(*one) for row, one in mine.items()}
    own = [spectra.contrast(flux[i], good[i]) for i in kept]
    close = [_close(rows_of, quality, value) for rows_of, value in zip(near, own, strict=True)]
    found = {row: spectra.features(*mine[row], z_of[row]) for row in {r for c in close for r in c}}
    features = {row: np.array(values) for row, (_, values) in found.items()}
    real_found = [spectra.features(flux[i], good[i], redshift[i]) for i in kept]
    names = real_found[0][0]
    b = np.array([values for _, values in real_found])
    matches = _first_of_each(close, per_real)
    taken = [row for rows_of in matches for row in rows_of]
    a = np.array([features[row] for row in taken])
    fitted = template_redshifts(spectra.GRID_ANGSTROM, flux[kept], good[kept], real)
    sure = np.abs(fitted - redshift[kept]) / (1 + redshift[kept]) < AGREES
    for_sure = np.repeat(sure, [len(rows_of) for rows_of in matches])
    lines = [names.index(name) for name in spectra.LINES]
    alike = _alike([c for c, s in zip(close, sure, strict=True) if s], features, b[sure], lines)
    equal = [row for rows_of in _first_of_each(alike, per_real) for row in rows_of]
    pixels = [i for i, name in enumerate(names) if spectra.is_of_pixels(name)]
    every = list(range(len(names)))
    return {
        "n_real_without_match": sum(not rows_of for rows_of in matches),
        "contrast": {
            "simulated, before matching": list(quality.values()),
            "simulated, matched": [quality[row] for row in taken],
            "real": own,
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
            for i, rows_of in list(zip(kept, matches, strict=True))[::4]
            if rows_of
        ],
        "classifiers": {
            name: tell_apart(
                left[:, columns],
                right[:, columns],
                [names[i] for i in columns],
                seed=seed,
                repeats=repeats,
                folds=folds,
            )
            for name, left, right, columns in (
                ("spectra", a, b, every),
                ("spectra, noise and pixels alone", a, b, pixels),
                ("spectra whose redshift a fit confirms", a[for_sure], b[sure], every),
                (
                    "those, noise and pixels alone",
                    a[for_sure],
                    b[sure],
                    pixels,
                ),
                (
                    "those, emission lines alike",
                    np.array([features[row] for row in equal]),
                    b[sure],
                    every,
                ),
            )
        },
    }


def _close(rows: Rows, quality: dict[int, float], wanted: float) -> list[int]:
    """Rows of nearly a contrast, the nearest first."""
    close = [
        int(row) for row in rows if row in quality and abs(quality[row] - wanted) < _CONTRAST_STEP
    ]
    return sorted(close, key=lambda row: abs(quality[row] - wanted))


def _alike(
    close: list[list[int]], features: dict[int, Floats], real: Floats, columns: list[int]
) -> list[list[int]]:
    """The same rows, those first whose features in `columns` are nearest to the real ones'."""
    scale = np.nanstd([values[columns] for values in features.values()], axis=0)

    def distance(row: int, own: Floats) -> float:
        return float(np.nansum(((features[row] - own)[columns] / scale) ** 2))

    return [
        sorted(rows, key=lambda row, own=own: distance(row, own))  # type: ignore[misc]
        for rows, own in zip(close, real, strict=True)
    ]


def _first_of_each(close: list[list[int]], n: int) -> list[list[int]]:
    """Up to `n` rows of each list in its order; no row is used twice."""
    used: set[int] = set()
    matches = []
    for rows in close:
        matches.append([row for row in rows if row not in used][:n])
        used.update(matches[-1])
    return matches


def _smooth(flux: Floats) -> list[float]:
    """Every fourth pixel of a running mean over 8, enough for a figure."""
    mean = np.convolve(flux, np.ones(8) / 8, mode="same")[::4]
    return [round(float(value), 3) for value in mean]
