"""What one galaxy is: its stars, gas, dust and shape, given its redshift and luminosity.

Scaling relations with their scatter; each constant names its source. Image and spectrum are both
made from this and share nothing else.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.simulate.cosmology import age_gyr
from galsearch.simulate.population.luminosity_functions import Draw
from galsearch.simulate.population.morphology import Shape, draw_shape, inclination_of


@dataclass(frozen=True)
class Stars:
    """A star-formation history SFR ~ t exp(-t / tau) and what modulates it."""

    start_gyr: float
    """Lookback from the galaxy's own time at which it began."""
    tau_gyr: float
    metallicity: float
    """In units of the Sun's, Z = 0.02, as Bagpipes has it."""
    recent: float = 1.0
    """Factor on the SFR of the last 100 Myr."""
    floor_ssfr: float = 0.0
    """Constant star formation of the last Gyr, per year and unit of mass formed before."""
    quenched_gyr: float = 0.0
    """Nothing formed since; 0 for no quenching."""
    burst_fraction: float = 0.0
    """Mass formed within 0.15 Gyr just before the quenching."""


@dataclass(frozen=True)
class Galaxy:
    """Everything physical about one simulated galaxy."""

    draw: Draw
    bulge: Stars
    disk: Stars
    bulge_mass_share: float
    shape: Shape
    dust_av: float
    dust_slope: float
    """Power of wavelength / 5500 A on the Calzetti curve."""
    birth_cloud: float
    """Attenuation of stars under 10 Myr and of lines, over that of the rest."""
    log_ionisation: float
    gas_metallicity: float
    """In units of the Sun's."""
    sigma_bulge_km_s: float
    sigma_disk_km_s: float
    agn_oiii: float
    """[OIII] 5007 luminosity over the r-band luminosity (times 1 Angstrom); 0 for no AGN."""
    agn_seyfert: bool
    star_forming: bool
    post_starburst: bool


def draw_physics(
    draw: Draw, rng: np.random.Generator, *, axis_ratio: float | None = None
) -> Galaxy:
    """A galaxy of this redshift, luminosity and kind.

    A disk is seen from where it shows `axis_ratio`; by default from anywhere on the sphere.
    """
    log_mass = _log_mass(draw, rng)
    # Colour cuts call dusty disks that form stars red: a quarter of them, by our choice.
    star_forming = (not draw.red) or (draw.sample != "LRG" and rng.random() < 0.25)
    post_starburst = bool(rng.random() < 0.015)
    star_forming = star_forming and not post_starburst
    share = _bulge_share(log_mass, star_forming, rng)
    inclination = np.arccos(rng.uniform(0.0, 1.0))
    if axis_ratio is not None:
        inclination = inclination_of(axis_ratio, share)
    bulge, disk = _stars(draw, log_mass, star_forming, post_starburst, rng)
    shape = draw_shape(
        draw.z, log_mass, share, star_forming, inclination, rng, axis_ratio=axis_ratio
    )
    spin = 10 ** (2.15 + 0.27 * (log_mass - 10.5)) * np.sin(inclination)
    agn, seyfert = _agn(log_mass, star_forming, rng)
    return Galaxy(
        draw=draw,
        bulge=bulge,
        disk=disk,
        bulge_mass_share=share,
        shape=shape,
        dust_av=_dust(log_mass, star_forming, inclination, rng),
        dust_slope=float(np.clip(rng.normal(-0.15, 0.15), -0.6, 0.3)),
        birth_cloud=float(rng.uniform(1.3, 2.5)),
        log_ionisation=float(
            np.clip(-2.97 - 0.05 * (log_mass - 10) + rng.normal(0, 0.2), -3.95, -2.0)
        ),
        gas_metallicity=_gas_metallicity(log_mass, rng),
        # Zahid et al. 2016 (ApJ 832, 203): sigma = 118 km/s (M / 10^10.3)^0.29, 0.07 dex.
        sigma_bulge_km_s=float(118 * 10 ** (0.29 * (log_mass - 10.3) + rng.normal(0, 0.07))),
        # Tully-Fisher speed, seen through a fibre, and 30 km/s of turbulence.
        sigma_disk_km_s=float(np.hypot(30.0, 0.55 * spin)),
        agn_oiii=agn,
        agn_seyfert=seyfert,
        star_forming=star_forming,
        post_starburst=post_starburst,
    )


def _log_mass(draw: Draw, rng: np.random.Generator) -> float:
    """First guess of log10 stellar mass; the survey's truth is what the spectrum then weighs.

    M/L in r of 2.6 for red and 1.3 for blue galaxies of 10^10 suns (Kroupa; Bell et al. 2003).
    """
    log_light = -0.4 * (draw.absolute_mag_r - 4.65)
    ratio = 0.42 if draw.red else 0.10 + 0.1 * (log_light - 10)
    return float(log_light + ratio + rng.normal(0, 0.08))


