"""How a galaxy lies on the sky: bulge, disk, arms and what else it has."""

from dataclasses import dataclass

import numpy as np

from galsearch.simulate.cosmology import kpc_per_arcsec

BULGE_SERSIC_INDICES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
"""Few, because GalSim makes a table for each."""


DISK_THICKNESS = 0.18
"""Axis ratio of a disk on edge, Unterborn & Ryden 2008 (ApJ 687, 976)."""
SPHEROIDAL_SHARE = 0.78
"""Mass share of the bulge above which a galaxy is an elliptical."""
ROUND_BULGE = 0.55
"""A bulge is as round as this and the rest of its disk's axis ratio."""


@dataclass(frozen=True)
class Shape:
    """How a galaxy lies on the sky; sizes are half-light semi-major axes in arcseconds."""

    bulge_r_arcsec: float
    bulge_axis_ratio: float
    sersic: float
    disk_r_arcsec: float
    disk_axis_ratio: float
    position_angle_deg: float
    """East of north."""
    n_arms: int
    """0 where the disk is smooth or flocculent."""
    pitch_deg: float
    clumpiness: float
    """Share of the light of stars under 100 Myr that lies in knots."""
    inclination_deg: float = 0.0
    """0 for face-on."""
    bar_share: float = 0.0
    """Of the disk's light."""
    bar_angle_deg: float = 0.0
    """From the major axis."""
    ring_share: float = 0.0
    """Of the light of disk and young stars."""
    companion_share: float = 0.0
    """Of all light: a galaxy that merges, and its tail; 0 for none."""


def inclination_of(axis_ratio: float, bulge_share: float) -> float:
    """Radians: whence bulge and disk together, by their shares, show an axis ratio."""
    round_light = ROUND_BULGE * bulge_share
    thin = np.clip((axis_ratio - round_light) / (1 - round_light), DISK_THICKNESS, 1.0)
    flat = DISK_THICKNESS**2
    return float(np.arccos(np.sqrt((thin**2 - flat) / (1 - flat))))


def draw_shape(
    z: float,
    log_mass: float,
    bulge_share: float,
    forming: bool,
    inclination: float,
    rng: np.random.Generator,
    *,
    axis_ratio: float | None = None,
) -> Shape:
    """Sizes after van der Wel et al. 2014 (ApJ 788, 28) at z = 0.25, with their evolution.

    `axis_ratio` is that of a spheroid; by default nearly round. A disk's follows from its
    inclination.
    """
    mass = log_mass - 10.7
    late = 0.86 + 0.25 * mass - 0.3 * np.log10((1 + z) / 1.25) + rng.normal(0, 0.15)
    early = 0.60 + 0.75 * max(mass, -0.8) - 0.6 * np.log10((1 + z) / 1.25) + rng.normal(0, 0.11)
    scale = float(kpc_per_arcsec(z))
    if forming:
        disk_kpc = 10**late
        bulge_kpc = disk_kpc * 10 ** rng.normal(-0.75, 0.1)
    elif bulge_share > SPHEROIDAL_SHARE:
        bulge_kpc = 10**early * 0.9
        disk_kpc = bulge_kpc * rng.uniform(1.5, 2.5)
    else:
        disk_kpc = 10**early * 1.4
        bulge_kpc = disk_kpc * rng.uniform(0.3, 0.5)
    thin = np.sqrt(np.cos(inclination) ** 2 * (1 - DISK_THICKNESS**2) + DISK_THICKNESS**2)
    roundish = 1 - abs(rng.normal(0, 0.22))
    spheroid = roundish if axis_ratio is None else axis_ratio
    round_ = spheroid if bulge_share > SPHEROIDAL_SHARE else ROUND_BULGE + (1 - ROUND_BULGE) * thin
    arms = bool(forming and log_mass > 9.6 and rng.random() < 0.65)
    disky = bulge_share <= SPHEROIDAL_SHARE and log_mass > 9.5
    # Masters et al. 2011 (MNRAS 411, 2026): 29 per cent of disk galaxies have a bar. Rings in one
    # disk of 30, and galaxies that merge, one of 50 (Darg et al. 2010, MNRAS 401, 1043: 1.5 to 4
    # per cent), are rare by intent: their frequency is known.
    bar = float(rng.uniform(0.12, 0.3)) if disky and rng.random() < 0.29 else 0.0
    ring = float(rng.uniform(0.25, 0.5)) if disky and rng.random() < 0.033 else 0.0
    merging = float(rng.uniform(0.12, 0.45)) if rng.random() < 0.02 else 0.0
    index = np.clip(2.0 + 1.8 * (log_mass - 10.5) + (0 if forming else 1), 1, 5) + rng.normal(
        0, 0.7
    )
    nearest = int(np.argmin(np.abs(np.array(BULGE_SERSIC_INDICES) - index)))
    return Shape(
        bulge_r_arcsec=float(np.clip(bulge_kpc / scale, 0.08, 12.0)),
        bulge_axis_ratio=float(np.clip(round_, 0.2, 1.0)),
        sersic=BULGE_SERSIC_INDICES[nearest],
        disk_r_arcsec=float(np.clip(disk_kpc / scale, 0.15, 14.0)),
        disk_axis_ratio=float(
            np.clip(round_ + 0.05, 0.2, 1) if bulge_share > SPHEROIDAL_SHARE else thin
        ),
        position_angle_deg=float(rng.uniform(0.0, 180.0)),
        n_arms=int(rng.choice([2, 2, 2, 3, 4])) * arms,
        pitch_deg=float(rng.uniform(10.0, 28.0) * rng.choice([-1, 1])),
        clumpiness=float(rng.uniform(0.3, 0.7)),
        inclination_deg=float(np.rad2deg(inclination)),
        bar_share=bar,
        bar_angle_deg=float(rng.uniform(0.0, 180.0)),
        ring_share=ring,
        companion_share=merging,
    )
