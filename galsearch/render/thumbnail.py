"""A galaxy's image as the Legacy Surveys viewer would show it, ready to stand in a page."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from galsearch.core.rgb import legacy_rgb


def thumbnail_png(
    flux: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_] | None = None
) -> bytes:
    """A PNG of (3, ny, nx) g, r, z nanomaggies per pixel: north up, east left, viewer colours.

    Pixels without a measurement in any band are mid grey, so that they cannot pass for sky.

    Examples
    --------
    >>> thumbnail_png(np.zeros((3, 8, 8)))[1:4]
    b'PNG'
    """
    planes = legacy_rgb(flux)
    if mask is not None:
        planes = np.where(np.asarray(mask).all(axis=0), np.float32(0.35), planes)
    pixels = (planes * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)[::-1]
    sink = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(sink, format="PNG", optimize=True)
    return sink.getvalue()


def data_uri(png: bytes) -> str:
    """The PNG as text that an `img` element takes as its source."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
