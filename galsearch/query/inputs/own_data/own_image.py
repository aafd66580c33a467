"""An image that a user gives as a query: a file or an array, brought to the pixels of the index."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC, Cutout
from galsearch.core.errors import InvalidCutoutError, QueryError
from galsearch.query.inputs.own_data.array_file import load_array
from galsearch.query.inputs.own_data.image_file import read_image_file
from galsearch.query.inputs.own_data.image_footprint import centred_on

BANDS = ("g", "r", "z")
SIZE_PIXELS = 152
"""Side in pixels of an image that is embedded, as in a dataset; encoders take its centre."""
SKY_NOISE = {"g": 0.0025, "r": 0.004, "z": 0.0125}
"""Typical noise of the Legacy Surveys in nanomaggies per pixel of 0.262 arcsec, by band."""
_NOISE_RATIO = 4.0
"""Ratio to the typical noise above which, or below whose inverse, an image has another depth."""
_SMALLEST_ARCSEC = 10.0
ImageInput: TypeAlias = str | Path | Cutout | npt.ArrayLike | Any
"""Path of a FITS, JPEG, PNG or .npy file, a Cutout, an array (3, ny, nx) of nanomaggies, or an
`OwnImage` that was read already."""


@dataclass(frozen=True, eq=False)
class OwnImage:
    """An image in g, r and z on 152 x 152 pixels of 0.262 arcsec, and how it was made."""

    cutout: Cutout
    place: str
    """Name of the file, or "the image" for an array."""
    position_deg: tuple[float, float] | None
    """Right ascension and declination of its centre; None where it is not known."""
    notes: tuple[str, ...]
    """Sentences on what differs from the images of the survey: bands, depth, units, scale."""


def read_own_image(
    given: ImageInput,
    *,
    position: Float64Array | None = None,
    pixel_scale: float | None = None,
) -> OwnImage:
    """An image of any kind on the pixels that encoders take, with its flux conserved.

    Parameters
    ----------
    given
        A FITS cutout; a file of a brick, legacysurvey-{brick}-image-{band}.fits.fz, with the files
        of the other bands beside it; a JPEG or PNG picture of the viewer, whose stretch is
        inverted; a .npy file or an array (3, ny, nx) of nanomaggies per pixel in g, r, z, its row
        0 south and its column 0 east; a `Cutout`; or an `OwnImage`, which is returned as it is.
    position : (1, 2) degrees
        Where the galaxy is; required for a brick. By default the centre of the image.
    pixel_scale
        Side of a pixel in arcseconds, for a picture or an array; by default 0.262.

    Raises
    ------
    SourceError
        Where a file is missing, damaged or of another kind.
    QueryError
        Where the position is outside the image, or does not suit the kind of image.
    InvalidCutoutError
        Where the image has none of the bands g, r, z, no measured pixel, or one value in all.
    """
    if isinstance(given, OwnImage):
        return given
    if pixel_scale is not None and not (np.isfinite(pixel_scale) and 0.01 <= pixel_scale <= 10):
        raise QueryError(f"pixel_scale is {pixel_scale}; expected 0.01 .. 10 arcsec.")
    if isinstance(given, Cutout):
        place, found = "the image", _Found(given, has_position=True)
    elif isinstance(given, (str, Path)):
        place, found = str(given), _read(str(given), position, pixel_scale)
    else:
        place, found = "the image", _from_array(given, "the image", pixel_scale)
    if position is not None:
        if not found.has_position:
            raise QueryError(
                f"{place} has no coordinates, so that a position in it has no meaning; expected "
                "an image without a position, whose centre is the galaxy, or a FITS file."
            )
        found = dataclasses.replace(found, cutout=centred_on(found.cutout, position[0], place))
    return _on_survey_pixels(found, place)


@dataclass(frozen=True, eq=False)
class _Found:
    cutout: Cutout
    has_position: bool
    notes: tuple[str, ...] = ()


def _read(place: str, position: Float64Array | None, pixel_scale: float | None) -> _Found:
    if place.endswith(".npy"):
        return _from_array(load_array(Path(place)), place, pixel_scale)
    read = read_image_file(place, position=position, pixel_scale=pixel_scale)
    return _Found(read.cutout, read.has_position, read.notes)


def _from_array(given: Any, place: str, pixel_scale: float | None) -> _Found:
    """An array in nanomaggies per pixel, of unknown position."""
    flux = np.asarray(np.ma.filled(given, np.nan) if np.ma.isMaskedArray(given) else given)
    if flux.dtype.kind not in "iuf" or flux.ndim != 3 or flux.shape[0] != len(BANDS):
        raise InvalidCutoutError(
            f"{place} is an array of shape {flux.shape} and type {flux.dtype}; expected numbers of "
            "shape (3, ny, nx), nanomaggies per pixel in g, r and z."
        )
    notes = []
    if pixel_scale is None:
        notes.append(
            f"{place} states no pixel scale; {LEGACY_PIXEL_SCALE_ARCSEC} arcsec is assumed."
        )
    scale = LEGACY_PIXEL_SCALE_ARCSEC if pixel_scale is None else pixel_scale
    return _Found(Cutout(flux, BANDS, scale, 0.0, 0.0), False, tuple(notes))


def _on_survey_pixels(found: _Found, place: str) -> OwnImage:
    cutout, notes = found.cutout, list(found.notes)
    measured = [band for band in BANDS if band in cutout.bands and _is_measured(cutout, band)]
    present = [band for band in measured if not _is_constant(cutout, band)]
    if measured and not present:
        values = sorted({_some_value(cutout, band) for band in measured})
        raise InvalidCutoutError(
            f"{place} has the value {' or '.join(f'{value:g}' for value in values)} in every pixel "
            f"of {', '.join(measured)}; expected the image of a galaxy."
        )
    if not present:
        raise InvalidCutoutError(
            f"{place} has measurements in {_listed(cutout)}; expected the bands g, r and z, or "
            "some of them."
        )
    if len(present) < len(BANDS):
        absent = [band for band in BANDS if band not in measured]
        if absent:
            notes.append(f"{place} has no {' and '.join(absent)}: the embedding lacks its colours.")
        constant = [band for band in measured if band not in present]
        if constant:
            notes.append(
                f"{place} has one value in every pixel of {' and '.join(constant)}, which counts "
                "as no measurement: the embedding lacks its colours."
            )
        cutout = cutout.select_bands(tuple(present))
    side = min(cutout.flux.shape[1:]) * cutout.pixel_scale_arcsec
    if side < _SMALLEST_ARCSEC:
        notes.append(f"{place} is {side:.1f} arcsec wide; images of the survey are 40 arcsec.")
    if cutout.pixel_scale_arcsec > 2 * LEGACY_PIXEL_SCALE_ARCSEC:
        notes.append(
            f"{place} has pixels of {cutout.pixel_scale_arcsec:.3g} arcsec: detail that images of "
            f"the survey ({LEGACY_PIXEL_SCALE_ARCSEC} arcsec) show is missing."
        )
    regridded = cutout.select_bands(BANDS).regrid(SIZE_PIXELS, LEGACY_PIXEL_SCALE_ARCSEC)
    if not regridded.good.any():
        raise InvalidCutoutError(f"{place} has no measured pixel within 20 arcsec of its centre.")
    notes += _notes_on_depth(regridded, place)
    position = (cutout.ra_deg, cutout.dec_deg) if found.has_position else None
    return OwnImage(regridded, place, position, tuple(notes))


def _is_measured(cutout: Cutout, band: str) -> bool:
    return bool(cutout.good[cutout.bands.index(band)].any())


def _is_constant(cutout: Cutout, band: str) -> bool:
    """True where all measured pixels of a band, more than one, have one value."""
    row = cutout.bands.index(band)
    flux = cutout.flux[row][cutout.good[row]]
    return bool(flux.size > 1 and (flux == flux[0]).all())


def _some_value(cutout: Cutout, band: str) -> float:
    """The value of the first measured pixel of a band."""
    row = cutout.bands.index(band)
    return float(cutout.flux[row][cutout.good[row]][0])


def _listed(cutout: Cutout) -> str:
    """Bands of an image that have measurements, in words."""
    measured = [band for band in cutout.bands if _is_measured(cutout, band)]
    return ", ".join(measured) or "no band"


def _notes_on_depth(cutout: Cutout, place: str) -> list[str]:
    """A sentence on each band whose noise is far from that of the survey."""
    notes = []
    for row, band in enumerate(cutout.bands):
        noise = _sky_noise(cutout, row)
        ratio = noise / SKY_NOISE[band]
        if np.isfinite(ratio) and not 1 / _NOISE_RATIO < ratio < _NOISE_RATIO:
            notes.append(
                f"{place} has a noise of {noise:.2g} nanomaggies per pixel in {band}, {ratio:.2g} "
                f"times that of the Legacy Surveys ({SKY_NOISE[band]:g}): its depth or its unit of "
                "flux differs."
            )
    return notes


def _sky_noise(cutout: Cutout, row: int) -> float:
    """Scatter of the pixels of one band outside the centre, from pixels three apart.

    Neighbouring pixels of a resampled image share their noise, and those three apart hardly do.
    NaN where fewer than 100 pairs were measured.
    """
    flux = np.where(cutout.good[row], cutout.flux[row], np.nan)
    half = cutout.flux.shape[1] // 4
    flux[half:-half, half:-half] = np.nan
    differences = flux[:, 3:] - flux[:, :-3]
    differences = differences[np.isfinite(differences)]
    if differences.size < 100:
        return float("nan")
    return float(1.4826 * np.median(np.abs(differences - np.median(differences))) / np.sqrt(2))
