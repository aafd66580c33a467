"""PNG thumbnails of galaxies in the colours of the Legacy Surveys viewer."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from galsearch.core.rgb import legacy_rgb


def thumbnail_png(
    flux: npt.NDArray[np.floating],
    mask: npt.NDArray[np.bool_] | None = None,
    *,
    size_pixels: int | None = None,
) -> bytes:
    """The bytes of a PNG image of a galaxy, north up and east left.

    Parameters
    ----------
    flux : (3, ny, nx)
        Bands g, r and z in nanomaggies per pixel, row 0 south, column 0 east.
    mask : (3, ny, nx), optional
        True where a pixel has no measurement. Pixels without a measurement in any band are
        painted grey, so that they are not mistaken for dark sky.
    size_pixels
        Side of the picture, to which the image is scaled; by default that of the image.

    Examples
    --------
    >>> thumbnail_png(np.zeros((3, 8, 8)))[1:4]
    b'PNG'
    """
    planes = legacy_rgb(flux)
    if mask is not None:
        planes = np.where(np.asarray(mask).all(axis=0), np.float32(0.35), planes)
    pixels = (planes * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)[::-1]
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if size_pixels is not None:
        picture = picture.resize((size_pixels, size_pixels), Image.Resampling.BICUBIC)
    sink = io.BytesIO()
    picture.save(sink, format="PNG", optimize=True)
    return sink.getvalue()


def data_uri(png: bytes) -> str:
    """A PNG image as a `data:` URI, for the `src` attribute of an HTML `img` element.

    Examples
    --------
    >>> data_uri(b"PNG")
    'data:image/png;base64,UE5H'
    """
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
