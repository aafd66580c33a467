"""Redshifts, luminosities and colours (blue or red) of galaxies in the proportions of DESI targets.

Luminosity functions are close to those of blue and red galaxies in GAMA (Loveday et al. 2012,
MNRAS 420, 1239, r band at z = 0.1), and brighten by 0.7 mag per unit of redshift, as they find for
all galaxies. Colours and sizes of targets of a given magnitude, and redshifts of bright ones, are
drawn from mixtures fitted to real surveys (`photometric_mixtures`).
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.simulate.cosmology import differential_volume, distance_modulus

_5_LOG_H = 5 * np.log10(0.7)
_BLUE = (-20.45 - 0.16 + _5_LOG_H, -1.49, 0.0038)
_RED = (-20.34 - 0.21 + _5_LOG_H, -0.57, 0.0111)
"""Schechter parameters (M*, alpha, phi*) of blue and red galaxies. The second term of M* converts
from the r band at z = 0.1 to the rest frame: K(0.1) + 2.5 log10(1.1)."""
_BRIGHTENING = 0.7
"""Magnitudes by which M* of the luminosity functions brightens per unit of redshift."""


@dataclass(frozen=True)
class Sample:
    """One sample of targets: the cuts that define it and its share of the simulated survey."""

    name: str
    share: float
    mag_r: tuple[float, float]
    z: tuple[float, float]
    mixture: str
    """Photometric mixture from which colours and sizes are drawn: bgs, lrg, elg or sdss; '' for
    none."""
    mag_absolute: tuple[float, float] = (-25.0, -12.0)
    kinds: tuple[bool, ...] = (False, True)
    """Kinds of galaxies that the sample holds: False for blue ones, True for red ones."""
    red_fraction: float | None = None
    """Share of red galaxies; None where the luminosity functions decide."""


SAMPLES = (
    Sample("NEARBY", 0.12, (14.0, 17.5), (0.005, 0.3), "sdss"),
    Sample("BGS_BRIGHT", 0.41, (15.0, 19.5), (0.005, 0.55), "bgs"),
    Sample("BGS_FAINT", 0.15, (19.5, 20.175), (0.005, 0.65), "bgs"),
    Sample("DWARF", 0.07, (17.5, 21.0), (0.003, 0.08), "", (-19.0, -12.0), red_fraction=0.5),
    Sample("LRG", 0.18, (17.5, 23.0), (0.35, 1.05), "lrg", (-25.0, -21.3), (True,)),
    Sample("ELG", 0.07, (20.5, 23.6), (0.6, 1.6), "elg", (-25.0, -19.0), (False,)),
)
"""Samples of targets that make up a simulated survey.

Their limits follow Hahn et al. 2023 (AJ 165, 253) for BGS, Zhou et al. 2023 (AJ 165, 58) for the
redshifts of LRGs, and Raichoor et al. 2023 (AJ 165, 126) for those of ELGs. Dwarfs are like those
that DESI's LOW-Z programme adds to BGS (Darragh-Ford et al. 2023, ApJ 954, 149). Half of the dwarfs
are red: of the 17 real EDR galaxies below z = 0.06 that were available, 11 show no emission line.

NEARBY galaxies are a hundred times more frequent than in the sky (fewer than one BGS target in a
hundred is as bright), so that a small survey has galaxies whose shapes can be seen.
"""


@dataclass(frozen=True)
class Target:
    """Redshift, magnitude and kind of one galaxy, before its physical properties are drawn."""

    sample: str
    z: float
    mag_r: float
    """Apparent AB magnitude in r without the Milky Way's dust."""
    absolute_mag_r: float
    red: bool


def draw_sample(rng: np.random.Generator) -> tuple[Sample, float]:
    """A random sample and r magnitude, in the proportions of the simulated survey."""
    row = int(rng.choice(len(SAMPLES), p=[sample.share for sample in SAMPLES]))
    mags, density = sample_table(SAMPLES[row])[1:]
    cumulative = np.cumsum(density.sum(axis=(0, 1)))
    at = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
    mag = mags[min(at, mags.size - 1)] + (rng.random() - 0.5) * (mags[1] - mags[0])
    return SAMPLES[row], float(np.clip(mag, *SAMPLES[row].mag_r))


def draw_target(
    sample: Sample, mag_r: float, rng: np.random.Generator, *, z: float | None = None
) -> Target:
    """A random target (redshift, magnitude and kind) of a sample at a given magnitude.

    Parameters
    ----------
    sample
        Sample of targets, such as the LRGs.
    mag_r
        Apparent magnitude in r, without the Milky Way's dust.
    rng
        Generator of the redshift and the kind.
    z
        Redshift where it is known already; it is clipped to the limits of the sample.
    """
    z_grid, mags, density = sample_table(sample)
    expected = density[:, :, int(np.argmin(np.abs(mags - mag_r)))]
    if z is None:
        cumulative = np.cumsum(expected)
        cell = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
        kind, i = divmod(min(cell, cumulative.size - 1), z_grid.size)
        z = float(z_grid[i] + (rng.random() - 0.5) * (z_grid[1] - z_grid[0]))
        z = max(z, sample.z[0])
    else:
        z = float(np.clip(z, *sample.z))
        blue, red = expected[:, int(np.argmin(np.abs(z_grid - z)))]
        kind = int(rng.random() * (blue + red) >= blue)
    absolute = mag_r - float(distance_modulus(z) + k_correction(z, red=kind == 1))
    return Target(sample.name, z, mag_r, absolute, kind == 1)


def k_correction(z: npt.ArrayLike, *, red: bool) -> Float64Array:
    """Approximate K-correction in r: 1.0 z + 1.3 z2 mag for red galaxies, 0.6 z mag for blue ones.

    These are fits to K(z) of an old and of a star-forming Bagpipes population, good to 0.1 mag.

    Examples
    --------
    >>> k_correction([0.1, 0.5], red=True)
    array([0.113, 0.825])
    """
    z = np.asarray(z, dtype=float)
    return np.asarray(1.0 * z + 1.3 * z**2 if red else 0.6 * z)


def _schechter(mag: Float64Array, kind: tuple[float, float, float]) -> Float64Array:
    """Schechter luminosity function with parameters (M*, alpha, phi*) at absolute magnitudes."""
    knee, alpha, density = kind
    x = 10 ** (-0.4 * (mag - knee))
    return density * x ** (alpha + 1) * np.exp(-x)


@functools.cache
def sample_table(sample: Sample) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Redshifts (n,), r magnitudes (m,), and numbers (2, n, m) of blue and of red galaxies."""
    z, mag = np.linspace(*sample.z, 161), np.linspace(*sample.mag_r, 121)
    density = np.zeros((2, z.size, mag.size))
    for colour, kind in enumerate((_BLUE, _RED)):
        if bool(colour) not in sample.kinds:
            continue
        absolute = mag - (distance_modulus(z) + k_correction(z, red=colour == 1))[:, None]
        inside = (absolute > sample.mag_absolute[0]) & (absolute < sample.mag_absolute[1])
        evolved_mag = absolute + _BRIGHTENING * (z[:, None] - 0.1)
        density[colour] = inside * _schechter(evolved_mag, kind) * differential_volume(z)[:, None]
    if sample.red_fraction is not None:
        wanted = np.array([1 - sample.red_fraction, sample.red_fraction])
        density *= (wanted / density.sum(axis=(1, 2)))[:, None, None]
    return z, mag, density
