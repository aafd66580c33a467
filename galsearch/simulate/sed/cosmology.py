"""Distances and times in a flat universe with H0 = 70 km/s/Mpc and Omega_m = 0.3, as Bagpipes'."""

import functools

import numpy as np
import numpy.typing as npt

HUBBLE_KM_S_MPC, OMEGA_M = 70.0, 0.3
SPEED_OF_LIGHT_KM_S = 299792.458
_GYR_KM_S_MPC = 977.7922
"""1 / (1 km/s/Mpc) in Gyr."""


def distance_modulus(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """5 log10(luminosity distance / 10 pc), for redshifts in 0.001 to 1.7.

    Examples
    --------
    >>> distance_modulus([0.1, 0.5]).round(2)
    array([38.32, 42.26])
    """
    return np.asarray(5 * np.log10(luminosity_distance_mpc(z)) + 25)


def luminosity_distance_mpc(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(1 + z) times the comoving distance, in Mpc."""
    grid, comoving = _comoving()
    z = np.asarray(z, dtype=np.float64)
    return np.asarray((1 + z) * np.interp(z, grid, comoving))


def kpc_per_arcsec(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Proper transverse size of an arcsecond.

    Examples
    --------
    >>> kpc_per_arcsec(0.3).round(2)
    np.float64(4.45)
    """
    distance = luminosity_distance_mpc(z) / (1 + np.asarray(z)) ** 2
    return np.asarray(distance * 1e3 * np.deg2rad(1 / 3600))[()]


def volume_weight(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Comoving volume per unit of redshift and of sky, in units that do not matter."""
    grid, comoving = _comoving()
    z = np.asarray(z, dtype=np.float64)
    return np.asarray(np.interp(z, grid, comoving) ** 2 / _expansion(z))


def age_gyr(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Age of the universe (closed form of a flat universe of matter and Lambda).

    Examples
    --------
    >>> age_gyr([0.0, 0.5]).round(2)
    array([13.47,  8.43])
    """
    ratio = np.sqrt((1 - OMEGA_M) / OMEGA_M) * (1 + np.asarray(z, dtype=float)) ** -1.5
    scale = 2 / (3 * np.sqrt(1 - OMEGA_M)) * _GYR_KM_S_MPC / HUBBLE_KM_S_MPC
    return np.asarray(scale * np.arcsinh(ratio))


def _expansion(z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.sqrt(OMEGA_M * (1 + z) ** 3 + 1 - OMEGA_M))


@functools.cache
def _comoving() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    grid = np.linspace(0, 1.7, 3401)
    inverse = SPEED_OF_LIGHT_KM_S / HUBBLE_KM_S_MPC / _expansion(grid)
    steps = (inverse[1:] + inverse[:-1]) / 2 * np.diff(grid)
    return grid, np.concatenate([[0.0], np.cumsum(steps)])
