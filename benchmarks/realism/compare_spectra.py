"""Real EDR spectra beside simulated ones of the same redshift and signal to noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism import spectra
from benchmarks.realism.simulated import Simulated
from benchmarks.realism.template_redshifts import AGREES, template_redshifts
from benchmarks.realism.two_sample import tell_apart
from galsearch.core.arrays import BoolArray, Float64Array, Int64Array

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
    redshift says, and where it is wrong there are none. Others ask where a difference lies: those
    of noise and pixels alone know what the instrument does and not what the galaxies are; the last
    faces each confirmed spectrum with those whose four emission lines are most alike.

    The simulator's table of noise was distilled from the file that these spectra come from: what
    classifiers of noise and pixels find is the least that they would find in other spectra.
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
    real_found = [spectra.features(flux[i], good[i], redshift[i]) for i in kept]
    faced = _Faced(
        real_found[0][0],
        np.array([values for _, values in real_found]),
        close,
        {row: np.array(values) for row, (_, values) in found.items()},
    )
    matches = faced.nearest(per_real)
    taken = [row for rows_of in matches for row in rows_of]
    fitted = template_redshifts(spectra.GRID_ANGSTROM, flux[kept], good[kept], real)
    sure = np.abs(fitted - redshift[kept]) / (1 + redshift[kept]) < AGREES
    return {
        "n_real_without_match": sum(not rows_of for rows_of in matches),
        "contrast": {
            "simulated, before matching": list(quality.values()),
            "simulated, matched": [quality[row] for row in taken],
            "real": own,
        },
        "features": {
            "names": faced.names,
            "simulated": faced.of(matches).tolist(),
            "real": faced.real.tolist(),
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
        "classifiers": _classifiers(faced, sure, per_real, seed=seed, repeats=repeats, folds=folds),
    }


@dataclass(frozen=True, eq=False)
class _Faced:
    """Features of real spectra, and of simulated ones that each may face."""

    names: list[str]
    real: Float64Array
    """(n, names)"""
    close: list[list[int]]
    """For each real spectrum the simulated rows alike in redshift and contrast, nearest first."""
    features: dict[int, Float64Array]
    """By row."""

    def of(self, matches: list[list[int]]) -> Float64Array:
        """(rows, names) of these rows."""
        return np.array([self.features[row] for rows in matches for row in rows])

    def nearest(self, n: int) -> list[list[int]]:
        """Up to `n` rows for each real spectrum, nearest in contrast; no row is used twice."""
        return _first_of_each(self.close, n)

    def most_alike(self, n: int, which: BoolArray, names: Sequence[str]) -> Float64Array:
        """Of up to `n` rows for each of these real spectra, those nearest in some features."""
        columns = [self.names.index(name) for name in names]
        scale = np.nanstd([values[columns] for values in self.features.values()], axis=0)

        def distance(row: int, own: Float64Array) -> float:
            return float(np.nansum(((self.features[row] - own)[columns] / scale) ** 2))

        ranked = [
            sorted(self.close[i], key=lambda row, i=i: distance(row, self.real[i]))  # type: ignore[misc]
            for i in np.flatnonzero(which)
        ]
        return self.of(_first_of_each(ranked, n))


def _classifiers(faced: _Faced, sure: BoolArray, per_real: int, **how: int) -> dict[str, Any]:
    matches = faced.nearest(per_real)
    every = faced.of(matches), faced.real
    confirmed = faced.of([rows for rows, s in zip(matches, sure, strict=True) if s])
    those = confirmed, faced.real[sure]
    alike = faced.most_alike(per_real, sure, spectra.LINES), faced.real[sure]
    pixels = [i for i, name in enumerate(faced.names) if spectra.is_of_pixels(name)]
    all_of = list(range(len(faced.names)))
    return {
        name: tell_apart(
            left[:, columns], right[:, columns], [faced.names[i] for i in columns], **how
        )
        for name, (left, right), columns in (
            ("spectra", every, all_of),
            ("spectra, noise and pixels alone", every, pixels),
            ("spectra whose redshift a fit confirms", those, all_of),
            ("those, noise and pixels alone", those, pixels),
            ("those, emission lines alike", alike, all_of),
        )
    }


def _close(rows: Int64Array, quality: dict[int, float], wanted: float) -> list[int]:
    """Int64Array of nearly a contrast, the nearest first."""
    close = [
        int(row) for row in rows if row in quality and abs(quality[row] - wanted) < _CONTRAST_STEP
    ]
    return sorted(close, key=lambda row: abs(quality[row] - wanted))


def _first_of_each(close: list[list[int]], n: int) -> list[list[int]]:
    """Up to `n` rows of each list in its order; no row is used twice."""
    used: set[int] = set()
    matches = []
    for rows in close:
        matches.append([row for row in rows if row not in used][:n])
        used.update(matches[-1])
    return matches


def _smooth(flux: Float64Array) -> list[float]:
    """Every fourth pixel of a running mean over 8, enough for a figure."""
    mean = np.convolve(flux, np.ones(8) / 8, mode="same")[::4]
    return [round(float(value), 3) for value in mean]
