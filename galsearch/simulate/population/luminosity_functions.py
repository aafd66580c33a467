"""Which galaxies there are: redshift, luminosity and kind, drawn as DESI would have targeted them.

Luminosity functions are close to those of blue and red galaxies in GAMA (Loveday et al. 2012,
MNRAS 420, 1239, r band at z = 0.1), brighter by 0.7 mag per unit of redshift, as found there for
all galaxies. How targets of a magnitude look, and how far bright ones are, is drawn from real
surveys (`targets`).
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.simulate.cosmology import differential_volume, distance_modulus

Floats = npt.NDArray[np.float64]

_5_LOG_H = 5 * np.log10(0.7)
_BLUE = (-20.45 - 0.16 + _5_LOG_H, -1.49, 0.0038)
_RED = (-20.34 - 0.21 + _5_LOG_H, -0.57, 0.0111)
"""(M*, alpha, phi*) of the Schechter functions; second in M* is what turns a band seen from z = 0.1
into one at rest, K(0.1) + 2.5 log10(1.1)."""
_BRIGHTENING = 0.7


@dataclass(frozen=True)
class Sample:
    """One kind of target: the cuts that make it and its share of the simulated survey."""

    name: str
    share: float
    mag_r: tuple[float, float]
    z: tuple[float, float]
    look: str
    """Class of real targets whose colours and sizes it has; '' for none."""
    mag_absolute: tuple[float, float] = (-25.0, -12.0)
    kinds: tuple[bool, ...] = (False, True)
    """Blue galaxies, red ones, or both."""
    red_share: float | None = None
    """Where the luminosity functions do not say it well."""


SAMPLES = (
    Sample("NEARBY", 0.12, (14.0, 17.5), (0.005, 0.3), "sdss"),
    Sample("BGS_BRIGHT", 0.41, (15.0, 19.5), (0.005, 0.55), "bgs"),
    Sample("BGS_FAINT", 0.15, (19.5, 20.175), (0.005, 0.65), "bgs"),
    Sample("DWARF", 0.07, (17.5, 21.0), (0.003, 0.08), "", (-19.0, -12.0), red_share=0.5),
    Sample("LRG", 0.18, (17.5, 23.0), (0.35, 1.05), "lrg", (-25.0, -21.3), (True,)),
    Sample("ELG", 0.07, (20.5, 23.6), (0.6, 1.6), "elg", (-25.0, -19.0), (False,)),
)
"""BGS limits from Hahn et al. 2023 (AJ 165, 253), LRG redshifts from Zhou et al. 2023 (AJ 165, 58),
ELG ones from Raichoor et al. 2023 (AJ 165, 126), and dwarfs as those that DESI's LOW-Z programme
adds to BGS (Darragh-Ford et al. 2023, ApJ 954, 149), half of them red, as 11 of the 17 real EDR
galaxies under z = 0.06 that are at hand show no line.

NEARBY galaxies are a hundred times more frequent than in the sky (BGS holds under one in a
hundred as bright), so that a small survey has galaxies whose shapes can be seen.
"""


@dataclass(frozen=True)
class Draw:
    """Where and how luminous one galaxy is, before anything about its stars is known."""

    sample: str
    z: float
    mag_r: float
    """Apparent AB magnitude, before the Milky Way's dust."""
    absolute_mag_r: float
    red: bool


def draw_sample(rng: np.random.Generator) -> tuple[Sample, float]:
    """A sample by its share, and an r magnitude as frequent as in that sample."""
    row = int(rng.choice(len(SAMPLES), p=[sample.share for sample in SAMPLES]))
    mags, density = _table(row)[1:]
    cumulative = np.cumsum(density.sum(axis=(0, 1)))
    at = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
    mag = mags[min(at, mags.size - 1)] + (rng.random() - 0.5) * (mags[1] - mags[0])
    return SAMPLES[row], float(np.clip(mag, *SAMPLES[row].mag_r))


def draw_galaxy(
    sample: Sample, mag_r: float, rng: np.random.Generator, *, z: float | None = None
) -> Draw:
    """Redshift, kind and luminosity of a galaxy of this sample and magnitude.

    A redshift that is known already is kept (within the sample's limits).
    """
    z_grid, mags, density = _table(SAMPLES.index(sample))
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
    return Draw(sample.name, z, mag_r, absolute, kind == 1)


def k_correction(z: npt.ArrayLike, *, red: bool) -> npt.NDArray[np.float64]:
    """Roughly what redshift takes from r: 1.0 z + 1.3 z2 for red galaxies, 0.6 z for blue ones.

    Parabolas through K(z) of an old and of a star-forming Bagpipes population, to 0.1 mag.
    """
    z = np.asarray(z, dtype=float)
    return np.asarray(1.0 * z + 1.3 * z**2 if red else 0.6 * z)


def _schechter(mag: Floats, kind: tuple[float, float, float]) -> Floats:
    knee, alpha, density = kind
    x = 10 ** (-0.4 * (mag - knee))
    return density * x ** (alpha + 1) * np.exp(-x)


@functools.cache
def _table(row: int) -> tuple[Floats, Floats, Floats]:
    """Redshifts (n,), r magnitudes (m,), and the number of galaxies (2, n, m), blue and red."""
    sample = SAMPLES[row]
    z, mag = np.linspace(*sample.z, 161), np.linspace(*sample.mag_r, 121)
    density = np.zeros((2, z.size, mag.size))
    for colour, kind in enumerate((_BLUE, _RED)):
        if bool(colour) not in sample.kinds:
            continue
        absolute = mag - (distance_modulus(z) + k_correction(z, red=colour == 1))[:, None]
        inside = (absolute > sample.mag_absolute[0]) & (absolute < sample.mag_absolute[1])
        then = absolute + _BRIGHTENING * (z[:, None] - 0.1)
        density[colour] = inside * _schechter(then, kind) * differential_volume(z)[:, None]
    if sample.red_share is not None:
        wanted = np.array([1 - sample.red_share, sample.red_share])
        density *= (wanted / density.sum(axis=(1, 2)))[:, None, None]
    return z, mag, density
