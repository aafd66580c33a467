"""Pictures of the Legacy Surveys viewer (JPEG or PNG), turned back into images of flux."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array
from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC
from galsearch.core.errors import SourceError
from galsearch.core.rgb import legacy_flux
from galsearch.files.content_kind import N_FIRST_BYTES, describe_content

_FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_MAX_PIXELS = 1 << 26
"""Largest number of pixels of a picture; the viewer makes 3000 x 3000 at most."""
_N_COMMONEST = 8
"""Number of colours whose share of the pixels is measured: noise spreads the colours of a sky."""
_FEWEST_PIXELS = 400
"""Number of pixels below which colours say too little of what a picture shows."""
_FEW_COLOURS = 0.2
"""Share of the commonest colours from which a picture has few colours. Those of 341 real images
have at most 0.11, but up to 1 after strong compression, or where the sky is clipped to black. Only
with a bright edge, such as the paper of a plot, is it a drawing."""
_BRIGHT = 0.4
"""Median brightness of the edge, 0 to 1, from which it is no sky; real images have at most 0.15."""


@dataclass(frozen=True, eq=False)
class ViewerPicture:
    """Flux of a picture in g, r and z."""

    flux: Float32Array
    """(3, ny, nx) nanomaggies per pixel of the picture; row 0 is south, column 0 is east."""
    clipped: float
    """Fraction of pixels with a colour at its largest value, whose flux is too small."""
    commonest: float
    """Fraction of pixels that have one of the eight commonest colours."""
    edge_brightness: float
    """Median of the mean colour of the outer tenth, between 0 (black) and 1 (white)."""

    @property
    def has_dark_edge(self) -> bool:
        """True where the edge is as dark as the sky of the viewer."""
        return self.edge_brightness < _BRIGHT

    @property
    def has_few_colours(self) -> bool:
        """True where few colours fill much: compressed, clipped, partly blank, or drawn."""
        return self.commonest >= _FEW_COLOURS


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
        Where the file is no such picture, damaged, in shades of grey, of one colour, or with few
        colours and a bright edge, as a plot has.
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
            pixels = np.asarray(picture.convert("RGB"))
    except SourceError:
        raise
    except Exception as error:
        # Pillow raises exceptions of many kinds for a damaged picture.
        raise SourceError(f"{path}: a damaged picture ({error}).") from None
    commonest, edge_brightness = _share_of_commonest(pixels), _edge_brightness(pixels)
    _check_content(path, pixels, commonest, edge_brightness)
    # The first row of a picture is north.
    flux, clipped = legacy_flux((pixels[::-1].astype(np.float32) / 255).transpose(2, 0, 1))
    area = (pixel_scale_arcsec / LEGACY_PIXEL_SCALE_ARCSEC) ** 2
    return ViewerPicture(flux * np.float32(area), float(clipped.mean()), commonest, edge_brightness)


def _share_of_commonest(pixels: npt.NDArray[np.uint8]) -> float:
    """The share of the pixels (ny, nx, 3) that have one of the commonest colours."""
    red, green, blue = pixels.reshape(-1, 3).T.astype(np.int32)
    counts = np.unique((red << 16) | (green << 8) | blue, return_counts=True)[1]
    return float(np.sort(counts)[-_N_COMMONEST:].sum() / counts.sum())


def _edge_brightness(pixels: npt.NDArray[np.uint8]) -> float:
    """The median brightness of the outer tenth of pixels (ny, nx, 3)."""
    brightness = pixels.mean(axis=2) / 255
    width = max(1, min(brightness.shape) // 10)
    inside = np.zeros(brightness.shape, bool)
    inside[width:-width, width:-width] = True
    return float(np.median(brightness[~inside]))


def _check_content(
    path: Path, pixels: npt.NDArray[np.uint8], commonest: float, edge_brightness: float
) -> None:
    """Refuse pictures of one colour, and those with few colours and a bright edge: plots, pages."""
    ny, nx = pixels.shape[:2]
    if ny * nx > 1 and (pixels == pixels[0, 0]).all():
        raise SourceError(
            f"{path}: a picture of {nx} x {ny} pixels of one colour; expected that of a galaxy."
        )
    few = commonest >= _FEW_COLOURS and ny * nx > _FEWEST_PIXELS
    if few and edge_brightness >= _BRIGHT:
        raise SourceError(
            f"{path}: its edge is bright and {100 * commonest:.0f} per cent of its {nx} x {ny} "
            f"pixels have one of {_N_COMMONEST} colours, as in a plot or a page; expected a "
            "picture of a galaxy, with dark sky at its edge."
        )


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
