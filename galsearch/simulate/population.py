"""Which galaxies there are: redshift, luminosity and kind, drawn as DESI would have targeted them.

Luminosity functions are close to those of blue and red galaxies in GAMA (Loveday et al. 2012,
MNRAS 420, 1239, r band at z = 0.1), taken as not evolving beyond the K-correction.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.simulate.cosmology import distance_modulus, volume_weight

Floats = npt.NDArray[np.float64]

_5_LOG_H = 5 * np.log10(0.7)
_BLUE = (-20.45 + _5_LOG_H, -1.49, 0.0038)
_RED = (-20.34 + _5_LOG_H, -0.57, 0.0111)
"""(M*, alpha, phi*) of the Schechter functions."""


@dataclass(frozen=True)
class Sample:
    """One kind of target: the cuts that make it and its share of the simulated survey."""

    name: str
    share: float
    mag_r: tuple[float, float]
    z: tuple[float, float]
    brightest_only: bool = False
    """Red galaxies more luminous than M_r = -21.8 alone, as the LRG colour cuts leave."""


SAMPLES = (
    Sample("NEARBY", 0.14, (14.0, 17.5), (0.01, 0.25)),
    Sample("BGS_BRIGHT", 0.51, (15.0, 19.5), (0.01, 0.55)),
    Sample("BGS_FAINT", 0.15, (19.5, 20.175), (0.02, 0.65)),
    Sample("LRG", 0.20, (17.5, 22.0), (0.35, 0.8), True),
)
"""BGS limits from Hahn et al. 2023 (AJ 165, 253), LRG redshifts from Zhou et al. 2023 (AJ 165, 58).

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


def draw_galaxy(rng: np.random.Generator) -> Draw:
    """One galaxy: its sample by share, then redshift and luminosity jointly, then red or blue."""
    row = int(rng.choice(len(SAMPLES), p=[sample.share for sample in SAMPLES]))
    sample = SAMPLES[row]
    z_grid, mag_grid, cumulative, red_share = _table(row)
    cell = min(int(np.searchsorted(cumulative, rng.random())), len(cumulative) - 1)
    i, j = divmod(cell, len(mag_grid))
    red = bool(rng.random() < red_share[i, j])
    z = float(z_grid[i] + (rng.random() - 0.5) * (z_grid[1] - z_grid[0]))
    absolute = float(mag_grid[j] + (rng.random() - 0.5) * (mag_grid[1] - mag_grid[0]))
    mag_r = absolute + float(distance_modulus(z) + k_correction(z, red=red))
    return Draw(sample.name, z, float(np.clip(mag_r, *sample.mag_r)), absolute, red)


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
def _table(row: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Redshifts, absolute magnitudes, cumulative probability of their cells, share of red."""
    sample = SAMPLES[row]
    z, mag = np.linspace(*sample.z, 161), np.linspace(-24.2, -15.5, 175)
    density = np.zeros((2, z.size, mag.size))
    for colour, kind in enumerate((_BLUE, _RED)):
        apparent = mag + (distance_modulus(z) + k_correction(z, red=colour == 1))[:, None]
        inside = (apparent > sample.mag_r[0]) & (apparent < sample.mag_r[1])
        density[colour] = inside * _schechter(mag, kind) * volume_weight(z)[:, None]
    if sample.brightest_only:
        density[0] = 0
        density[1] *= mag < -21.8
    total = density.sum(axis=0)
    cumulative = np.cumsum(total.ravel() / total.sum())
    return z, mag, cumulative, density[1] / np.maximum(total, 1e-300)
