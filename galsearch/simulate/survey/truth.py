"""What is true of a simulated galaxy, as one row of the table beside the survey."""

import functools

import numpy as np
import numpy.typing as npt

from galsearch.simulate.population.morphology import Shape
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import Light
from galsearch.simulate.sed.photometry import BANDS
from galsearch.simulate.spectroscopy import Recorded


def truth_row(
    galaxy: Galaxy, light: Light, recorded: Recorded, ebv: float
) -> dict[str, float | str]:
    """Columns of the truth table but TARGETID; units as PROVABGS has them where it has them.

    LOG10_MASS (solar masses in living stars), AGE_GYR (weighted by mass formed), LOG10_Z_ZSUN
    (weighted by living mass), LOG10_Z_GAS_ZSUN (of the gas around young stars), SFR (solar masses a
    year over 100 Myr; 0 is -6 in LOG10_SFR), BULGE_FRACTION (of the r-band light), sizes in
    arcseconds along the major axis, MAG_* as seen through the Milky Way's dust, SNR per pixel of
    the R arm. Flags say what the galaxy is, even where it is too small or faint to show it.
    """
    shape, total = galaxy.shape, light.band_flux.sum(axis=0)
    bulge = float(light.band_flux[0, 1] / total[1])
    mags = 22.5 - 2.5 * np.log10(total)
    log_sfr = float(np.log10(max(light.sfr, 1e-6)))
    return {
        "TRUE_Z": galaxy.draw.z,
        "SAMPLE": galaxy.draw.sample,
        "LOG10_MASS": light.log10_mass,
        "AGE_GYR": light.age_gyr,
        "LOG10_Z_ZSUN": light.log10_metallicity,
        "LOG10_Z_GAS_ZSUN": float(np.log10(galaxy.gas_metallicity)),
        "SFR": light.sfr,
        "LOG10_SFR": log_sfr,
        "LOG10_SSFR": log_sfr - light.log10_mass,
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
        "HAS_BAR": int(shape.bar_share > 0),
        "HAS_RING": int(shape.ring_share > 0),
        "IS_MERGER": int(shape.companion_share > 0),
        "IS_STAR_FORMING": int(galaxy.star_forming),
        "IS_POST_STARBURST": int(galaxy.post_starburst),
        "IS_SEYFERT": int(galaxy.agn_oiii > 0 and galaxy.agn_seyfert),
        **{f"MAG_{band.upper()}": float(mag) for band, mag in zip(BANDS, mags, strict=True)},
        "SNR": recorded.signal_to_noise,
    }


def _morphology(galaxy: Galaxy, bulge: float) -> str:
    if bulge > 0.7:
        return "elliptical"
    if not galaxy.star_forming:
        return "lenticular"
    return "spiral" if galaxy.shape.n_arms else "disk"


def half_light_radius(shape: Shape, bulge_share: float) -> float:
    """Semi-major axis in arcseconds that holds half the light of bulge and disk together.

    Both are taken to have one axis ratio.
    """
    radii = np.geomspace(0.02, 40.0, 400)
    inside = bulge_share * np.interp(radii / shape.bulge_r_arcsec, *_growth(shape.sersic))
    inside = inside + (1 - bulge_share) * np.interp(radii / shape.disk_r_arcsec, *_growth(1.0))
    return float(np.interp(0.5, inside, radii))


@functools.cache
def _growth(sersic: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Share of a Sersic profile's light within radii in units of its half-light radius."""
    radii = np.geomspace(1e-4, 300.0, 6000)
    b = 2 * sersic - 1 / 3 + 4 / (405 * sersic)  # Ciotti & Bertin 1999 (A&A 352, 447)
    ring = np.exp(-b * radii ** (1 / sersic)) * radii**2  # area of a logarithmic ring
    light = np.cumsum(ring)
    return radii, light / light[-1]
