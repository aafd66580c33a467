"""What the Legacy Surveys would show of a galaxy: g, r and z, with noise and neighbours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.simulate.imaging import render_galaxy as sky_image
from galsearch.simulate.sed.galaxy_sed import Light

_MOFFAT_BETAS = (2.5, 2.75, 3.0, 3.25, 3.5, 4.0)
"""Few, because each needs a table."""
_NEIGHBOURS = 10.0
"""Mean number of galaxies of r 18 to 24.5 in a cutout of 0.44 square arcminutes, about 80,000 a
square degree (Capak et al. 2007, ApJS 172, 99, figure 8)."""
_STARS = 0.6
"""Mean number of stars as bright, 5,000 a square degree at middle galactic latitudes."""
_COUNTS_SLOPE = 0.33
"""Of log10 of the counts of galaxies in this range, per magnitude."""


@dataclass(frozen=True)
class Imaging:
    """How one hemisphere was imaged: three numbers are g, r and z."""

    pixel_noise: tuple[float, float, float]
    """Nanomaggies per 0.262 arcsec pixel, one sigma."""
    seeing_arcsec: tuple[float, float, float]
    """Median PSF FWHM (Dey et al. 2019, AJ 157, 168)."""
    electrons_per_nanomaggy: tuple[float, float, float]
    bleed: tuple[float, float, float]
    """Weight of a pixel's neighbours in its noise, which resampled coadds share."""


IMAGING = {
    # Noise as in DR9's native cutouts, whose pixels correlate by 0.3 to 0.5 with the next one;
    # three visits of 80, 70 and 100 s or so at DECam's zero points.
    "south": Imaging(
        (0.0024, 0.0037, 0.0118), (1.29, 1.18, 1.11), (2600.0, 2900.0, 2300.0), (0.18, 0.18, 0.18)
    ),
    # The south's noise times the ratio of depths (23.95, 23.54, 22.50 against 23.65, 23.08, 22.60)
    # and of seeings. 90Prime's pixels are of 0.454 arcsec: a real brick of its g correlates by .63.
    "north": Imaging(
        (0.0025, 0.0045, 0.0118), (1.61, 1.47, 1.01), (1700.0, 1700.0, 2300.0), (0.4, 0.4, 0.18)
    ),
}


@dataclass(frozen=True)
class Seeing:
    """The PSF of each band: Moffat profiles."""

    fwhm_arcsec: tuple[float, float, float]
    beta: float


def draw_seeing(rng: np.random.Generator, hemisphere: str = "south") -> Seeing:
    """Seeing with the survey's spread: 10 per cent in common, 6 per cent by band."""
    common = rng.normal(0, 0.10)
    fwhm = [
        float(median * np.exp(common + rng.normal(0, 0.06)))
        for median in IMAGING[hemisphere].seeing_arcsec
    ]
    return Seeing((fwhm[0], fwhm[1], fwhm[2]), float(rng.choice(_MOFFAT_BETAS)))


def photograph(
    light: Light,
    transforms: list[sky_image.Transform],
    psfs: list[npt.NDArray[np.float32]],
    rng: np.random.Generator,
    hemisphere: str = "south",
) -> npt.NDArray[np.float32]:
    """(3, 152, 152) nanomaggies per pixel in g, r, z: galaxy, neighbours and noise."""
    others, other_fluxes = _neighbours(rng)
    nucleus = sky_image.point_source()
    parts = [*transforms, nucleus, *others] if light.band_flux[3].any() else [*transforms, *others]
    own = light.band_flux if light.band_flux[3].any() else light.band_flux[:3]
    fluxes = np.concatenate([own, other_fluxes]).astype(np.float32)
    planes = [sky_image.render(parts, fluxes[:, b], psf) for b, psf in enumerate(psfs)]
    depth = float(np.exp(rng.normal(0, 0.12)))
    imaging = IMAGING[hemisphere]
    return np.stack(
        [
            _expose(
                plane,
                imaging.pixel_noise[b] * depth,
                imaging.electrons_per_nanomaggy[b] / depth**2,
                imaging.bleed[b],
                rng,
            )
            for b, plane in enumerate(planes)
        ]
    )


def _expose(
    plane: npt.NDArray[np.float32],
    sky_sigma: float,
    gain: float,
    bleed: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Sky noise that neighbouring pixels share, and the galaxy's own photon noise."""
    n = plane.shape[0]
    white = rng.standard_normal((n + 2, n + 2), dtype=np.float32)
    along = white[1:-1] + np.float32(bleed) * (white[:-2] + white[2:])
    shared = along[:, 1:-1] + np.float32(bleed) * (along[:, :-2] + along[:, 2:])
    shared /= np.float32(1 + 2 * bleed**2)
    sigma = np.sqrt(np.float32(sky_sigma**2) + np.clip(plane, 0, None) / np.float32(gain))
    return np.asarray(plane + sigma * shared, dtype=np.float32)


def _neighbours(
    rng: np.random.Generator,
) -> tuple[list[sky_image.Transform], npt.NDArray[np.float64]]:
    """Unrelated stars and galaxies of r 18 to 24.5, at least 2.5 arcsec from the centre."""
    half = sky_image.SIZE_PIXELS / 2 * sky_image.PIXEL_SCALE_ARCSEC + 1
    n_galaxies, n_stars = int(rng.poisson(_NEIGHBOURS)), int(rng.poisson(_STARS))
    shapes, fluxes = [], []
    for i in range(n_galaxies + n_stars):
        star = i >= n_galaxies
        x, y = (float(value) for value in rng.uniform(-half, half, 2))
        # Counts rise by 10^(slope * m): the inverse of their cumulative distribution.
        slope = 0.15 if star else _COUNTS_SLOPE
        mag = 24.5 + np.log10(rng.uniform(10 ** (-slope * 6.5), 1.0)) / slope
        colour_gr, colour_rz = _colours(star, rng)
        # Half-light radii of faint galaxies, 0.45 arcsec at r = 23 (DR9's ELG mixtures: 0.4 to 1).
        size = float(0.27 * 10 ** (-0.08 * (mag - 23)) * rng.lognormal(0, 0.35))
        angle, axis_ratio = float(rng.uniform(0, 180)), float(rng.uniform(0.3, 1.0))
        if np.hypot(x, y) < 2.5:
            continue
        source = sky_image.point_source((x, y))
        shapes.append(source if star else source * sky_image.blur(size, axis_ratio, angle))
        fluxes.append([10 ** (-0.4 * (mag + d - 22.5)) for d in (colour_gr, 0.0, -colour_rz)])
    return shapes, np.array(fluxes).reshape(-1, 3)


def _colours(star: bool, rng: np.random.Generator) -> tuple[float, float]:
    """g-r and r-z: along the stellar locus, or as faint galaxies spread around it."""
    if star:
        temperature = rng.uniform(0, 1)
        gr = np.interp(temperature, (0, 0.45, 0.65, 1), (0.3, 0.9, 1.4, 1.5))
        rz = np.interp(temperature, (0, 0.45, 0.65, 1), (0.1, 0.45, 0.9, 2.0))
        return float(gr + rng.normal(0, 0.04)), float(rz + rng.normal(0, 0.04))
    colour = float(rng.normal(0.8, 0.35))
    return colour, 0.15 + 0.55 * colour + float(rng.normal(0, 0.15))
