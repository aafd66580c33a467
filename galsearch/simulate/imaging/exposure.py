"""Images of a galaxy in g, r and z as the Legacy Surveys take them, with noise and neighbours."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import Complex64Array, Float32Array, Float64Array
from galsearch.simulate.imaging.render_galaxy import (
    PIXEL_SCALE_ARCSEC,
    SIZE_PIXELS,
    exponential_disk,
    point_source,
    render_image,
)
from galsearch.simulate.sed.galaxy_sed import GalaxySED

_MOFFAT_BETAS = (2.5, 2.75, 3.0, 3.25, 3.5, 4.0)
"""Values of the Moffat profile's beta; only a few, because each needs a table of its transform."""
_MEAN_NEIGHBOURS = 10.0
"""Mean number of galaxies of 18 < r < 24.5 in a cutout of 0.44 square arcminutes: about 80,000 per
square degree (Capak et al. 2007, ApJS 172, 99, figure 8)."""
_MEAN_STARS = 0.6
"""Mean number of stars of 18 < r < 24.5 in a cutout: 5,000 per square degree at middle galactic
latitudes."""
_GALAXY_COUNTS_SLOPE, _STAR_COUNTS_SLOPE = 0.33, 0.15
"""Increase of log10 of the number counts of galaxies and stars per magnitude at 18 < r < 24.5."""


@dataclass(frozen=True)
class ImagingSurvey:
    """Noise and seeing of the imaging of one hemisphere; triples are for g, r and z."""

    pixel_noise: tuple[float, float, float]
    """Noise of the sky (one sigma) in nanomaggies per pixel of 0.262 arcsec."""
    seeing_arcsec: tuple[float, float, float]
    """Median FWHM of the PSF (Dey et al. 2019, AJ 157, 168)."""
    electrons_per_nanomaggy: tuple[float, float, float]
    neighbour_weight: tuple[float, float, float]
    """Weight of adjacent pixels in the noise of a pixel, as resampling correlates pixels."""


IMAGING_SURVEYS = {
    # The noise in the south is that of DR9 cutouts at native resolution, where adjacent pixels have
    # a correlation of 0.3 to 0.5. The electrons are those of about three visits of 80, 70 and 100 s
    # at DECam's zero points.
    "south": ImagingSurvey(
        (0.0024, 0.0037, 0.0118), (1.29, 1.18, 1.11), (2600.0, 2900.0, 2300.0), (0.18, 0.18, 0.18)
    ),
    # The noise in the north is that of the south times the ratio of depths (23.95, 23.54, 22.50
    # against 23.65, 23.08, 22.60) and of seeing. 90Prime has pixels of 0.454 arcsec, so adjacent
    # pixels in a real brick of its g band have a correlation of .63.
    "north": ImagingSurvey(
        (0.0025, 0.0045, 0.0118), (1.61, 1.47, 1.01), (1700.0, 1700.0, 2300.0), (0.4, 0.4, 0.18)
    ),
}


@dataclass(frozen=True)
class Seeing:
    """Moffat profile of the PSF: its FWHM in g, r and z, and its exponent beta."""

    fwhm_arcsec: tuple[float, float, float]
    beta: float


def draw_seeing(rng: np.random.Generator, hemisphere: str = "south") -> Seeing:
    """Random seeing of one image, with 10 per cent of scatter in common and 6 per cent by band."""
    common = rng.normal(0, 0.10)
    fwhm = [
        float(median * np.exp(common + rng.normal(0, 0.06)))
        for median in IMAGING_SURVEYS[hemisphere].seeing_arcsec
    ]
    return Seeing((fwhm[0], fwhm[1], fwhm[2]), float(rng.choice(_MOFFAT_BETAS)))


def observe_image(
    sed: GalaxySED,
    transforms: list[Complex64Array],
    psfs: list[Float32Array],
    rng: np.random.Generator,
    hemisphere: str = "south",
) -> Float32Array:
    """Image of a galaxy with neighbours and noise, (3, 152, 152) nanomaggies per pixel in g, r, z.

    Parameters
    ----------
    sed
        Spectral energy distribution of the galaxy, which has the band fluxes of each component.
    transforms
        Fourier transforms of bulge, disk and young stars, from `component_transforms`.
    psfs
        Fourier transform of the PSF of each band.
    rng
        Generator of the neighbours and the noise.
    hemisphere : "south" or "north"
        Imaging survey whose noise is added.
    """
    others, other_fluxes = draw_neighbours(rng)
    nucleus = point_source()
    parts = [*transforms, nucleus, *others] if sed.band_flux[3].any() else [*transforms, *others]
    own = sed.band_flux if sed.band_flux[3].any() else sed.band_flux[:3]
    fluxes = np.concatenate([own, other_fluxes]).astype(np.float32)
    planes = [render_image(parts, fluxes[:, b], psf) for b, psf in enumerate(psfs)]
    depth = float(np.exp(rng.normal(0, 0.12)))
    imaging = IMAGING_SURVEYS[hemisphere]
    return np.stack(
        [
            add_noise(
                plane,
                imaging.pixel_noise[b] * depth,
                imaging.electrons_per_nanomaggy[b] / depth**2,
                _shared_noise(plane.shape[0], imaging.neighbour_weight[b], rng),
            )
            for b, plane in enumerate(planes)
        ]
    )


