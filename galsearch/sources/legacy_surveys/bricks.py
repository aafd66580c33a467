"""Stamps cut from the coadded bricks of the Legacy Surveys (.fits.fz), without resampling."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.core.cutout import Cutout
from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.legacy_surveys.brick_header import find_brick_image
from galsearch.sources.legacy_surveys.brick_origin import (
    BrickOrigin,
    brick_origin,
    check_one_origin,
)
from galsearch.sources.legacy_surveys.image_units import nanomaggies_per_unit
from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane, read_tangent_plane

_Box = tuple[slice, slice]
_FAR_AWAY = 1e9
"""Pixel coordinate outside every image, for positions that have no tangent-plane coordinate."""


def cut_stamps(
    image_urls: Mapping[str, str],
    ra_deg: npt.ArrayLike,
    dec_deg: npt.ArrayLike,
    *,
    size_pixels: int = 152,
    invvar_urls: Mapping[str, str] | None = None,
) -> list[Cutout]:
    """One cutout for each position, cut from the images of one brick.

    Pixels are copied, not resampled, so each position lies within half a pixel of the centre of
    its stamp. A pixel is masked if it is outside the brick, exactly 0 (no exposure), not finite,
    BLANK, or of an inverse variance that is not positive. A position outside the brick gives a
    stamp that is masked everywhere.

    Parameters
    ----------
    image_urls
        Path or URL of legacysurvey-{brick}-image-{band}.fits.fz by band; the stamps have the bands
        in this order. Bands that the brick lacks are left out.
    ra_deg, dec_deg : (n,)
        ICRS position of each stamp in degrees.
    size_pixels
        Side of a stamp in pixels.
    invvar_urls
        Path or URL of the inverse-variance image by band; bands may be missing in it.

    Raises
    ------
    SourceError
        Where a file is missing, cut short or not a brick image; where two bands differ in scale,
        or an inverse variance differs from its image in shape or position; or where the headers
        state different releases, or cameras of the north and of the south.
    """
    invvar_urls = invvar_urls or {}
    unknown = [band for band in invvar_urls if band not in image_urls]
    if unknown or not image_urls:
        raise SourceError(
            "expected an image in each band of a stamp; found images in "
            f"{', '.join(image_urls) or 'none'} and inverse variances in "
            f"{', '.join(invvar_urls) or 'none'}."
        )
    ra = np.atleast_1d(np.asarray(ra_deg, dtype=np.float64))
    dec = np.atleast_1d(np.asarray(dec_deg, dtype=np.float64))
    stamps, masks, scales = [], [], {}
    origins: dict[str, BrickOrigin] = {}
    for band, url in image_urls.items():
        image = _cut(url, ra, dec, size_pixels)
        mask = image.outside | (image.stamps == 0)
        if band in invvar_urls:
            invvar = _cut(invvar_urls[band], ra, dec, size_pixels, is_invvar=True)
            _check_same_pixels(url, image, invvar_urls[band], invvar)
            origins[invvar_urls[band]] = invvar.origin
            mask |= ~(invvar.stamps > 0)
        origins[url] = image.origin
        stamps.append(image.stamps)
        masks.append(mask)
        scales[band] = image.plane.pixel_scale_arcsec
    _check_scales(image_urls, scales)
    check_one_origin(origins)
    bands, scale = tuple(image_urls), next(iter(scales.values()))
    planes = zip(np.stack(stamps, axis=1), np.stack(masks, axis=1), ra, dec, strict=True)
    return [Cutout(f, bands, scale, float(r), float(d), mask) for f, mask, r, d in planes]


@dataclass(frozen=True, eq=False)
class _StampsOfBand:
    """Stamps cut from the image of a brick in one band, and the geometry of that image."""

    stamps: Float32Array
    """(n, size, size) pixels of the stamps, 0 outside the brick."""
    outside: BoolArray
    """(n, size, size) mask, True for pixels outside the brick."""
    plane: TangentPlane
    """Projection of the image from which the stamps are cut."""
    shape: tuple[int, ...]
    """Shape (ny, nx) of the image from which the stamps are cut."""
    origin: BrickOrigin
    """Release and camera that the header of the image states."""


def _cut(
    url: str, ra: Float64Array, dec: Float64Array, size: int, *, is_invvar: bool = False
) -> _StampsOfBand:
    stamps = np.zeros((ra.size, size, size), np.float32)
    outside = np.ones(stamps.shape, bool)
    with open_fits(url) as file:
        hdu = find_brick_image(file)
        plane = read_tangent_plane(hdu.header, where=url)
        # A header may have a scale so small that pixel numbers are beyond those of integers.
        x, y = (
            np.clip(np.nan_to_num(p, nan=_FAR_AWAY), -_FAR_AWAY, _FAR_AWAY)
            for p in plane.pixel(ra, dec)
        )
        corners = [np.rint(p - (size - 1) / 2).astype(np.int64) for p in (y, x)]
        windows = [_window(int(r), int(c), size, hdu.shape) for r, c in zip(*corners, strict=True)]
        overlapping = [n for n, (_, box) in enumerate(windows) if not _is_empty(box)]
        sections = file.image_section(hdu, [windows[n][1] for n in overlapping])
        factor = 1.0 if is_invvar else nanomaggies_per_unit(hdu.header, where=url)
    with np.errstate(all="ignore"):
        for n, section in zip(overlapping, sections, strict=True):
            within = windows[n][0]
            stamps[n][within] = section if factor == 1 else section * factor
            outside[n][within] = False
    return _StampsOfBand(stamps, outside, plane, hdu.shape, brick_origin(hdu.header))


def _window(row: int, column: int, size: int, shape: tuple[int, ...]) -> tuple[_Box, _Box]:
    """Overlap of an image and a stamp whose first pixel is image pixel (row, column).

    Returns
    -------
    tuple
        Slices (rows, columns) of the overlap in the stamp, then those in the image.
    """
    within, image = [], []
    for start, length in zip((row, column), shape, strict=True):
        low, high = max(start, 0), min(start + size, length)
        within.append(slice(low - start, max(high, low) - start))
        image.append(slice(low, max(high, low)))
    return (within[0], within[1]), (image[0], image[1])


def _is_empty(box: _Box) -> bool:
    return any(part.start == part.stop for part in box)


def _check_same_pixels(
    url: str, image: _StampsOfBand, invvar_url: str, invvar: _StampsOfBand
) -> None:
    if (image.plane, image.shape) != (invvar.plane, invvar.shape):
        raise SourceError(
            f"{invvar_url}: {invvar.shape} pixels about RA {invvar.plane.ra_deg:.5f}, Dec "
            f"{invvar.plane.dec_deg:.5f}; the image {url} has {image.shape} about RA "
            f"{image.plane.ra_deg:.5f}, Dec {image.plane.dec_deg:.5f}."
        )


def _check_scales(image_urls: Mapping[str, str], scales: Mapping[str, float]) -> None:
    first = next(iter(scales.values()))
    for band, scale in scales.items():
        if abs(scale / first - 1) > 0.01:
            raise SourceError(
                f"{image_urls[band]}: {scale:g} arcsec per pixel; the first band has {first:g}."
            )
