"""Shapes of galaxies on the sky: bulge, disk, spiral arms, bar, ring and companion."""

from dataclasses import dataclass

import numpy as np

from galsearch.simulate.cosmology import kpc_per_arcsec

BULGE_SERSIC_INDICES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
"""Sersic indices of bulges; only a few values, because GalSim makes a table for each."""
DISK_THICKNESS = 0.18
"""Axis ratio of a disk seen edge-on (Unterborn & Ryden 2008, ApJ 687, 976)."""
SPHEROIDAL_FRACTION = 0.78
"""Bulge-to-total mass ratio above which a galaxy is drawn as an elliptical."""
ROUND_BULGE = 0.55
"""Constant c in the axis ratio of the bulge of a disk galaxy, q_bulge = c + (1 - c) q_disk."""


@dataclass(frozen=True)
class Shape:
    """Components of a galaxy on the sky; sizes are half-light semi-major axes in arcseconds."""

    bulge_r_arcsec: float
    bulge_axis_ratio: float
    sersic: float
    disk_r_arcsec: float
    disk_axis_ratio: float
    position_angle_deg: float
    """Position angle of the major axis, east of north."""
    n_arms: int
    """Number of spiral arms; 0 where the disk is smooth or flocculent."""
    pitch_deg: float
    clumpiness: float
    """Share of the light of stars younger than 100 Myr that lies in knots."""
    inclination_deg: float = 0.0
    """Inclination of the disk; 0 for face-on."""
    bar_fraction: float = 0.0
    """Share of the disk's light that lies in a bar."""
    bar_angle_deg: float = 0.0
    """Angle between the bar and the major axis of the disk."""
    ring_fraction: float = 0.0
    """Share of the light of disk and young stars that lies in a ring."""
    companion_fraction: float = 0.0
    """Share of all light that belongs to a merging companion and its tidal tail; 0 for none."""


def inclination_of(axis_ratio: float, bulge_fraction: float) -> float:
    """Inclination in radians at which bulge and disk together have the axis ratio `axis_ratio`.

    Examples
    --------
    >>> round(float(np.rad2deg(inclination_of(0.5, bulge_fraction=0.1))), 1)
    63.7
    """
    bulge_part = ROUND_BULGE * bulge_fraction
    thin = np.clip((axis_ratio - bulge_part) / (1 - bulge_part), DISK_THICKNESS, 1.0)
    flat = DISK_THICKNESS**2
    return float(np.arccos(np.sqrt((thin**2 - flat) / (1 - flat))))


def draw_shape(
    z: float,
    log_mass: float,
    bulge_fraction: float,
    forming: bool,
    inclination: float,
    rng: np.random.Generator,
    *,
    axis_ratio: float | None = None,
) -> Shape:
    """A random shape for a galaxy of given redshift, stellar mass and bulge-to-total ratio.

    Sizes are those of van der Wel et al. 2014 (ApJ 788, 28) at z = 0.25, and evolve as they find.

    Parameters
    ----------
    z
        Redshift.
    log_mass
        log10 of the stellar mass in solar masses.
    bulge_fraction
        Bulge-to-total mass ratio.
    forming
        True where the galaxy forms stars.
    inclination
        Inclination in radians, which decides the axis ratio of the disk.
    rng
        Generator of the scatter.
    axis_ratio
        Axis ratio of the galaxy if it is an elliptical; by default a random one, nearly round.
    """
    mass = log_mass - 10.7
    log_late_kpc = 0.86 + 0.25 * mass - 0.3 * np.log10((1 + z) / 1.25) + rng.normal(0, 0.15)
    log_early_kpc = (
        0.60 + 0.75 * max(mass, -0.8) - 0.6 * np.log10((1 + z) / 1.25) + rng.normal(0, 0.11)
    )
    scale = float(kpc_per_arcsec(z))
    if forming:
        disk_kpc = 10**log_late_kpc
        bulge_kpc = disk_kpc * 10 ** rng.normal(-0.75, 0.1)
    elif bulge_fraction > SPHEROIDAL_FRACTION:
        bulge_kpc = 10**log_early_kpc * 0.9
        disk_kpc = bulge_kpc * rng.uniform(1.5, 2.5)
    else:
        disk_kpc = 10**log_early_kpc * 1.4
        bulge_kpc = disk_kpc * rng.uniform(0.3, 0.5)
    thin = np.sqrt(np.cos(inclination) ** 2 * (1 - DISK_THICKNESS**2) + DISK_THICKNESS**2)
    roundish = 1 - abs(rng.normal(0, 0.22))
    spheroid = roundish if axis_ratio is None else axis_ratio
    bulge_ratio = (
        spheroid if bulge_fraction > SPHEROIDAL_FRACTION else ROUND_BULGE + (1 - ROUND_BULGE) * thin
    )
    arms = bool(forming and log_mass > 9.6 and rng.random() < 0.65)
    disky = bulge_fraction <= SPHEROIDAL_FRACTION and log_mass > 9.5
    # 29 per cent of disk galaxies have a bar (Masters et al. 2011, MNRAS 411, 2026). One disk in 30
    # has a ring, and one galaxy in 50 is merging (Darg et al. 2010, MNRAS 401, 1043: 1.5 to 4 per
    # cent). Rings and mergers are rare on purpose, so that a search for rare objects has a known
    # number of them to find.
    bar = float(rng.uniform(0.12, 0.3)) if disky and rng.random() < 0.29 else 0.0
    ring = float(rng.uniform(0.25, 0.5)) if disky and rng.random() < 0.033 else 0.0
    merging = float(rng.uniform(0.12, 0.45)) if rng.random() < 0.02 else 0.0
    index = np.clip(2.0 + 1.8 * (log_mass - 10.5) + (0 if forming else 1), 1, 5) + rng.normal(
        0, 0.7
    )
    nearest = int(np.argmin(np.abs(np.array(BULGE_SERSIC_INDICES) - index)))
    return Shape(
        bulge_r_arcsec=float(np.clip(bulge_kpc / scale, 0.08, 12.0)),
        bulge_axis_ratio=float(np.clip(bulge_ratio, 0.2, 1.0)),
        sersic=BULGE_SERSIC_INDICES[nearest],
        disk_r_arcsec=float(np.clip(disk_kpc / scale, 0.15, 14.0)),
        disk_axis_ratio=float(
            np.clip(bulge_ratio + 0.05, 0.2, 1) if bulge_fraction > SPHEROIDAL_FRACTION else thin
        ),
        position_angle_deg=float(rng.uniform(0.0, 180.0)),
        n_arms=int(rng.choice([2, 2, 2, 3, 4])) * arms,
        pitch_deg=float(rng.uniform(10.0, 28.0) * rng.choice([-1, 1])),
        clumpiness=float(rng.uniform(0.3, 0.7)),
        inclination_deg=float(np.rad2deg(inclination)),
        bar_fraction=bar,
        bar_angle_deg=float(rng.uniform(0.0, 180.0)),
        ring_fraction=ring,
        companion_fraction=merging,
    )