def add_noise(
    plane: Float32Array, sky_sigma: float, gain: float, noise: Float32Array
) -> Float32Array:
    """An image (ny, nx) with the noise of the sky and the photon noise of its sources added.

    Parameters
    ----------
    plane : (ny, nx)
        Image without noise, in nanomaggies per pixel.
    sky_sigma
        Noise of the sky in a pixel, in nanomaggies.
    gain
        Electrons per nanomaggy.
    noise : (ny, nx)
        Random numbers of unit variance.
    """
    sigma = np.sqrt(np.float32(sky_sigma**2) + np.clip(plane, 0, None) / np.float32(gain))
    return np.asarray(plane + sigma * noise, dtype=np.float32)


def _shared_noise(n: int, neighbour_weight: float, rng: np.random.Generator) -> Float32Array:
    """Noise (n, n) of unit variance in which adjacent pixels have a weight of their own."""
    white = rng.standard_normal((n + 2, n + 2), dtype=np.float32)
    along = white[1:-1] + np.float32(neighbour_weight) * (white[:-2] + white[2:])
    shared = along[:, 1:-1] + np.float32(neighbour_weight) * (along[:, :-2] + along[:, 2:])
    shared /= np.float32(1 + 2 * neighbour_weight**2)
    return np.asarray(shared, dtype=np.float32)


def draw_neighbours(
    rng: np.random.Generator,
    disk: Callable[[float, float, float], Float32Array] = exponential_disk,
) -> tuple[list[Complex64Array], Float64Array]:
    """Fourier transforms and fluxes (n, 3) of unrelated stars and galaxies of 18 < r < 24.5.

    The neighbours lie at least 2.5 arcsec from the centre.

    Parameters
    ----------
    rng
        Generator of the positions, magnitudes, colours and shapes.
    disk
        Function from scale length, axis ratio and angle to the transform of a galaxy.
    """
    half = SIZE_PIXELS / 2 * PIXEL_SCALE_ARCSEC + 1
    n_galaxies, n_stars = int(rng.poisson(_MEAN_NEIGHBOURS)), int(rng.poisson(_MEAN_STARS))
    shapes, fluxes = [], []
    for i in range(n_galaxies + n_stars):
        star = i >= n_galaxies
        x, y = (float(value) for value in rng.uniform(-half, half, 2))
        # Number counts grow as 10^(slope * m), so a random magnitude follows from inverting their
        # cumulative distribution.
        slope = _STAR_COUNTS_SLOPE if star else _GALAXY_COUNTS_SLOPE
        mag = 24.5 + np.log10(rng.uniform(10 ** (-slope * 6.5), 1.0)) / slope
        colour_gr, colour_rz = _colours(star, rng)
        # Half-light radii of faint galaxies are 0.45 arcsec at r = 23; the mixtures fitted to DR9's
        # ELGs have 0.4 to 1.
        size = float(0.27 * 10 ** (-0.08 * (mag - 23)) * rng.lognormal(0, 0.35))
        angle, axis_ratio = float(rng.uniform(0, 180)), float(rng.uniform(0.3, 1.0))
        if np.hypot(x, y) < 2.5:
            continue
        source = point_source((x, y))
        shapes.append(source if star else source * disk(size, axis_ratio, angle))
        fluxes.append([10 ** (-0.4 * (mag + d - 22.5)) for d in (colour_gr, 0.0, -colour_rz)])
    return shapes, np.array(fluxes).reshape(-1, 3)


def _colours(star: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Random g - r and r - z of a star, along the stellar locus, or of a faint galaxy."""
    if star:
        temperature = rng.uniform(0, 1)
        gr = np.interp(temperature, (0, 0.45, 0.65, 1), (0.3, 0.9, 1.4, 1.5))
        rz = np.interp(temperature, (0, 0.45, 0.65, 1), (0.1, 0.45, 0.9, 2.0))
        return float(gr + rng.normal(0, 0.04)), float(rz + rng.normal(0, 0.04))
    colour = float(rng.normal(0.8, 0.35))
    return colour, 0.15 + 0.55 * colour + float(rng.normal(0, 0.15))
