"""Distances and ages in the cosmology of the simulation: flat, H0 = 70 km/s/Mpc, Omega_m = 0.3.

Bagpipes uses the same cosmology. The functions return plain arrays in the units of their names.
"""

import numpy as np
import numpy.typing as npt
from astropy.cosmology import FlatLambdaCDM

from galsearch.core.arrays import Float64Array

COSMOLOGY = FlatLambdaCDM(H0=70.0, Om0=0.3)
"""Flat cosmology with matter and a cosmological constant, without radiation (Tcmb0 = 0)."""


def luminosity_distance_mpc(z: npt.ArrayLike) -> Float64Array:
    """Luminosity distance in Mpc at redshifts z.

    Examples
    --------
    >>> luminosity_distance_mpc([0.1, 0.5]).round(1)
    array([ 460.3, 2832.9])
    """
    return np.asarray(COSMOLOGY.luminosity_distance(z).value)


def distance_modulus(z: npt.ArrayLike) -> Float64Array:
    """Distance modulus in magnitudes at redshifts z, 5 log10(luminosity distance / 10 pc).

    Examples
    --------
    >>> distance_modulus([0.1, 0.5]).round(2)
    array([38.32, 42.26])
    """
    return np.asarray(COSMOLOGY.distmod(z).value)


def kpc_per_arcsec(z: npt.ArrayLike) -> Float64Array:
    """Proper transverse size of one arcsecond in kpc at redshifts z.

    Examples
    --------
    >>> kpc_per_arcsec([0.3]).round(2)
    array([4.45])
    """
    return np.asarray(COSMOLOGY.kpc_proper_per_arcmin(z).value / 60)


def differential_volume(z: npt.ArrayLike) -> Float64Array:
    """Comoving volume per unit of redshift and solid angle at redshifts z, in Mpc3 / steradian.

    Examples
    --------
    >>> (differential_volume([0.5]) / 1e9).round(2)
    array([11.67])
    """
    return np.asarray(COSMOLOGY.differential_comoving_volume(z).value)


def age_gyr(z: npt.ArrayLike) -> Float64Array:
    """Age of the universe in Gyr at redshifts z.

    Examples
    --------
    >>> age_gyr([0.0, 0.5]).round(2)
    array([13.47,  8.43])
    """
    return np.asarray(COSMOLOGY.age(z).value)
