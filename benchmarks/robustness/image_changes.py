"""Changes of images as real surveys have them: holes, missing bands, offsets, noise, dust, stars.

A change takes images (n, 3, 152, 152) in nanomaggies, bands g, r, z, and a generator of random
numbers. It returns changed images and a mask that is True where there is no measurement.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from galsearch.core.arrays import BoolArray, Float32Array
from galsearch.dataset.schema import BANDS, PIXEL_SCALE_ARCSEC
from training.augment.image_augmentation import EXTINCTION_PER_REDDENING

SKY_NOISE_NANOMAGGIES = np.array([0.0024, 0.0037, 0.0118], np.float32)[:, None, None]
"""Noise of the sky in g, r, z in simulated images of the south, one sigma of a pixel."""
STAR_MAG, STAR_ARCSEC, STAR_FWHM_PIXELS = 19.0, 8.0, 4.6
"""Magnitude, distance from the centre and width of a star that is added."""

ImageChange = Callable[[Float32Array, np.random.Generator], tuple[Float32Array, BoolArray]]


def image_changes() -> dict[str, ImageChange]:
    """The changes of images by the name of their row in the table."""
    changes: dict[str, ImageChange] = {
        f"band {band} missing": _band_missing(number) for number, band in enumerate(BANDS)
    }
    changes |= {
        "4 masked rows through the centre": _masked(lambda mask: _rows(mask, 4)),
        "4 masked columns beside the centre (3 arcsec off)": _masked(lambda mask: _column(mask)),
        "centre masked (radius 1.5 arcsec)": _masked(lambda mask: _disc(mask, 1.5)),
        "outer 43 % masked": _masked(_edge),
        "cutout of 64 pixels": lambda flux, _: _unmasked(flux[..., 44:108, 44:108]),
    }
    for pixels in (0.5, 1.0, 2.0, 4.0):
        name = f"shifted by {pixels * PIXEL_SCALE_ARCSEC:.2f} arcsec ({pixels:g} pixels)"
        changes[name] = _shifted(pixels)
    changes |= {
        "rotated by 90 degrees": lambda flux, _: _unmasked(np.rot90(flux, axes=(2, 3))),
        "mirrored": lambda flux, _: _unmasked(flux[..., ::-1]),
        "sky + 0.5 sigma": lambda flux, _: _unmasked(flux + 0.5 * SKY_NOISE_NANOMAGGIES),
        "dust, E(B-V) + 0.1": lambda flux, _: _unmasked(flux * _dust(0.1)),
        "flux x 1.1": lambda flux, _: _unmasked(flux * 1.1),
        "flux x 2": lambda flux, _: _unmasked(flux * 2),
        "star of r = 19 at 8 arcsec": lambda flux, _: _unmasked(flux + _star(flux.shape[-1])),
    }
    for factor in (1.4, 2.2, 4.1):
        changes[f"noise x {factor}"] = _noisier(factor)
    for pixels in (1.0, 1.5, 2.5):
        changes[f"PSF wider by a Gaussian of {pixels:g} pixels"] = _blurred(pixels)
    return changes


def _unmasked(flux: Float32Array) -> tuple[Float32Array, BoolArray]:
    return np.ascontiguousarray(flux, dtype=np.float32), np.zeros(flux.shape, bool)


def _masked(draw: Callable[[BoolArray], None]) -> ImageChange:
    """A change that masks the same pixels of each image, which `draw` sets in a (ny, nx) mask."""

    def change(flux: Float32Array, _: np.random.Generator) -> tuple[Float32Array, BoolArray]:
        plane = np.zeros(flux.shape[-2:], bool)
        draw(plane)
        mask = np.broadcast_to(plane, flux.shape)
        return np.where(mask, np.float32(0), flux), mask.copy()

    return change


def _rows(mask: BoolArray, n: int) -> None:
    middle = len(mask) // 2
    mask[middle - n // 2 : middle + n // 2] = True


def _column(mask: BoolArray) -> None:
    start = mask.shape[1] // 2 + round(3 / PIXEL_SCALE_ARCSEC)
    mask[:, start : start + 4] = True


def _disc(mask: BoolArray, radius_arcsec: float) -> None:
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]] - (len(mask) - 1) / 2
    mask |= np.hypot(x, y) * PIXEL_SCALE_ARCSEC < radius_arcsec


def _edge(mask: BoolArray) -> None:
    """Mask what is more than 36 pixels from the centre: 43 per cent of the central 96 x 96."""
    middle = len(mask) // 2
    inside = slice(middle - 36, middle + 36)
    mask[:] = True
    mask[inside, inside] = False


def _band_missing(number: int) -> ImageChange:
    def change(flux: Float32Array, _: np.random.Generator) -> tuple[Float32Array, BoolArray]:
        changed, mask = _unmasked(flux.copy())
        changed[:, number], mask[:, number] = 0, True
        return changed, mask

    return change


def _shifted(pixels: float) -> ImageChange:
    """A change that moves each image by a distance in a random direction, with linear
    interpolation of pixels (which blurs a little) unless the offset is whole.
    """

    def change(flux: Float32Array, rng: np.random.Generator) -> tuple[Float32Array, BoolArray]:
        angles = rng.uniform(0, 2 * np.pi, len(flux))
        moved = [
            ndimage.shift(image, (0, pixels * np.sin(a), pixels * np.cos(a)), order=3, mode="wrap")
            for image, a in zip(flux, angles, strict=True)
        ]
        return _unmasked(np.stack(moved))

    return change


def _dust(reddening: float) -> Float32Array:
    """(3, 1, 1) factor of the flux in g, r, z for additional dust of the Milky Way."""
    magnitudes = np.array(EXTINCTION_PER_REDDENING, np.float32) * np.float32(reddening)
    return np.asarray(10 ** (-0.4 * magnitudes)[:, None, None], np.float32)


def _star(size: int) -> Float32Array:
    """(3, size, size) image of a star of equal magnitude in all bands."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    sigma = STAR_FWHM_PIXELS / 2.3548
    profile = np.exp(-0.5 * ((x - STAR_ARCSEC / PIXEL_SCALE_ARCSEC) ** 2 + y**2) / sigma**2)
    flux = 10 ** (-0.4 * (STAR_MAG - 22.5))
    return np.broadcast_to(flux * profile / profile.sum(), (3, size, size)).astype(np.float32)


def _noisier(factor: float) -> ImageChange:
    """A change that adds white noise until the noise of the sky is `factor` times as large."""

    def change(flux: Float32Array, rng: np.random.Generator) -> tuple[Float32Array, BoolArray]:
        added = rng.standard_normal(flux.shape, dtype=np.float32)
        sigma = SKY_NOISE_NANOMAGGIES * np.float32(np.sqrt(factor**2 - 1))
        return _unmasked(flux + sigma * added)

    return change


def _blurred(pixels: float) -> ImageChange:
    def change(flux: Float32Array, _: np.random.Generator) -> tuple[Float32Array, BoolArray]:
        return _unmasked(ndimage.gaussian_filter(flux, (0, 0, pixels, pixels)))

    return change
