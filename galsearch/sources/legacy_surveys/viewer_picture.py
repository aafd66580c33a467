"""Pictures of the Legacy Surveys viewer (JPEG or PNG), turned back into images of flux."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Float32Array
from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC
from galsearch.core.errors import SourceError
from galsearch.core.rgb import legacy_flux
from galsearch.files.content_kind import N_FIRST_BYTES, describe_content

_FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_MAX_PIXELS = 1 << 26
"""Largest number of pixels of a picture; the viewer makes 3000 x 3000 at most."""


@dataclass(frozen=True, eq=False)
class ViewerPicture:
    """Flux of a picture in g, r and z."""

    flux: Float32Array
    """(3, ny, nx) nanomaggies per pixel of the picture; row 0 is south, column 0 is east."""
    clipped: float
    """Fraction of pixels with a colour at its largest value, whose flux is too small."""


def is_picture(path: Path) -> bool:
    """True for a file that begins as a JPEG or PNG picture does."""
    with path.open("rb") as file:
        return file.read(16).startswith(tuple(_FORMATS))


def read_viewer_picture(
    path: Path, *, pixel_scale_arcsec: float = LEGACY_PIXEL_SCALE_ARCSEC
) -> ViewerPicture:
    """The flux of a picture of the viewer in g, r and z, with its stretch inverted.

    Colours have 8 bits, and JPEG changes them further, so that the flux is not exact. The viewer
    interpolates pixels, so that its colours show nanomaggies in a pixel of 0.262 arcsec whatever
    the scale of the picture is.

    Parameters
    ----------
    path
        A JPEG or PNG file in the colours of the layers ls-dr8 and later, north up and east left.
    pixel_scale_arcsec
        Side of a pixel of the picture in arcseconds.

    Raises
    ------
    SourceError
        Where the file is no such picture, damaged, or in shades of grey.
    """
    # Imported here: few queries read pictures.
    from PIL import Image

    content = path.read_bytes()
    if not content.startswith(tuple(_FORMATS)):
        kind = describe_content(content[:N_FIRST_BYTES])
        raise SourceError(f"{path}: not a JPEG or PNG picture: it is {kind}.")
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
            _check_kind(path, picture.width * picture.height, picture.mode)
            colours = np.asarray(picture.convert("RGB"), np.float32) / 255
    except SourceError:
        raise
    except Exception as error:
        # Pillow raises exceptions of many kinds for a damaged picture.
        raise SourceError(f"{path}: a damaged picture ({error}).") from None
    # The first row of a picture is north.
    flux, clipped = legacy_flux(colours[::-1].transpose(2, 0, 1))
    area = (pixel_scale_arcsec / LEGACY_PIXEL_SCALE_ARCSEC) ** 2
    return ViewerPicture(flux * np.float32(area), float(clipped.mean()))


def _check_kind(path: Path, n_pixels: int, mode: str) -> None:
    if n_pixels > _MAX_PIXELS:
        raise SourceError(
            f"{path}: a picture of {n_pixels:,} pixels; expected that of a galaxy, with "
            f"{_MAX_PIXELS:,} at most."
        )
    if mode not in ("RGB", "RGBA"):
        raise SourceError(
            f"{path}: a picture of mode {mode}; expected colours (RGB), from which the flux in g, "
            "r and z is computed."
        )
