"""The patches of an image, any of which can be removed before the image is embedded."""

from typing import Any

import numpy as np

from galsearch.analysis.explanation.removable_parts import PartColumns
from galsearch.core.arrays import BoolArray, Float64Array, Vectors
from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC
from galsearch.core.modality import Modality
from galsearch.embeddings.encoder_protocol import ImageEncoderProtocol
from galsearch.query.inputs.own_data.own_image import OwnImage

REMOVED_SHARE = 0.5
"""Share of the patches in a random group. The core of a galaxy covers a few patches, each of which
is filled well from the others: only many together say what they carry."""
PATCH_PIXELS = 12
"""Side of a patch in pixels where the encoder names none: 3.1 arcsec."""


class ImagePatches:
    """The square patches of the part of an image that an encoder sees.

    A patch is removed by masking its pixels in all bands. The encoder treats them as pixels that
    were not measured: the encoders of galsearch fill them from the pixels around them.

    Parameters
    ----------
    own
        The image.
    encoder
        Encoder that embeds it. One of galsearch says how large its patches are, and which central
        part of the image it sees; for another one the patches cover the whole image.
    """

    modality = Modality.IMAGE
    removed_share = REMOVED_SHARE

    def __init__(self, own: OwnImage, encoder: ImageEncoderProtocol) -> None:
        self.own, self._encoder = own, encoder
        ny, nx = own.cutout.flux.shape[1:]
        self.patch_pixels, seen = _sizes(encoder, min(ny, nx))
        self.n_side = seen // self.patch_pixels
        # Encoders round half an odd margin to the even number.
        self.first_row, self.first_column = round((ny - seen) / 2), round((nx - seen) / 2)

    def __len__(self) -> int:
        """Number of patches."""
        return self.n_side**2

    def embed(self, removed: BoolArray) -> Vectors:
        """(m, d) embeddings of the image without some of its patches.

        Parameters
        ----------
        removed : (m, n)
            True for the patches that each of the m embeddings lacks.
        """
        cutout = self.own.cutout
        square = removed.reshape(-1, self.n_side, self.n_side)
        pixels = square.repeat(self.patch_pixels, axis=1).repeat(self.patch_pixels, axis=2)
        mask = np.repeat(np.asarray(cutout.mask)[None], len(removed), axis=0)
        rows = slice(self.first_row, self.first_row + pixels.shape[1])
        columns = slice(self.first_column, self.first_column + pixels.shape[2])
        mask[:, :, rows, columns] |= pixels[:, None]
        # Encoders refuse an image without a measured pixel; it is blank sky instead.
        blank = np.asarray(mask[:, :, rows, columns].all(axis=(1, 2, 3)))
        mask[blank] = cutout.mask
        flux = np.where(mask | blank[:, None, None, None], np.float32(0), cutout.flux)
        return self._encoder.embed(flux, mask)

    def columns(self) -> PartColumns:
        """The centre of each patch in pixels of the image, and in arcseconds from its centre.

        The first pixel is 0; columns count from the east and rows from the south, as in a dataset.
        """
        row, column = np.divmod(np.arange(len(self)), self.n_side)
        middle = (self.patch_pixels - 1) / 2
        x = self.first_column + column * self.patch_pixels + middle
        y = self.first_row + row * self.patch_pixels + middle
        ny, nx = self.own.cutout.flux.shape[1:]
        return {
            "part": np.full(len(self), "patch", object),
            "x_pixel": x,
            "y_pixel": y,
            "east_arcsec": _arcsec((nx - 1) / 2 - x),
            "north_arcsec": _arcsec(y - (ny - 1) / 2),
        }


def _arcsec(pixels: Float64Array) -> Float64Array:
    return np.round(pixels * LEGACY_PIXEL_SCALE_ARCSEC, 3)


def _sizes(encoder: Any, side: int) -> tuple[int, int]:
    """Side of a patch, and of the central part of an image that an encoder sees, in pixels."""
    section = getattr(getattr(encoder, "config", None), "image", None)
    if section is None or section.image_size > side:
        return PATCH_PIXELS, side - side % PATCH_PIXELS
    return section.patch_size, section.image_size
