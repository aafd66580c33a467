"""What the Legacy Surveys would show of a galaxy: g, r and z, with noise and neighbours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.simulate import sky_image
from galsearch.simulate.light import Light

PIXEL_NOISE = (0.0025, 0.004, 0.0125)
"""Nanomaggies per 0.262 arcsec pixel in g, r and z, one sigma, as in DR9's native cutouts."""
_SEEING_ARCSEC = (1.29, 1.18, 1.11)
"""Median PSF FWHM in DECam's g, r and z (Dey et al. 2019, AJ 157, 168)."""
_MOFFAT_BETAS = (2.5, 2.75, 3.0, 3.25, 3.5, 4.0)
"""Few, because each needs a table."""
_ELECTRONS_PER_NANOMAGGY = (2600.0, 2900.0, 2300.0)
"""Three visits of DECaLS: 2 x 80, 70 and 100 s or so at DECam's zero points."""
_BLEED = 0.1
"""Weight of a pixel's neighbours in its noise, which resampled coadds share: correlation 0.2."""
_NEIGHBOURS = 2.2
"""Mean number of stars and galaxies with r under 24 in a cutout of 0.44 square arcminutes."""
_NEIGHBOUR_SHARE_OF_STARS = 0.25


@dataclass(frozen=True)
class Seeing:
    """The PSF of each band: Moffat profiles."""

    fwhm_arcsec: tuple[float, float, float]
    beta: float


def draw_seeing(rng: np.random.Generator) -> Seeing:
    """Seeing with the survey's spread: 10 per cent in common, 6 per cent by band."""
    common = rng.normal(0, 0.10)
    fwhm = [float(median * np.exp(common + rng.normal(0, 0.06))) for median in _SEEING_ARCSEC]
    return Seeing((fwhm[0], fwhm[1], fwhm[2]), float(rng.choice(_MOFFAT_BETAS)))


def photograph(
    light: Light,
    transforms: list[sky_image.Transform],
    psfs: list[npt.NDArray[np.float32]],
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """(3, 152, 152) nanomaggies per pixel in g, r, z: galaxy, neighbours and noise."""
    others, other_fluxes = _neighbours(rng)
    nucleus = sky_image.point_source()
    parts = [*transforms, nucleus, *others] if light.band_flux[3].any() else [*transforms, *others]
    own = light.band_flux if light.band_flux[3].any() else light.band_flux[:3]
    fluxes = np.concatenate([own, other_fluxes]).astype(np.float32)
    planes = [sky_image.render(parts, fluxes[:, b], psf) for b, psf in enumerate(psfs)]
    depth = float(np.exp(rng.normal(0, 0.12)))
    return np.stack(
        [
            _expose(plane, PIXEL_NOISE[b] * depth, _ELECTRONS_PER_NANOMAGGY[b] / depth**2, rng)
            for b, plane in enumerate(planes)
        ]
    )


def _expose(
    plane: npt.NDArray[np.float32], sky_sigma: float, gain: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Sky noise that neighbouring pixels share, and the galaxy's own photon noise."""
    n = plane.shape[0]
    white = rng.standard_normal((n + 2, n + 2), dtype=np.float32)
    along = white[1:-1] + np.float32(_BLEED) * (white[:-2] + white[2:])
    shared = along[:, 1:-1] + np.float32(_BLEED) * (along[:, :-2] + along[:, 2:])
    shared /= np.float32(1 + 2 * _BLEED**2)
    sigma = np.sqrt(np.float32(sky_sigma**2) + np.clip(plane, 0, None) / np.float32(gain))
    return np.asarray(plane + sigma * shared, dtype=np.float32)


def _neighbours(
    rng: np.random.Generator,
) -> tuple[list[sky_image.Transform], npt.NDArray[np.float64]]:
    """Unrelated stars and small galaxies of r 19 to 24, at least 3.5 arcsec from the centre."""
    half = sky_image.SIZE_PIXELS / 2 * sky_image.PIXEL_SCALE_ARCSEC + 1
    shapes, fluxes = [], []
    for _ in range(rng.poisson(_NEIGHBOURS)):
        x, y = rng.uniform(-half, half, 2)
        # Counts rise by 10^(0.3 m): the inverse of their cumulative distribution.
        mag = 24 + np.log10(rng.uniform(10 ** (-0.3 * 5), 1.0)) / 0.3
        star = rng.random() < _NEIGHBOUR_SHARE_OF_STARS
        colour_gr, colour_rz = _colours(star, rng)
        size = float(rng.uniform(0.15, 0.6))
        if np.hypot(x, y) < 3.5:
            continue
        source = sky_image.point_source((float(x), float(y)))
        shapes.append(source if star else source * sky_image.blur(size))
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
