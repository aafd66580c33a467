"""Classifiers that distinguish DESI EDR spectra from simulated ones of the same redshift and
signal-to-noise ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.compare.two_sample import two_sample_test
from benchmarks.realism.samples import spectrum_features
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey
from benchmarks.realism.samples.template_redshifts import AGREES, template_redshifts
from galsearch.core.arrays import BoolArray, Float64Array, Int64Array

MAX_REDSHIFT = 0.85
"""Largest redshift of the compared spectra: real spectra beyond it are emission-line galaxies and
quasars.
"""
_REDSHIFT_STEP = 0.02
_CONTRAST_STEP = 0.25
_TRIED_PER_REAL = 100


def compare_spectra(
    simulated: SimulatedSurvey, real: Path, *, per_real: int, repeats: int, folds: int, seed: int
) -> dict[str, Any]:
    """Features of real and matched simulated spectra, results of the classifiers that distinguish
    them, and example spectra.

    Each real spectrum below z = 0.85 is matched with up to `per_real` simulated ones within 0.02 in
    z and 0.25 in the logarithm of the scatter of the continuum over the noise
    (`spectrum_features.contrast`): the stored form of the real spectra has lost the level that a
    signal-to-noise ratio needs. A second classifier takes only the spectra whose redshift a fit of
    templates confirms: lines are looked for where the redshift places them, and a wrong redshift
    has none there. Further classifiers locate the difference. Those that use noise and pixels alone
    see the instrument and not the galaxies. The last classifier matches each confirmed spectrum
    with the simulated spectra whose four emission lines are most similar.

    The simulator's table of noise was extracted from the file that these spectra come from, so the
    classifiers of noise and pixels would find at least as much in other spectra.
    """
    rng = np.random.default_rng([seed, 3])
    flux, good, redshift = spectrum_features.real_spectra(real)
    kept = np.flatnonzero(redshift < MAX_REDSHIFT)
    z_of = np.asarray(simulated.truth["true_z"], float)
    near = [
        rng.permutation(np.flatnonzero(np.abs(z_of - redshift[i]) < _REDSHIFT_STEP)) for i in kept
    ]
    rows = np.unique(np.concatenate([n[:_TRIED_PER_REAL] for n in near]))
    simulated_sample = {
        row: spectrum_features.standardised(one) for row, one in simulated.spectra(rows)
    }
    quality = {row: spectrum_features.contrast(*one) for row, one in simulated_sample.items()}
    own = [spectrum_features.contrast(flux[i], good[i]) for i in kept]
    close = [_close(rows_of, quality, value) for rows_of, value in zip(near, own, strict=True)]
    found = {
        row: spectrum_features.features(*simulated_sample[row], z_of[row])
        for row in {r for c in close for r in c}
    }
    real_found = [spectrum_features.features(flux[i], good[i], redshift[i]) for i in kept]
    matched = _MatchedSpectra(
        real_found[0][0],
        np.array([values for _, values in real_found]),
        close,
        {row: np.array(values) for row, (_, values) in found.items()},
    )
    matches = matched.nearest(per_real)
    taken = [row for rows_of in matches for row in rows_of]
    fitted = template_redshifts(spectrum_features.GRID_ANGSTROM, flux[kept], good[kept], real)
    sure = np.abs(fitted - redshift[kept]) / (1 + redshift[kept]) < AGREES
    return {
        "n_real_without_match": sum(not rows_of for rows_of in matches),
        "contrast": {
            "simulated, before matching": list(quality.values()),
            "simulated, matched": [quality[row] for row in taken],
            "real": own,
        },
        "features": {
            "names": matched.names,
            "simulated": matched.of(matches).tolist(),
            "real": matched.real.tolist(),
            "z simulated": z_of[taken].tolist(),
            "z real": redshift[kept].tolist(),
        },
        "examples": [
            {
                "z": [float(redshift[i]), float(z_of[rows_of[0]])],
                "real": _smooth(flux[i]),
                "simulated": _smooth(simulated_sample[rows_of[0]][0]),
            }
            for i, rows_of in list(zip(kept, matches, strict=True))[::4]
            if rows_of
        ],
        "classifiers": _classifiers(
            matched, sure, per_real, seed=seed, repeats=repeats, folds=folds
        ),
    }


@dataclass(frozen=True, eq=False)
class _MatchedSpectra:
    """Features of real spectra, and of the simulated spectra with which each real one can be
    matched.
    """

    names: list[str]
    real: Float64Array
    """(n, names) features of the real spectra."""
    close: list[list[int]]
    """Rows of the simulated spectra that are similar in redshift and contrast to each real
    spectrum, nearest first.
    """
    features: dict[int, Float64Array]
    """Features (names,) of the simulated spectra by row."""

    def of(self, matches: list[list[int]]) -> Float64Array:
        """(rows, names) features of the simulated spectra in `matches`, one after the other."""
        return np.array([self.features[row] for rows in matches for row in rows])

    def nearest(self, n: int) -> list[list[int]]:
        """Up to `n` rows of simulated spectra for each real spectrum, the nearest in contrast; no
        row is used twice.
        """
        return _first_of_each(self.close, n)

    def most_alike(self, n: int, which: BoolArray, names: Sequence[str]) -> Float64Array:
        """(rows, names) features of the up to `n` simulated spectra that are most similar to each
        selected real spectrum in the named features.
        """
        columns = [self.names.index(name) for name in names]
        scale = np.nanstd([values[columns] for values in self.features.values()], axis=0)

        def distance(row: int, own: Float64Array) -> float:
            return float(np.nansum(((self.features[row] - own)[columns] / scale) ** 2))

        ranked = [
            sorted(self.close[i], key=lambda row, i=i: distance(row, self.real[i]))  # type: ignore[misc]
            for i in np.flatnonzero(which)
        ]
        return self.of(_first_of_each(ranked, n))


def _classifiers(
    matched: _MatchedSpectra, sure: BoolArray, per_real: int, **how: int
) -> dict[str, Any]:
    matches = matched.nearest(per_real)
    every = matched.of(matches), matched.real
    confirmed = matched.of([rows for rows, s in zip(matches, sure, strict=True) if s])
    those = confirmed, matched.real[sure]
    alike = matched.most_alike(per_real, sure, spectrum_features.LINES), matched.real[sure]
    pixels = [
        i for i, name in enumerate(matched.names) if spectrum_features.is_pixel_statistic(name)
    ]
    all_of = list(range(len(matched.names)))
    return {
        name: two_sample_test(
            left[:, columns], right[:, columns], [matched.names[i] for i in columns], **how
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
    """The rows of simulated spectra whose contrast is close to the one required, nearest first."""
    close = [
        int(row) for row in rows if row in quality and abs(quality[row] - wanted) < _CONTRAST_STEP
    ]
    return sorted(close, key=lambda row: abs(quality[row] - wanted))


def _first_of_each(close: list[list[int]], n: int) -> list[list[int]]:
    """Up to `n` rows of each list in the order of the list; no row is used twice over all lists."""
    used: set[int] = set()
    matches = []
    for rows in close:
        matches.append([row for row in rows if row not in used][:n])
        used.update(matches[-1])
    return matches


def _smooth(flux: Float64Array) -> list[float]:
    """Every fourth pixel of a running mean over 8 pixels of a spectrum, which is enough for a
    figure.
    """
    mean = np.convolve(flux, np.ones(8) / 8, mode="same")[::4]
    return [round(float(value), 3) for value in mean]
