"""Physical properties of a galaxy (stars, gas, dust, shape) drawn from scaling relations.

The properties follow from redshift and luminosity with the observed scatter; comments name the
source of the constants. Image and spectrum are both made from these properties and have nothing
else in common.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.simulate.cosmology import age_gyr
from galsearch.simulate.population.luminosity_functions import Target
from galsearch.simulate.population.morphology import Shape, draw_shape, inclination_of


@dataclass(frozen=True)
class StellarPopulation:
    """Metallicity and star-formation history of the bulge or disk of a galaxy.

    The star-formation rate (SFR) is proportional to t exp(-t / tau) at a time t after its start,
    with the changes that `recent`, `floor_ssfr`, `quenched_gyr` and `burst_fraction` describe.
    """

    start_gyr: float
    """Time in Gyr since star formation began, at the epoch at which the galaxy is seen."""
    tau_gyr: float
    metallicity: float
    """Metallicity of the stars in solar units, where Z = 0.02 is solar as in Bagpipes."""
    recent: float = 1.0
    """Factor by which the star-formation rate of the last 100 Myr is multiplied."""
    floor_ssfr: float = 0.0
    """Constant specific star-formation rate that is added over the last Gyr, in 1/yr."""
    quenched_gyr: float = 0.0
    """Time in Gyr since which no stars have formed; 0 for no quenching."""
    burst_fraction: float = 0.0
    """Mass formed in a burst of 0.15 Gyr just before the quenching, relative to all other mass."""


@dataclass(frozen=True)
class Galaxy:
    """Physical properties of one simulated galaxy."""

    target: Target
    bulge: StellarPopulation
    disk: StellarPopulation
    bulge_mass_fraction: float
    shape: Shape
    dust_av: float
    dust_slope: float
    """Exponent of the factor (wavelength / 5500 A)^slope of the Calzetti attenuation curve."""
    birth_cloud: float
    """Attenuation of emission lines and stars younger than 10 Myr, relative to older stars."""
    log_ionisation: float
    """log10 of the ionisation parameter U of the gas."""
    gas_metallicity: float
    """Metallicity of the gas in solar units."""
    sigma_bulge_km_s: float
    sigma_disk_km_s: float
    agn_oiii: float
    """Equivalent width of the nuclear [OIII] 5007 line in Angstrom, relative to the dust-attenuated
    continuum; 0 for no AGN."""
    agn_seyfert: bool
    """True for the line ratios of a Seyfert, False for those of a LINER."""
    star_forming: bool
    post_starburst: bool


def draw_galaxy(
    target: Target, rng: np.random.Generator, *, axis_ratio: float | None = None
) -> Galaxy:
    """A random galaxy with the redshift, luminosity and kind (blue or red) of a target.

    Parameters
    ----------
    target
        Redshift, magnitude and kind of the galaxy.
    rng
        Generator of the physical properties.
    axis_ratio
        Observed axis ratio, which decides the inclination; by default the orientation is random.
    """
    log_mass = _log_mass(target, rng)
    # Colour cuts also select dusty star-forming disks as red; a quarter of red galaxies is assumed.
    star_forming = (not target.red) or (target.sample != "LRG" and rng.random() < 0.25)
    post_starburst = bool(rng.random() < 0.015)
    star_forming = star_forming and not post_starburst
    bulge_fraction = _bulge_fraction(log_mass, star_forming, rng)
    inclination = np.arccos(rng.uniform(0.0, 1.0))
    if axis_ratio is not None:
        inclination = inclination_of(axis_ratio, bulge_fraction)
    bulge, disk = _stars(target, log_mass, star_forming, post_starburst, rng)
    shape = draw_shape(
        target.z, log_mass, bulge_fraction, star_forming, inclination, rng, axis_ratio=axis_ratio
    )
    spin = 10 ** (2.15 + 0.27 * (log_mass - 10.5)) * np.sin(inclination)
    agn, seyfert = _agn(log_mass, star_forming, rng)
    return Galaxy(
        target=target,
        bulge=bulge,
        disk=disk,
        bulge_mass_fraction=bulge_fraction,
        shape=shape,
        dust_av=_dust(log_mass, star_forming, inclination, rng),
        dust_slope=float(np.clip(rng.normal(-0.15, 0.15), -0.6, 0.3)),
        birth_cloud=float(rng.uniform(1.3, 2.5)),
        log_ionisation=float(
            np.clip(-2.97 - 0.05 * (log_mass - 10) + rng.normal(0, 0.2), -3.95, -2.0)
        ),
        gas_metallicity=_gas_metallicity(log_mass, rng),
        # The relation of Zahid et al. 2016 (ApJ 832, 203) is sigma = 118 km/s (M / 10^10.3)^0.29
        # with a scatter of 0.07 dex.
        sigma_bulge_km_s=float(118 * 10 ** (0.29 * (log_mass - 10.3) + rng.normal(0, 0.07))),
        # The dispersion of a disk is the part of the Tully-Fisher rotation that a fibre sees, and
        # 30 km/s of turbulence.
        sigma_disk_km_s=float(np.hypot(30.0, 0.55 * spin)),
        agn_oiii=agn,
        agn_seyfert=seyfert,
        star_forming=star_forming,
        post_starburst=post_starburst,
    )


def _log_mass(target: Target, rng: np.random.Generator) -> float:
    """First guess of log10 of the stellar mass in solar masses, for use in scaling relations.

    The truth table has another value, the mass of the stars in the spectrum. The mass-to-light
    ratio in r is 2.6 for red galaxies and 1.3 for blue ones of 10^10 solar luminosities (Kroupa
    initial mass function; Bell et al. 2003).
    """
    log_luminosity = -0.4 * (target.absolute_mag_r - 4.65)
    ratio = 0.42 if target.red else 0.10 + 0.1 * (log_luminosity - 10)
    return float(log_luminosity + ratio + rng.normal(0, 0.08))


def _bulge_fraction(log_mass: float, star_forming: bool, rng: np.random.Generator) -> float:
    """Random bulge-to-total mass ratio, small in low-mass disks and large in quenched galaxies."""
    if star_forming:
        mean = np.clip(0.18 + 0.16 * (log_mass - 10.3), 0.03, 0.5)
        return float(np.clip(rng.beta(2.2 * mean / (1 - mean), 2.2), 0.0, 0.85))
    elliptical = rng.random() < np.clip(0.25 + 0.35 * (log_mass - 10.5), 0.1, 0.8)
    return float(rng.uniform(0.8, 0.97) if elliptical else rng.uniform(0.3, 0.75))


def _stars(
    target: Target, log_mass: float, forming: bool, burst: bool, rng: np.random.Generator
) -> tuple[StellarPopulation, StellarPopulation]:
    """Random stellar populations of the bulge and the disk of a galaxy.

    Metallicities follow Gallazzi et al. 2005 (MNRAS 362, 41).
    """
    age_now_gyr = float(age_gyr(target.z))
    knee = np.clip(0.12 * (log_mass - 11.0), -0.35, 0.12)
    z_bulge = float(10 ** np.clip(knee + 0.08 + rng.normal(0, 0.15), -1.0, 0.38))
    # Massive bulges form first, which is called downsizing (Thomas et al. 2010, MNRAS 404, 1775).
    formation_gyr = np.clip(3.0 - 1.3 * (log_mass - 10.3), 0.8, 5.0) * rng.uniform(0.6, 1.4)
    bulge = StellarPopulation(
        start_gyr=max(age_now_gyr - float(np.clip(formation_gyr, 0.7, 0.6 * age_now_gyr)), 1.5),
        tau_gyr=float(rng.uniform(0.25, 0.7)),
        metallicity=z_bulge,
        floor_ssfr=float(10 ** rng.normal(-12.6, 0.4)),
    )
    start = max(age_now_gyr - float(rng.uniform(1.0, 0.35 * age_now_gyr)), 1.5)
    if burst:
        disk = StellarPopulation(
            start,
            float(rng.uniform(1.0, 3.0)),
            z_bulge * 0.8,
            quenched_gyr=float(rng.uniform(0.1, 0.9)),
            burst_fraction=float(rng.uniform(0.04, 0.2)),
        )
    elif forming:
        green = rng.random() < 0.12
        # The time scale tau is chosen such that the main sequence of star-forming galaxies is that
        # of Renzini & Peng 2015 (ApJ 801, L29), log SFR = 0.76 log M - 7.64.
        slow = 0.52 - 0.25 * (log_mass - 10.3) + rng.normal(0, 0.15)
        tau = float(rng.uniform(1.2, 2.0)) if green else float(np.clip(10**slow, 2.0, 20.0))
        metals = np.clip(-0.12 + 0.32 * (log_mass - 10.5) + rng.normal(0, 0.2), -1.3, 0.3)
        # Small galaxies form stars in bursts (Weisz et al. 2012, ApJ 744, 44), and most are seen
        # between two bursts.
        log_burst = rng.normal(-0.2, 0.4) if log_mass < 9.3 else rng.normal(0, 0.25)
        disk = StellarPopulation(start, tau, float(10**metals), recent=float(10**log_burst))
    else:
        tau = float(rng.uniform(0.5, 1.1))
        disk = StellarPopulation(
            start, tau, z_bulge * 0.8, floor_ssfr=float(10 ** rng.normal(-12.0, 0.4))
        )
    return bulge, disk


def _gas_metallicity(log_mass: float, rng: np.random.Generator) -> float:
    """Metallicity of the gas in solar units, with 0.1 dex of scatter at a given mass.

    It lies between the calibrations that Kewley & Ellison 2008 (ApJ 681, 1183) compare. Together
    with the ionisation parameter it gives about the line ratios of SDSS galaxies of the same mass:
    from 10^8.5 to 10^11 solar masses [OIII] / Hbeta falls from 2.6 to 0.6 and [NII] / Halpha rises
    from 0.06 to 0.6.
    """
    return float(10 ** (min(0.16 + 0.42 * (log_mass - 10.5), 0.3) + rng.normal(0, 0.1)))


def _dust(log_mass: float, forming: bool, inclination: float, rng: np.random.Generator) -> float:
    """Random A_V, which grows with mass (Garn & Best 2010, MNRAS 409, 421) and inclination.

    The scatter of 0.3 dex is wide; `colour_matching` keeps the galaxies that have real colours.
    """
    if not forming:
        return float(min(rng.exponential(0.08), 0.6))
    face_on = np.clip(0.35 + 0.30 * (log_mass - 10.0), 0.08, 0.9) * 10 ** rng.normal(-0.05, 0.3)
    tilt = min(1 / max(np.cos(inclination), 0.15), 5.0)
    return float(np.clip(face_on * (0.75 + 0.25 * tilt), 0.02, 2.2))


def _agn(log_mass: float, forming: bool, rng: np.random.Generator) -> tuple[float, bool]:
    """Random equivalent width of the nuclear [OIII] line in Angstrom, and True for a Seyfert.

    Six per cent of massive galaxies have Seyfert lines, and a third of quenched galaxies have weak
    LINER lines.
    """
    draw = rng.random()
    if log_mass > 10.2 and draw < 0.06:
        return float(10 ** rng.normal(0.9, 0.4)), True
    if not forming and draw < 0.36:
        return float(10 ** rng.normal(-0.3, 0.25)), False
    return 0.0, False
