"""Sky that the image of a brick covers, and its origin, read from its header without its pixels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import FitsFile, open_fits
from galsearch.sources.fits.hdu import Hdu
from galsearch.sources.legacy_surveys.brick_origin import (
    UNKNOWN_ORIGIN,
    BrickOrigin,
    brick_origin,
)
from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane, read_tangent_plane


@dataclass(frozen=True)
class BrickHeader:
    """Projection, size and origin of the image of a brick."""

    plane: TangentPlane
    shape: tuple[int, ...]
    """Number of rows and columns of the image."""
    origin: BrickOrigin = UNKNOWN_ORIGIN
    """Release and camera that the header states."""

    def pixels_to_edge(self, ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> Float64Array:
        """(n,) distance in pixels of ICRS positions from the nearest edge, negative outside.

        Parameters
        ----------
        ra_deg, dec_deg : (n,)
            ICRS positions in degrees.

        Examples
        --------
        >>> header = BrickHeader(TangentPlane(150.0, 2.0, 49.5, 49.5, 0.36), (100, 100))
        >>> header.pixels_to_edge([150.0, 150.0], [2.0, 2.006]).round(3)
        array([ 50., -10.])
        """
        x, y = self.plane.pixel(ra_deg, dec_deg)
        rows, columns = self.shape
        edges = np.stack([x + 0.5, columns - 0.5 - x, y + 0.5, rows - 0.5 - y])
        return np.asarray(np.nan_to_num(edges, nan=-np.inf).min(axis=0))


def read_brick_header(url: str) -> BrickHeader:
    """The header of the image of a brick, legacysurvey-{brick}-image-{band}.fits.fz.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not an image of a brick.
    """
    with open_fits(url) as file:
        hdu = find_brick_image(file)
        plane = read_tangent_plane(hdu.header, where=url)
        return BrickHeader(plane, hdu.shape, brick_origin(hdu.header))


def find_brick_image(file: FitsFile) -> Hdu:
    """The HDU of the one two-dimensional image in the file of a brick.

    Raises
    ------
    SourceError
        Where the file has no such image, or several.
    """
    images = [hdu for hdu in file.hdus if len(hdu.shape) == 2]
    if len(images) != 1:
        raise SourceError(
            f"{file.url}: not a brick image: {len(images)} two-dimensional images, expected one. "
            f"HDUs: {', '.join(name or '(unnamed)' for name in file.names)}."
        )
    return images[0]
