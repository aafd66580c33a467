"""Scale and level of a spectrum that lacks one arm of the spectrograph.

The encoder is told the level, the scatter and the noise of a spectrum, and its flux is given in
these units. Without one arm they would be those of another part of the spectrum, which moves the
embedding more than the missing pixels do. They are therefore corrected to those that the whole
spectrum is likely to have, from the spectrum's own colour, contrast and noise.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array

ARMS_ANGSTROM = ((3600.0, 5780.0), (5780.0, 7570.0), (7570.0, 9824.1))
"""Limits of the parts of the DESI grid that belong to the arms B, R and Z."""
MISSING_SHARE = 0.9
"""Share of masked pixels from which on an arm is missing."""
SPLIT_ANGSTROM = (7540.0, 5200.0, 5220.0)
"""Wavelength that divides the measured part into halves of equal size, by the missing arm."""
ARM_RULES: tuple[tuple[tuple[float, float, float], ...], ...] = (
    (
        (0.354, 0.150, -0.291),
        (-0.331, 0.059, 0.005),
        (-0.352, 0.035, 0.006),
        (-0.167, -0.086, -0.002),
    ),
    (
        (-0.037, -0.083, 0.075),
        (0.105, -0.001, 0.029),
        (-0.009, -0.007, -0.003),
        (0.430, -0.198, -0.022),
    ),
    (
        (0.167, -0.107, 0.079),
        (-0.232, -0.003, 0.026),
        (0.274, -0.034, 0.006),
        (0.394, 0.027, -0.062),
    ),
)
"""Corrections of level (in units of the scatter), of log10 of the scatter and of log10 of the
inverse noise, by the missing arm: rows are the factors of 1 and of the three features of
`features`. They were fitted to simulated galaxies by `benchmarks.robustness.fit_arm_rules`."""
_LARGEST_CORRECTION = 1.0


@dataclass(frozen=True, eq=False)
class SpectrumSummary:
    """Level, scatter, depth and coverage of spectra, (B,) each."""

    middle: Float32Array
    """Median flux of the measured pixels."""
    scale: Float32Array
    """Robust scatter of the measured pixels."""
    precision: Float32Array
    """Median inverse variance of the measured pixels."""
    measured: Float64Array
    """Share of the pixels that are measured."""


def missing_arms(bad: BoolArray, wavelength_angstrom: npt.NDArray[np.floating]) -> BoolArray:
    """(B, 3) True where nine tenths or more of an arm (B, R or Z) of a spectrum are masked.

    Parameters
    ----------
    bad : (B, pixels)
        True where there is no measurement.
    wavelength_angstrom : (pixels,)
        Wavelengths of the pixels.
    """
    wavelength = np.asarray(wavelength_angstrom)
    missing = np.zeros((len(bad), len(ARMS_ANGSTROM)), bool)
    for number, (low, high) in enumerate(ARMS_ANGSTROM):
        arm = (wavelength >= low) & (wavelength < high)
        if arm.any():
            missing[:, number] = bad[:, arm].mean(axis=1) >= MISSING_SHARE
    return missing


def features(
    value: Float32Array,
    covered: BoolArray,
    summary: SpectrumSummary,
    wavelength_angstrom: npt.NDArray[np.floating],
    arm: int,
) -> Float64Array:
    """(B, 4) features of spectra that lack an arm: 1, level, tilt and contrast to the noise.

    Parameters
    ----------
    value : (B, pixels)
        Flux of the spectra.
    covered : (B, pixels)
        True where it is measured; no pixel of the arm need be so.
    summary
        Summary of the measured pixels.
    wavelength_angstrom : (pixels,)
        Wavelengths of the pixels.
    arm
        Number of the missing arm: 0, 1 or 2 for B, R or Z.
    """
    blue = np.asarray(wavelength_angstrom) < SPLIT_ANGSTROM[arm]
    tilt = [
        np.median(row[keep & ~blue]) - np.median(row[keep & blue])
        if (keep & blue).any() and (keep & ~blue).any()
        else 0.0
        for row, keep in zip(value, covered, strict=True)
    ]
    scale = summary.scale.astype(np.float64)
    return np.stack(
        [
            np.ones(len(value)),
            np.arcsinh(summary.middle / scale),
            np.array(tilt) / scale,
            np.log10(scale * np.sqrt(summary.precision)),
        ],
        axis=1,
    )


def of_whole_spectrum(
    value: Float32Array,
    covered: BoolArray,
    summary: SpectrumSummary,
    wavelength_angstrom: npt.NDArray[np.floating],
) -> SpectrumSummary:
    """The summary that spectra are likely to have with the one arm that they lack.

    Spectra that lack no arm, or more than one, keep their summary.

    Parameters
    ----------
    value : (B, pixels)
        Flux of the spectra.
    covered : (B, pixels)
        True where it is measured.
    summary
        Summary of the measured pixels.
    wavelength_angstrom : (pixels,)
        Wavelengths of the pixels.
    """
    missing = missing_arms(~covered, wavelength_angstrom)
    columns = {name: column.copy() for name, column in vars(summary).items()}
    for arm, (low, high) in enumerate(ARMS_ANGSTROM):
        rows = np.flatnonzero(missing[:, arm] & (missing.sum(axis=1) == 1))
        rest = (wavelength_angstrom < low) | (wavelength_angstrom >= high)
        if not (rows.size and rest.any()):
            continue
        part = SpectrumSummary(**{name: column[rows] for name, column in vars(summary).items()})
        found = features(value[rows], covered[rows], part, wavelength_angstrom, arm)
        step = np.clip(found @ np.array(ARM_RULES[arm]), -_LARGEST_CORRECTION, _LARGEST_CORRECTION)
        columns["middle"][rows] += step[:, 0] * part.scale
        columns["scale"][rows] *= 10 ** step[:, 1]
        columns["precision"][rows] *= 10 ** (2 * step[:, 2])
        # The measured share is one of pixels of equal width in Angstrom.
        width = np.gradient(wavelength_angstrom)
        columns["measured"][rows] = np.minimum(part.measured * width.sum() / width[rest].sum(), 1)
    return replace(summary, **columns)
