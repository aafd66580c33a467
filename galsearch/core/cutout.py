"""The image of a galaxy, in nanomaggies per pixel, with a mask of missing measurements."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidCutoutError

LEGACY_PIXEL_SCALE_ARCSEC = 0.262
"""Side of a pixel of the coadds of the Legacy Surveys in arcseconds."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """An image of a galaxy in several bands. Its arrays are read-only copies of the given ones.

    Raises
    ------
    InvalidCutoutError
        Where shapes, bands, scale or position contradict each other.

    Examples
    --------
    >>> cutout = Cutout(np.ones((3, 4, 4)), ("g", "r", "z"), 0.262, 150.1, 2.2)
    >>> cutout.flux.dtype, bool(cutout.mask.any())
    (dtype('float32'), False)
    """

    flux: npt.NDArray[np.float32]
    """Flux in nanomaggies per pixel, shape (n_bands, ny, nx); row 0 is south, column 0 is east.
    Masked pixels have flux 0."""
    bands: tuple[str, ...]
    """Name of the band of each plane of `flux`, such as ('g', 'r', 'z')."""
    pixel_scale_arcsec: float
    """Side of a square pixel in arcseconds."""
    ra_deg: float
    """ICRS right ascension of the centre of the image, in degrees, 0 .. 360."""
    dec_deg: float
    """ICRS declination of the centre of the image, in degrees."""
    mask: npt.NDArray[np.bool_] | None = None
    """Mask of shape (n_bands, ny, nx), True where there is no measurement. Pixels whose flux is not
    finite are added to it. Default: every finite pixel is a measurement."""

    def __post_init__(self) -> None:
        flux = np.array(self.flux, dtype=np.float32)
        if flux.ndim != 3 or flux.shape[0] != len(self.bands) or 0 in flux.shape:
            raise InvalidCutoutError(
                f"a cutout in bands {', '.join(self.bands) or '(none)'} needs flux of shape "
                f"({len(self.bands)}, ny, nx), found {flux.shape}."
            )
        if len(set(self.bands)) != len(self.bands):
            raise InvalidCutoutError(f"a cutout names each band once, found {self.bands}.")
        mask = np.zeros(flux.shape, bool) if self.mask is None else np.array(self.mask, dtype=bool)
        if mask.shape != flux.shape:
            raise InvalidCutoutError(
                f"mask and flux of a cutout must have one shape, found {mask.shape} "
                f"and {flux.shape}."
            )
        if not (np.isfinite(self.pixel_scale_arcsec) and self.pixel_scale_arcsec > 0):
            raise InvalidCutoutError(
                f"pixel_scale_arcsec must be positive, found {self.pixel_scale_arcsec}."
            )
        if not (np.isfinite(self.ra_deg) and -90 <= self.dec_deg <= 90):
            raise InvalidCutoutError(
                f"a cutout needs an ICRS position, found RA {self.ra_deg}, Dec {self.dec_deg}."
            )
        mask |= ~np.isfinite(flux)
        flux[mask] = 0.0
        flux.setflags(write=False)
        mask.setflags(write=False)
        object.__setattr__(self, "flux", flux)
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "ra_deg", float(self.ra_deg) % 360.0)

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Mask of shape (n_bands, ny, nx), True for pixels with a measurement."""
        assert self.mask is not None  # noqa: S101 (set in __post_init__)
        return ~self.mask

    def select_bands(self, bands: tuple[str, ...]) -> "Cutout":
        """A new cutout with the given bands, in the given order.

        A band that this cutout does not have is masked everywhere.

        Examples
        --------
        >>> cutout = Cutout(np.ones((1, 2, 2)), ("r",), 0.262, 150.1, 2.2)
        >>> cutout.select_bands(("g", "r")).good.all(axis=(1, 2))
        array([False,  True])
        """
        planes = np.zeros((len(bands), *self.flux.shape[1:]), np.float32)
        mask = np.ones(planes.shape, bool)
        for row, band in enumerate(bands):
            if band in self.bands:
                planes[row] = self.flux[self.bands.index(band)]
                mask[row] = ~self.good[self.bands.index(band)]
        return Cutout(planes, bands, self.pixel_scale_arcsec, self.ra_deg, self.dec_deg, mask)

    def regrid(self, size_pixels: int, pixel_scale_arcsec: float) -> "Cutout":
        """A new cutout of the same sky on pixels of another size, with the flux conserved.

        If the scales agree within 1 per cent, the image is cropped or padded by whole pixels, so
        that no value changes; the centre moves by half a pixel if the sizes differ by an odd
        number. Otherwise the flux of each pixel is distributed by overlapping area. Pixels
        outside the image, and pixels of which measurements cover less than half, are masked.

        Parameters
        ----------
        size_pixels
            Number of pixels on each side of the new, square image.
        pixel_scale_arcsec
            Side of a new pixel in arcseconds.

        Examples
        --------
        >>> fine = Cutout(np.ones((1, 8, 8)), ("r",), 0.1, 0.0, 0.0)
        >>> fine.regrid(4, 0.2).flux[0, 0]
        array([4., 4., 4., 4.], dtype=float32)
        """
        if _same_scale(self.pixel_scale_arcsec, pixel_scale_arcsec):
            flux = _cropped(self.flux, size_pixels, 0.0)
            mask = _cropped(~self.good, size_pixels, True)
            return Cutout(flux, self.bands, pixel_scale_arcsec, self.ra_deg, self.dec_deg, mask)
        weights = [
            _overlap_weights(n, self.pixel_scale_arcsec, size_pixels, pixel_scale_arcsec)
            for n in self.flux.shape[1:]
        ]
        flux = _apply(weights, self.flux)
        area = (pixel_scale_arcsec / self.pixel_scale_arcsec) ** 2
        covered = _apply(weights, self.good.astype(np.float32)) / area
        mask = covered < 0.5
        with np.errstate(divide="ignore", invalid="ignore"):
            flux = np.where(mask, 0.0, flux / covered)
        return Cutout(flux, self.bands, pixel_scale_arcsec, self.ra_deg, self.dec_deg, mask)


