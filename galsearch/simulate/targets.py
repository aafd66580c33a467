"""What real DESI targets look like to the Legacy Surveys: colours, sizes and ellipticities."""

import functools
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TYPES = ("exp", "dev", "ser")
_ELLIPTICITY_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_LARGEST_ELLIPTICITY = 0.7
"""An axis ratio of 0.18, that of a disk on edge."""


@dataclass(frozen=True)
class Look:
    """Colours without the Milky Way's dust, and size and shape of Tractor's model."""

    colour_gr: float
    colour_rz: float
    r_eff_arcsec: float
    ellipticity: float
    """|e| = (1 - q) / (1 + q) of the axis ratio q."""

    @property
    def axis_ratio(self) -> float:
        """The axis ratio (1 - |e|) / (1 + |e|)."""
        return (1 - self.ellipticity) / (1 + self.ellipticity)


@dataclass(frozen=True, eq=False)
class _Mixture:
    """Gaussian components of (r, g - r, r - z, log10 radius)."""

    weights: Floats
    means: Floats
    covariances: Floats


def draw_look(target: str, mag_r: float, rng: np.random.Generator) -> Look:
    """How a target of class `target` (bgs, lrg, elg) and this r magnitude looks.

    A type by its share at the magnitude, then its mixture on condition of the magnitude: the
    mixtures are desitarget's fits to real DR9 targets (dr9_targets.csv says how they were
    distilled). No mixture of round exponentials (REX) is known; EXP stands for both.
    """
    mags, shares = _shares(target)
    share = shares[int(np.argmin(np.abs(mags - mag_r)))]
    kind = _TYPES[int(rng.choice(3, p=share / share.sum()))]
    mixture = _mixture(target, kind)
    variance = mixture.covariances[:, 0, 0]
    log_odds = -0.5 * (mag_r - mixture.means[:, 0]) ** 2 / variance - 0.5 * np.log(variance)
    odds = mixture.weights * np.exp(log_odds - log_odds.max())
    part = int(rng.choice(odds.size, p=odds / odds.sum()))
    covariance = mixture.covariances[part]
    slope = covariance[1:, 0] / covariance[0, 0]
    rest = covariance[1:, 1:] - np.outer(slope, covariance[0, 1:])
    mean = mixture.means[part, 1:] + slope * (mag_r - mixture.means[part, 0])
    gr, rz, log_radius = mean + np.linalg.cholesky(rest) @ rng.standard_normal(3)
    ellipticity = np.interp(rng.random(), _ELLIPTICITY_SHARES, _ellipticities(target, kind))
    return Look(
        float(gr), float(rz), float(10 ** np.clip(log_radius, -0.7, 1.2)), float(ellipticity)
    )


@functools.cache
def _rows() -> list[list[str]]:
    table = resources.files("galsearch.simulate").joinpath("dr9_targets.csv").read_text("utf-8")
    return [line.split(",") for line in table.splitlines() if not line.startswith("#")]


@functools.cache
def _shares(target: str) -> tuple[Floats, Floats]:
    """Magnitudes (n,) and the shares (n, 3) of the types there."""
    rows = np.array([row[2:] for row in _rows() if row[:2] == ["share", target]], dtype=float)
    return rows[:, 0], rows[:, 1:]


@functools.cache
def _ellipticities(target: str, kind: str) -> tuple[float, ...]:
    """|e| at `_ELLIPTICITY_SHARES`, whatever the magnitude."""
    rows = (row[3:] for row in _rows() if row[:3] == ["ellipticity", target, kind])
    inner = [min(float(value), _LARGEST_ELLIPTICITY) for value in next(rows)]
    return (0.0, *inner, _LARGEST_ELLIPTICITY)


@functools.cache
def _mixture(target: str, kind: str) -> _Mixture:
    rows = np.array(
        [row[3:] for row in _rows() if row[:3] == ["mixture", target, kind]], dtype=float
    )
    covariances = np.zeros((len(rows), 4, 4))
    upper = np.triu_indices(4)
    covariances[:, upper[0], upper[1]] = rows[:, 5:]
    covariances[:, upper[1], upper[0]] = rows[:, 5:]
    return _Mixture(rows[:, 0], rows[:, 1:5], covariances + 1e-6 * np.eye(4))
