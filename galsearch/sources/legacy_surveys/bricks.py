"""Stamps cut out of the coadded bricks of the Legacy Surveys (.fits.fz), pixels unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.cutout import Cutout
from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import FitsFile, Hdu, open_fits
from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane, read_tangent_plane

_Box = tuple[slice, slice]
_FAR_AWAY = -1e9
"""Pixel that no image reaches: where a position a quarter of the sky away is taken to lie."""


def cut_stamps(
    image_urls: Mapping[str, str],
    ra_deg: npt.ArrayLike,
    dec_deg: npt.ArrayLike,
    *,
    size_pixels: int = 152,
    invvar_urls: Mapping[str, str] | None = None,
) -> list[Cutout]:
    """One cutout a position, out of the images of one brick, one file a band.

    Pixels are copied, not resampled, so the position lies within half a pixel of the stamp's
    centre. Masked are pixels outside the brick, exactly 0 (no exposure), not finite, and of
    inverse variance 0. A position off the brick gives a wholly masked stamp.

    Parameters
    ----------
    image_urls
        Band -> path or URL of legacysurvey-{brick}-image-{band}.fits.fz; bands keep this order.
        Leave out a band that the brick lacks.
    ra_deg, dec_deg : (n,) ICRS degrees
    size_pixels
        Side of a stamp.
    invvar_urls
        Band -> the inverse-variance image beside it; may lack bands.

    Raises
    ------
    SourceError
        Where a file is missing, cut short or no brick image; where two bands differ in scale, or
        an inverse variance in shape or position from its image.
    """
    invvar_urls = invvar_urls or {}
    unknown = [band for band in invvar_urls if band not in image_urls]
    if unknown or not image_urls:
        raise SourceError(
            f"stamps need an image in each band: found images in {', '.join(image_urls) or 'none'}"
            f" and inverse variances in {', '.join(invvar_urls) or 'none'}."
        )
    ra = np.atleast_1d(np.asarray(ra_deg, dtype=np.float64))
    dec = np.atleast_1d(np.asarray(dec_deg, dtype=np.float64))
    stamps, masks, scales = [], [], {}
    for band, url in image_urls.items():
        image = _cut(url, ra, dec, size_pixels)
        mask = image.outside | (image.stamps == 0)
        if band in invvar_urls:
            invvar = _cut(invvar_urls[band], ra, dec, size_pixels)
            _check_same_pixels(url, image, invvar_urls[band], invvar)
            mask |= ~(invvar.stamps > 0)
        stamps.append(image.stamps)
        masks.append(mask)
        scales[band] = image.plane.pixel_scale_arcsec
    _check_scales(image_urls, scales)
    bands, scale = tuple(image_urls), next(iter(scales.values()))
    planes = zip(np.stack(stamps, axis=1), np.stack(masks, axis=1), ra, dec, strict=True)
    return [Cutout(f, bands, scale, float(r), float(d), mask) for f, mask, r, d in planes]


@dataclass(frozen=True, eq=False)
class _Cut:
    stamps: npt.NDArray[np.float32]
    """(n, size, size), 0 outside the brick."""
    outside: npt.NDArray[np.bool_]
    plane: TangentPlane
    shape: tuple[int, ...]


def _cut(url: str, ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64], size: int) -> _Cut:
    stamps = np.zeros((ra.size, size, size), np.float32)
    outside = np.ones(stamps.shape, bool)
    with open_fits(url) as file:
        hdu = _brick_image(file)
        plane = read_tangent_plane(hdu.header, where=url)
        x, y = (np.nan_to_num(p, nan=_FAR_AWAY) for p in plane.pixel(ra, dec))
        corners = [np.rint(p - (size - 1) / 2).astype(np.int64) for p in (y, x)]
        windows = [_window(int(r), int(c), size, hdu.shape) for r, c in zip(*corners, strict=True)]
        touched = [n for n, (_, box) in enumerate(windows) if not _is_empty(box)]
        sections = file.image_section(hdu, [windows[n][1] for n in touched])
    for n, section in zip(touched, sections, strict=True):
        within = windows[n][0]
        stamps[n][within], outside[n][within] = section, False
    return _Cut(stamps, outside, plane, hdu.shape)


def _brick_image(file: FitsFile) -> Hdu:
    images = [hdu for hdu in file.hdus if len(hdu.shape) == 2]
    if len(images) != 1:
        raise SourceError(
            f"{file.url}: not a brick image: {len(images)} two-dimensional images, expected one. "
            f"HDUs: {', '.join(name or '(unnamed)' for name in file.names)}."
        )
    return images[0]


def _window(row: int, column: int, size: int, shape: tuple[int, ...]) -> tuple[_Box, _Box]:
    """Where a stamp whose first pixel is (row, column) meets the image: in it, in the image."""
    within, image = [], []
    for start, length in zip((row, column), shape, strict=True):
        low, high = max(start, 0), min(start + size, length)
        within.append(slice(low - start, max(high, low) - start))
        image.append(slice(low, max(high, low)))
    return (within[0], within[1]), (image[0], image[1])


def _is_empty(box: _Box) -> bool:
    return any(part.start == part.stop for part in box)


def _check_same_pixels(url: str, image: _Cut, invvar_url: str, invvar: _Cut) -> None:
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
                f"{image_urls[band]}: {scale:g} arcsec a pixel, where the first band has {first:g}."
            )