def _same_scale(a: float, b: float) -> bool:
    return abs(a / b - 1) < 0.01


def _cropped(planes: npt.NDArray[Any], size: int, empty: float) -> npt.NDArray[Any]:
    """The central `size` x `size` pixels of each plane, filled with `empty` beyond the edges.

    Both the planes and the result are arrays of shape (n_bands, ny, nx).
    """
    out = np.full((len(planes), size, size), empty, planes.dtype)
    taken, placed = [slice(None)], [slice(None)]
    for n in planes.shape[1:]:
        # Aligning the central pixels moves input pixel j to output pixel j + shift.
        shift = size // 2 - n // 2
        first, stop = max(0, shift), min(size, n + shift)
        placed.append(slice(first, stop))
        taken.append(slice(first - shift, stop - shift))
    out[tuple(placed)] = planes[tuple(taken)]
    return out


def _overlap_weights(
    n_in: int, scale_in: float, n_out: int, scale_out: float
) -> npt.NDArray[np.float32]:
    """Fraction of each input pixel that lies inside each output pixel, for one axis of an image.

    Two rows of `n_in` and `n_out` pixels, with pixel sizes `scale_in` and `scale_out`, share their
    centre. The result has shape (n_out, n_in).
    """
    left_in = (np.arange(n_in) - n_in / 2) * scale_in
    left_out = (np.arange(n_out) - n_out / 2) * scale_out
    low = np.maximum(left_out[:, None], left_in[None, :])
    high = np.minimum(left_out[:, None] + scale_out, left_in[None, :] + scale_in)
    return np.asarray(np.clip(high - low, 0, None) / scale_in, dtype=np.float32)


def _apply(
    weights: list[npt.NDArray[np.float32]], planes: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Image planes on new pixels, shape (n_bands, ny_out, nx_out).

    The two weight matrices distribute the flux of the old rows and of the old columns.
    """
    return np.asarray(weights[0] @ planes @ weights[1].T)
