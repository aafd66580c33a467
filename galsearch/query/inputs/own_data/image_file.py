"""Files that hold an image: FITS cutouts, bricks, and pictures of the viewer."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC, Cutout
from galsearch.core.errors import QueryError, SourceError

if TYPE_CHECKING:
    from galsearch.sources.legacy_surveys.viewer_picture import ViewerPicture

BANDS = ("g", "r", "z")
_BRICK_FILE = re.compile(r"(?P<head>.*)-(?P<kind>image)-(?P<band>[a-zA-Z])\.fits(?P<tail>\.\w+)?")
_PADDED_PIXELS = 232
"""Side of a stamp from a brick: 60 arcsec."""


@dataclass(frozen=True, eq=False)
class ImageFile:
    """The image of a file, with notes on what differs from images of the survey."""

    cutout: Cutout
    has_position: bool
    """False where the file has no coordinates; the position of the cutout is then 0, 0."""
    notes: tuple[str, ...]


def read_image_file(
    place: str, *, position: Float64Array | None, pixel_scale: float | None
) -> ImageFile:
    """The image in a FITS cutout, in the bricks beside a file of a brick, or in a picture.

    Raises
    ------
    SourceError
        Where the file is missing, damaged or of another kind.
    QueryError
        Where a position or a pixel scale does not suit the file.
    """
    # Imported here: astropy and Pillow would delay every query.
    from galsearch.sources.legacy_surveys.viewer_picture import is_picture, read_viewer_picture

    path = Path(place)
    if path.is_dir():
        raise SourceError(f"{place}: a directory; expected an image file.")
    if path.is_file() and is_picture(path):
        scale = LEGACY_PIXEL_SCALE_ARCSEC if pixel_scale is None else pixel_scale
        picture = read_viewer_picture(path, pixel_scale_arcsec=scale)
        notes = _notes_on_picture(place, picture, None if pixel_scale is None else scale)
        return ImageFile(Cutout(picture.flux, BANDS, scale, 0.0, 0.0), False, notes)
    if pixel_scale is not None:
        raise QueryError(
            f"pixel_scale is given for {place}; expected it for a picture or an array, since a "
            "FITS file states its own."
        )
    if _BRICK_FILE.fullmatch(path.name):
        return _read_brick(place, position)
    return _read_fits(place)


def _notes_on_picture(
    place: str, picture: "ViewerPicture", pixel_scale: float | None
) -> tuple[str, ...]:
    notes = [
        f"{place} is a picture: its flux comes from colours of 8 bits in the stretch of the "
        "Legacy Surveys viewer, so the embedding is not exact."
    ]
    if pixel_scale is None:
        notes.append(
            f"{place} states no pixel scale; {LEGACY_PIXEL_SCALE_ARCSEC} arcsec is assumed."
        )
    if picture.clipped > 0:
        notes.append(
            f"{place} has colours at their largest value in {100 * picture.clipped:.2g} per "
            "cent of its pixels, whose flux is too small."
        )
    if not picture.has_dark_edge:
        notes.append(
            f"{place} is bright at its edge (a median brightness of "
            f"{100 * picture.edge_brightness:.0f} per cent; the sky of the viewer has less than "
            "20): it is perhaps no picture of the sky, or of other colours."
        )
    if picture.has_few_colours:
        notes.append(
            f"{place} has one of eight colours in {100 * picture.commonest:.0f} per cent of its "
            "pixels, few colours: strongly compressed, its sky clipped to black, partly blank, or "
            "a drawing."
        )
    return tuple(notes)


def _read_fits(place: str) -> ImageFile:
    from galsearch.sources import read_cutout
    from galsearch.sources.legacy_surveys.cutout_file import stated_unit
    from galsearch.sources.spectrum_kind import spectrum_kind

    kind = spectrum_kind(place)
    if kind is not None:
        raise SourceError(
            f"{place}: {kind}, not an image; it is a query of the other modality, spectrum."
        )
    cutout = read_cutout(place)
    unit = stated_unit(place)
    notes = []
    if unit and "nanomagg" not in unit.lower():
        notes.append(f"{place} is in {unit}; its flux was converted to nanomaggies.")
    if abs(cutout.pixel_scale_arcsec / LEGACY_PIXEL_SCALE_ARCSEC - 1) >= 0.01:
        notes.append(
            f"{place} has pixels of {cutout.pixel_scale_arcsec:.4g} arcsec; it was resampled to "
            f"{LEGACY_PIXEL_SCALE_ARCSEC} with its flux conserved."
        )
    return ImageFile(cutout, True, tuple(notes))


def _read_brick(place: str, position: Float64Array | None) -> ImageFile:
    """A stamp around a position, from the file of a brick and those of its other bands."""
    from galsearch.sources import cut_stamps
    from galsearch.sources.legacy_surveys.brick_header import read_brick_header

    header = read_brick_header(place)
    if position is None:
        raise QueryError(
            f"{place} is the image of a brick, which shows many galaxies; a position says which."
        )
    ra_deg, dec_deg = (float(value) for value in position[0])
    if header.pixels_to_edge([ra_deg], [dec_deg])[0] < 0:
        width = header.shape[1] * header.plane.pixel_scale_arcsec / 3600
        raise QueryError(
            f"RA {ra_deg:.5f}, Dec {dec_deg:+.5f} is outside {place}, which shows {width:.3f} "
            f"degrees about RA {header.plane.ra_deg:.5f}, Dec {header.plane.dec_deg:+.5f}."
        )
    images = {band: name for band in BANDS if (name := _beside(place, "image", band))}
    if not images:
        raise SourceError(f"{place}: of another band than g, r and z, none of which is beside it.")
    invvars = {band: name for band in images if (name := _beside(place, "invvar", band))}
    (stamp,) = cut_stamps(
        images, [ra_deg], [dec_deg], size_pixels=_PADDED_PIXELS, invvar_urls=invvars
    )
    if not np.asarray(stamp.good).any():
        raise QueryError(
            f"RA {ra_deg:.5f}, Dec {dec_deg:+.5f}: the brick of {place} has no measurement there."
        )
    return ImageFile(stamp, True, ())


def _beside(place: str, kind: str, band: str) -> str | None:
    """Path of the file of another kind or band of the same brick; None where there is none."""
    path = Path(place)
    found = _BRICK_FILE.fullmatch(path.name)
    if found is None:
        return None
    name = f"{found['head']}-{kind}-{band}.fits{found['tail'] or ''}"
    return str(path.with_name(name)) if path.with_name(name).is_file() else None
