"""True properties of a simulated galaxy, as one row of the truth table of a survey."""

import functools

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.simulate.population.morphology import Shape
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import GalaxySED
from galsearch.simulate.sed.photometry import BANDS
from galsearch.simulate.spectroscopy.spectrograph import ObservedSpectrum


def truth_row(
    galaxy: Galaxy, sed: GalaxySED, spectrum: ObservedSpectrum, ebv: float
) -> dict[str, float | str]:
    """Columns of the truth table except TARGETID, in the units of PROVABGS for those that it has.

    The columns are LOG10_MASS (solar masses in living stars), AGE_GYR (weighted by mass formed),
    LOG10_Z_ZSUN (weighted by living mass), LOG10_Z_GAS_ZSUN (of the gas around young stars), SFR
    (solar masses per year over 100 Myr; 0 is -6 in LOG10_SFR), BULGE_FRACTION (of the r-band
    light), sizes in arcseconds along the major axis, MAG_* including the Milky Way's dust, SNR per
    pixel of the R arm. Flags hold even where the galaxy is too small or faint for the property to
    be seen.
    """
    shape, total = galaxy.shape, sed.band_flux.sum(axis=0)
    bulge = float(sed.band_flux[0, 1] / total[1])
    mags = 22.5 - 2.5 * np.log10(total)
    log_sfr = float(np.log10(max(sed.sfr, 1e-6)))
    return {
        "TRUE_Z": galaxy.target.z,
        "SAMPLE": galaxy.target.sample,
        "LOG10_MASS": sed.log10_mass,
        "AGE_GYR": sed.age_gyr,
        "LOG10_Z_ZSUN": sed.log10_metallicity,
        "LOG10_Z_GAS_ZSUN": float(np.log10(galaxy.gas_metallicity)),
        "SFR": sed.sfr,
        "LOG10_SFR": log_sfr,
        "LOG10_SSFR": log_sfr - sed.log10_mass,
        "AV": galaxy.dust_av,
        "EBV": ebv,
        "SIGMA_KM_S": galaxy.sigma_bulge_km_s,
        "BULGE_FRACTION": bulge,
        "R_EFF_ARCSEC": half_light_radius(shape, bulge),
        "BULGE_SERSIC": shape.sersic,
        "AXIS_RATIO": bulge * shape.bulge_axis_ratio + (1 - bulge) * shape.disk_axis_ratio,
        "POSITION_ANGLE_DEG": shape.position_angle_deg,
        "INCLINATION_DEG": shape.inclination_deg,
        "MORPHOLOGY": _morphology(galaxy, bulge),
        "HAS_SPIRAL_ARMS": int(shape.n_arms > 0),
        "N_ARMS": shape.n_arms,
        "HAS_BAR": int(shape.bar_fraction > 0),
        "HAS_RING": int(shape.ring_fraction > 0),
        "IS_MERGER": int(shape.companion_fraction > 0),
        "IS_STAR_FORMING": int(galaxy.star_forming),
        "IS_POST_STARBURST": int(galaxy.post_starburst),
        "IS_SEYFERT": int(galaxy.agn_oiii > 0 and galaxy.agn_seyfert),
        **{f"MAG_{band.upper()}": float(mag) for band, mag in zip(BANDS, mags, strict=True)},
        "SNR": spectrum.signal_to_noise,
    }


def _morphology(galaxy: Galaxy, bulge: float) -> str:
    """Morphological class of a galaxy, from the share of the bulge in the r-band flux."""
    if bulge > 0.7:
        return "elliptical"
    if not galaxy.star_forming:
        return "lenticular"
    return "spiral" if galaxy.shape.n_arms else "disk"


def half_light_radius(shape: Shape, bulge_fraction: float) -> float:
    """Semi-major axis in arcseconds of the ellipse that holds half the light of bulge and disk.

    Bulge and disk are assumed to have the same axis ratio.
    """
    radii = np.geomspace(0.02, 40.0, 400)
    inside = bulge_fraction * np.interp(radii / shape.bulge_r_arcsec, *_growth(shape.sersic))
    inside = inside + (1 - bulge_fraction) * np.interp(radii / shape.disk_r_arcsec, *_growth(1.0))
    return float(np.interp(0.5, inside, radii))


@functools.cache
def _growth(sersic: float) -> tuple[Float64Array, Float64Array]:
    """Radii in half-light radii, and the share of a Sersic profile's light within each radius."""
    radii = np.geomspace(1e-4, 300.0, 6000)
    # The coefficient b of the Sersic profile is from Ciotti & Bertin 1999 (A&A 352, 447). Rings of
    # equal logarithmic width have areas in proportion to the squared radius.
    b = 2 * sersic - 1 / 3 + 4 / (405 * sersic)
    ring = np.exp(-b * radii ** (1 / sersic)) * radii**2
    enclosed_flux = np.cumsum(ring)
    return radii, enclosed_flux / enclosed_flux[-1]
