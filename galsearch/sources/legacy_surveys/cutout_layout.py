"""Which HDUs of a cutout file hold its image and inverse variance, and in which bands.

The viewer of the Legacy Surveys writes one cube with all bands, in the primary HDU or in a
compressed one; its `subimage` files have a plane for each band, in HDUs of their own.
"""

from collections import Counter
from dataclasses import dataclass

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import FitsFile
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.hdu import Hdu
from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane, read_tangent_plane


@dataclass(frozen=True, eq=False)
class CutoutLayout:
    """The HDUs of a cutout file and what their headers say."""

    images: tuple[Hdu, ...]
    """One HDU with all bands, or one HDU for each band."""
    invvars: tuple[tuple[Hdu, slice], ...]
    """HDUs of inverse variances, and the bands that each is for."""
    bands: tuple[str, ...]
    shape: tuple[int, int, int]
    """Number of bands, rows and columns of the image."""
    plane: TangentPlane


def find_cutout(file: FitsFile) -> CutoutLayout:
    """The layout of a cutout file, from the headers of its HDUs.

    Raises
    ------
    SourceError
        Where the file holds no image, or its bands or positions contradict each other.
    """
    with_data = [hdu for hdu in file.hdus if len(hdu.shape) in (2, 3) and 0 not in hdu.shape]
    images = [hdu for hdu in with_data if image_type(hdu) in ("", "IMAGE")]
    if not images or (file.hdus[0].shape and file.hdus[0] not in images):
        raise SourceError(
            f"{file.url}: not a cutout: the primary HDU has {len(file.hdus[0].shape)} axes and no "
            "other HDU holds an image; expected a cube (bands, ny, nx) or one plane. HDUs: "
            f"{', '.join(name or '(unnamed)' for name in file.names)}."
        )
    invvars = [hdu for hdu in with_data if image_type(hdu) == "INVVAR"]
    if images[0] is not file.hdus[0] and "BAND" in images[0].header:
        return _one_hdu_for_each_band(file, images, invvars)
    return _one_hdu(file, images[0], invvars)


def image_type(hdu: Hdu) -> str:
    """Kind of an image in upper case, from the card IMAGETYP: IMAGE, INVVAR, MASKBITS, ..."""
    return hdu.header.label("IMAGETYP").upper()


def _one_hdu(file: FitsFile, image: Hdu, invvars: list[Hdu]) -> CutoutLayout:
    n_bands = image.shape[0] if len(image.shape) == 3 else 1
    shape = (n_bands, image.shape[-2], image.shape[-1])
    bands = _bands(image.header) or _bands(file.hdus[0].header)
    if len(bands) != n_bands or len(set(bands)) != len(bands):
        raise SourceError(
            f"{file.url}: not a cutout: BANDS names {len(bands)} ({', '.join(bands) or 'none'}) "
            f"for {n_bands} planes; expected each band once."
        )
    for hdu in invvars:
        if hdu.shape not in (shape, shape[1:]):
            raise SourceError(
                f"{file.url}: the INVVAR image has shape {hdu.shape}, the image {shape}."
            )
    plane = read_tangent_plane(image.header, where=file.url)
    return CutoutLayout((image,), tuple((h, slice(None)) for h in invvars), bands, shape, plane)


def _one_hdu_for_each_band(file: FitsFile, images: list[Hdu], invvars: list[Hdu]) -> CutoutLayout:
    bands = tuple(hdu.header.label("BAND") for hdu in images)
    repeated = [band for band, count in Counter(bands).items() if count > 1]
    if repeated:
        raise SourceError(
            f"{file.url}: not one cutout: band {repeated[0]} has {bands.count(repeated[0])} "
            "images, since the field lies in several bricks; expected each band once. A cutout of "
            "the viewer without 'subimage' is one image."
        )
    first = images[0]
    plane = read_tangent_plane(first.header, where=file.url)
    for hdu, band in zip(images, bands, strict=True):
        _check_same(file.url, f"the image of band {band}", hdu, first.shape, plane)
    used = [hdu for hdu in invvars if hdu.header.label("BAND") in bands]
    for hdu in used:
        _check_same(file.url, f"the INVVAR of {hdu.header.label('BAND')}", hdu, first.shape, plane)
    rows = [bands.index(hdu.header.label("BAND")) for hdu in used]
    with_rows = tuple((hdu, slice(row, row + 1)) for hdu, row in zip(used, rows, strict=True))
    shape = (len(bands), first.shape[-2], first.shape[-1])
    return CutoutLayout(tuple(images), with_rows, bands, shape, plane)


def _check_same(url: str, what: str, hdu: Hdu, shape: tuple[int, ...], plane: TangentPlane) -> None:
    if len(shape) != 2 or hdu.shape != shape or read_tangent_plane(hdu.header, where=url) != plane:
        raise SourceError(
            f"{url}: {what} has shape {hdu.shape} or a position that differs from the first image "
            f"({shape}); expected planes of the same pixels."
        )


def _bands(header: Header) -> tuple[str, ...]:
    numbered: list[str] = []
    while f"BAND{len(numbered)}" in header:
        numbered.append(header.label(f"BAND{len(numbered)}"))
    return tuple(numbered or header.label("BANDS"))
