"""Gaussian mixtures of the colours, sizes and ellipticities of real galaxies.

For bright galaxies a mixture also has the redshift.
"""

import functools
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np

from galsearch.core.arrays import Float64Array

_TYPES = ("exp", "dev", "ser")
_LARGEST_ELLIPTICITY = 0.7
"""Ellipticity of a disk seen edge-on, whose axis ratio is 0.18."""


@dataclass(frozen=True)
class TargetPhotometry:
    """Colours of a target without the Milky Way's dust, and its size and ellipticity in Tractor."""

    colour_gr: float
    colour_rz: float
    r_eff_arcsec: float
    ellipticity: float
    """Ellipticity |e| = (1 - q) / (1 + q), where q is the axis ratio."""
    z: float | None = None
    """Redshift where it was drawn together with the colours, otherwise None."""

    @property
    def axis_ratio(self) -> float:
        """Axis ratio (1 - |e|) / (1 + |e|) of the target, from its ellipticity |e|."""
        return (1 - self.ellipticity) / (1 + self.ellipticity)


@dataclass(frozen=True, eq=False)
class _Mixture:
    """A Gaussian mixture of n components; its first dimension is the r magnitude."""

    weights: Float64Array
    """Weights of the components of the mixture, (n,)."""
    means: Float64Array
    """Means of the components of the mixture, (n, d)."""
    covariances: Float64Array
    """Covariances of the components of the mixture, (n, d, d)."""


def draw_photometry(target: str, mag_r: float, rng: np.random.Generator) -> TargetPhotometry:
    """Random colours, size and ellipticity as of real targets of a class and r magnitude.

    First a Tractor type is drawn by its share at the magnitude, then the photometry from the
    mixture of that type, given the magnitude. The mixtures are desitarget's fits to real DR9
    targets (photometric_mixtures.csv says how they were extracted). There is no mixture for round
    exponentials (REX); that of EXP stands for both.

    Parameters
    ----------
    target : "bgs", "lrg", "elg" or "sdss"
        `sdss` stands for galaxies brighter than the BGS targets that the mixtures were fitted to:
        redshift and colours are drawn together as in SDSS, sizes and ellipticities as for BGS.
    mag_r
        Apparent AB magnitude in r without the Milky Way's dust.
    rng
        Generator of the photometry.
    """
    if target == "sdss":
        log_z, gr, rz = _draw_given_magnitude(_mixture("sdss", "all"), mag_r, rng)
        return replace(
            draw_photometry("bgs", mag_r, rng), colour_gr=gr, colour_rz=rz, z=np.exp(log_z)
        )
    mags, shares = _type_shares(target)
    share = shares[int(np.argmin(np.abs(mags - mag_r)))]
    kind = _TYPES[int(rng.choice(3, p=share / share.sum()))]
    gr, rz, log_radius, e1, e2 = _draw_given_magnitude(_mixture(target, kind), mag_r, rng)
    ellipticity = min(float(np.hypot(e1, e2)), _LARGEST_ELLIPTICITY)
    return TargetPhotometry(gr, rz, float(10 ** np.clip(log_radius, -0.7, 1.2)), ellipticity)


def _draw_given_magnitude(
    mixture: _Mixture, mag_r: float, rng: np.random.Generator
) -> tuple[float, ...]:
    """A random vector from a mixture given the r magnitude, which is left out of the vector."""
    variance = mixture.covariances[:, 0, 0]
    log_odds = -0.5 * (mag_r - mixture.means[:, 0]) ** 2 / variance - 0.5 * np.log(variance)
    odds = mixture.weights * np.exp(log_odds - log_odds.max())
    part = int(rng.choice(odds.size, p=odds / odds.sum()))
    covariance = mixture.covariances[part]
    slope = covariance[1:, 0] / covariance[0, 0]
    rest = covariance[1:, 1:] - np.outer(slope, covariance[0, 1:])
    mean = mixture.means[part, 1:] + slope * (mag_r - mixture.means[part, 0])
    values = mean + np.linalg.cholesky(rest) @ rng.standard_normal(mean.size)
    return tuple(float(value) for value in values)


@functools.cache
def _rows() -> list[list[str]]:
    table = (
        resources.files("galsearch.simulate")
        .joinpath("photometric_mixtures.csv")
        .read_text("utf-8")
    )
    return [line.split(",") for line in table.splitlines() if not line.startswith("#")]


@functools.cache
def _type_shares(target: str) -> tuple[Float64Array, Float64Array]:
    """Magnitudes in r (n,), and shares (n, 3) of the Tractor types EXP, DEV and SER at each."""
    rows = np.array([row[2:] for row in _rows() if row[:2] == ["share", target]], dtype=float)
    return rows[:, 0], rows[:, 1:]


@functools.cache
def _mixture(target: str, kind: str) -> _Mixture:
    rows = np.array(
        [row[3:] for row in _rows() if row[:3] == ["mixture", target, kind]], dtype=float
    )
    n = 4 if target == "sdss" else 6
    upper = np.triu_indices(n)
    covariances = np.zeros((len(rows), n, n))
    covariances[:, upper[0], upper[1]] = rows[:, 1 + n :]
    covariances[:, upper[1], upper[0]] = rows[:, 1 + n :]
    return _Mixture(rows[:, 0], rows[:, 1 : 1 + n], covariances + 1e-6 * np.eye(n))