def _bulge_share(log_mass: float, star_forming: bool, rng: np.random.Generator) -> float:
    """Mass share of the bulge: small in low-mass disks, large in quenched galaxies."""
    if star_forming:
        mean = np.clip(0.18 + 0.16 * (log_mass - 10.3), 0.03, 0.5)
        return float(np.clip(rng.beta(2.2 * mean / (1 - mean), 2.2), 0.0, 0.85))
    elliptical = rng.random() < np.clip(0.25 + 0.35 * (log_mass - 10.5), 0.1, 0.8)
    return float(rng.uniform(0.8, 0.97) if elliptical else rng.uniform(0.3, 0.75))


def _stars(
    draw: Draw, log_mass: float, forming: bool, burst: bool, rng: np.random.Generator
) -> tuple[Stars, Stars]:
    """Histories of bulge and disk; metallicities after Gallazzi et al. 2005 (MNRAS 362, 41)."""
    universe = float(age_gyr(draw.z))
    knee = np.clip(0.12 * (log_mass - 11.0), -0.35, 0.12)
    z_bulge = float(10 ** np.clip(knee + 0.08 + rng.normal(0, 0.15), -1.0, 0.38))
    # Downsizing (Thomas et al. 2010, MNRAS 404, 1775): massive bulges formed first.
    late = np.clip(3.0 - 1.3 * (log_mass - 10.3), 0.8, 5.0) * rng.uniform(0.6, 1.4)
    bulge = Stars(
        start_gyr=max(universe - float(np.clip(late, 0.7, 0.6 * universe)), 1.5),
        tau_gyr=float(rng.uniform(0.25, 0.7)),
        metallicity=z_bulge,
        floor_ssfr=float(10 ** rng.normal(-12.6, 0.4)),
    )
    start = max(universe - float(rng.uniform(1.0, 0.35 * universe)), 1.5)
    if burst:
        disk = Stars(
            start,
            float(rng.uniform(1.0, 3.0)),
            z_bulge * 0.8,
            quenched_gyr=float(rng.uniform(0.1, 0.9)),
            burst_fraction=float(rng.uniform(0.04, 0.2)),
        )
    elif forming:
        green = rng.random() < 0.12
        # Such that star formation follows Renzini & Peng 2015 (ApJ 801, L29): log SFR = 0.76 log M
        # - 7.64.
        slow = 0.52 - 0.25 * (log_mass - 10.3) + rng.normal(0, 0.15)
        tau = float(rng.uniform(1.2, 2.0)) if green else float(np.clip(10**slow, 2.0, 20.0))
        metals = np.clip(-0.12 + 0.32 * (log_mass - 10.5) + rng.normal(0, 0.2), -1.3, 0.3)
        # Small galaxies form stars in bouts (Weisz et al. 2012, ApJ 744, 44), mostly between them.
        bout = rng.normal(-0.2, 0.4) if log_mass < 9.3 else rng.normal(0, 0.25)
        disk = Stars(start, tau, float(10**metals), recent=float(10**bout))
    else:
        tau = float(rng.uniform(0.5, 1.1))
        disk = Stars(start, tau, z_bulge * 0.8, floor_ssfr=float(10 ** rng.normal(-12.0, 0.4)))
    return bulge, disk


def _gas_metallicity(log_mass: float, rng: np.random.Generator) -> float:
    """Between the calibrations that Kewley & Ellison 2008 (ApJ 681, 1183) compare; 0.1 dex.

    With it and the ionisation, lines have about the ratios of SDSS galaxies of a mass: from 10^8.5
    to 10^11 suns [OIII] / Hbeta falls from 2.6 to 0.6 and [NII] / Halpha rises from 0.06 to 0.6.
    """
    return float(10 ** (min(0.16 + 0.42 * (log_mass - 10.5), 0.3) + rng.normal(0, 0.1)))


def _dust(log_mass: float, forming: bool, inclination: float, rng: np.random.Generator) -> float:
    """A_V: grows with mass (Garn & Best 2010, MNRAS 409, 421) and towards edge-on.

    The scatter is wide, 0.3 dex: `choice` narrows it to what real colours allow.
    """
    if not forming:
        return float(min(rng.exponential(0.08), 0.6))
    face_on = np.clip(0.35 + 0.30 * (log_mass - 10.0), 0.08, 0.9) * 10 ** rng.normal(-0.05, 0.3)
    tilt = min(1 / max(np.cos(inclination), 0.15), 5.0)
    return float(np.clip(face_on * (0.75 + 0.25 * tilt), 0.02, 2.2))


def _agn(log_mass: float, forming: bool, rng: np.random.Generator) -> tuple[float, bool]:
    """Seyfert lines in 6 per cent of massive galaxies, weak LINER ones in a third of quenched."""
    draw = rng.random()
    if log_mass > 10.2 and draw < 0.06:
        return float(10 ** rng.normal(0.9, 0.4)), True
    if not forming and draw < 0.36:
        return float(10 ** rng.normal(-0.3, 0.25)), False
    return 0.0, False
