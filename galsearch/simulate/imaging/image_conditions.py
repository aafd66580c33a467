"""Images under the whole range of conditions that real surveys have.

Version 6 of the simulator takes every image in ordinary conditions. Here the seeing and the noise
vary by factors of 0.6 to 2.5, the galaxy lies at any phase of the pixels and up to an arcsecond
from the centre, and the subtraction of the sky leaves a level.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import Complex64Array, Float32Array, Float64Array
from galsearch.simulate.imaging.exposure import (
    IMAGING_SURVEYS,
    Seeing,
    add_noise,
    draw_neighbours,
    draw_seeing,
)
from galsearch.simulate.imaging.render_galaxy import (
    PIXEL_SCALE_ARCSEC,
    point_source,
    psf_transform,
    quick_exponential_disk,
    render_image,
)
from galsearch.simulate.imaging.resampled_noise import resampled_noise

_RANGE = (0.6, 2.5)
"""Smallest and largest factor on the seeing and on the noise."""
_UNUSUAL_SHARE = 0.35
"""Share of the images whose seeing, noise or sky, each by itself, are spread over the whole
range."""
_CENTRING_ARCSEC, _BAD_CENTRING_ARCSEC, _BAD_CENTRING_SHARE = 0.2, 0.5, 0.1
"""Standard deviation along each axis of the offset of a galaxy from the centre of its cutout. It is
0.28 arcsec in radius for most, which is the usual difference of positions of two catalogues."""
_RESAMPLED_WEIGHT = 0.18
"""Weight of adjacent pixels (`neighbour_weight`) of detectors with pixels of 0.262 arcsec, for
which the resampling alone accounts."""
_SKY_SIGMAS, _WIDE_SKY_SIGMAS = 0.03, 0.3
"""Standard deviation of the level that the subtraction of the sky leaves, in the noise of a
pixel."""


@dataclass(frozen=True)
class ImageConditions:
    """Conditions under which one image is taken; triples are for g, r and z."""

    hemisphere: str
    seeing: Seeing
    noise: float
    """Noise relative to the typical noise of the hemisphere."""
    offset_arcsec: tuple[float, float]
    """Offset of the object from the centre of the image, to the right and up."""
    sky_sigmas: tuple[float, float, float]
    """Level that is left of the sky, in units of the noise of a pixel."""


def draw_image_conditions(
    rng: np.random.Generator, hemisphere: str, *, ordinary: bool = False
) -> ImageConditions:
    """Random conditions of one image.

    Parameters
    ----------
    rng
        Generator of the conditions.
    hemisphere : "south" or "north"
        Imaging survey that takes the image.
    ordinary
        True for the seeing, noise, centring and sky that most images have.
    """
    unusual = 0.0 if ordinary else _UNUSUAL_SHARE
    usual = draw_seeing(rng, hemisphere)
    wider = _factor(rng, unusual)
    fwhm = [wider * value for value in usual.fwhm_arcsec]
    bad = rng.random() < _BAD_CENTRING_SHARE and not ordinary
    offset = rng.normal(0, _BAD_CENTRING_ARCSEC if bad else _CENTRING_ARCSEC, 2)
    offset += rng.uniform(-0.5, 0.5, 2) * PIXEL_SCALE_ARCSEC
    wide = rng.random() < unusual
    sky = rng.normal(0, _WIDE_SKY_SIGMAS if wide else _SKY_SIGMAS, 3)
    return ImageConditions(
        hemisphere=hemisphere,
        seeing=Seeing((fwhm[0], fwhm[1], fwhm[2]), usual.beta),
        noise=float(_factor(rng, unusual) * np.exp(rng.normal(0, 0.12))),
        offset_arcsec=(float(offset[0]), float(offset[1])),
        sky_sigmas=(float(sky[0]), float(sky[1]), float(sky[2])),
    )


def _factor(rng: np.random.Generator, unusual: float) -> float:
    """Factor on the seeing or the noise: any value in the range for a share `unusual` of the
    images, else 1.
    """
    factor = np.exp(rng.uniform(*np.log(_RANGE)))
    return float(factor) if rng.random() < unusual else 1.0


def observe_in_conditions(
    band_flux: Float64Array,
    transforms: list[Complex64Array],
    conditions: ImageConditions,
    rng: np.random.Generator,
) -> Float32Array:
    """Image of an object with neighbours and noise, (3, 152, 152) nanomaggies per pixel in g, r, z.

    Parameters
    ----------
    band_flux : (4, 3)
        Fluxes of bulge, disk, young stars and nucleus in g, r and z, in nanomaggies, through the
        filters of the conditions' hemisphere.
    transforms
        Fourier transforms of bulge, disk and young stars, from `component_transforms`.
    conditions
        Seeing, noise, position and sky.
    rng
        Generator of the neighbours and the noise.
    """
    others, other_fluxes = draw_neighbours(rng, quick_exponential_disk)
    own = 4 if band_flux[3].any() else 3
    parts = [*transforms, point_source()][:own] + others
    fluxes = np.concatenate([band_flux[:own], other_fluxes]).astype(np.float32)
    place = point_source(conditions.offset_arcsec)
    imaging, seeing = IMAGING_SURVEYS[conditions.hemisphere], conditions.seeing
    planes = []
    for band, fwhm in enumerate(seeing.fwhm_arcsec):
        psf = np.asarray(psf_transform(fwhm, seeing.beta) * place, np.complex64)
        plane = render_image(parts, fluxes[:, band], psf)
        sigma = imaging.pixel_noise[band] * conditions.noise
        gain = imaging.electrons_per_nanomaggy[band] / conditions.noise**2
        # Only pixels that are smaller than a detector's share more than the resampling makes.
        blur = max(imaging.neighbour_weight[band] - _RESAMPLED_WEIGHT, 0.0)
        noise = resampled_noise(rng, plane.shape[0], blur)
        noisy = add_noise(plane, sigma, gain, noise)
        planes.append(noisy + np.float32(conditions.sky_sigmas[band] * sigma))
    return np.stack(planes)
