"""Reading of DESI spectra: coadd-*.fits and spectra-*.fits of a HEALPix pixel or a tile.

Each row of FIBERMAP is returned as a galaxy or counted as skipped for a reason. A spectra-*.fits
has one row for each exposure; the exposures of one TARGETID are combined into one spectrum,
weighted by ivar.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float64Array, Int64Array, Rows, TargetIds
from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.sources.desi.arms import Arm, clean_arm, distinct_arms, join_arms
from galsearch.sources.desi.observed_group import ObservedGroup, observed_group
from galsearch.sources.fits.fits_file import FitsFile, open_fits
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.typed_columns import floats, integers, texts
from galsearch.sources.fits.units import unit_factor

_KIND = "a DESI coadd or spectra file"
_NEEDED = ("TARGETID", "TARGET_RA", "TARGET_DEC")
_TEXT_COLUMNS = ("MORPHTYPE", "PHOTSYS", "BRICKNAME")
_STATUS_COLUMNS = ("COADD_FIBERSTATUS", "FIBERSTATUS")
_COLUMNS = (
    *(*_NEEDED, *_TEXT_COLUMNS, "OBJTYPE", *_STATUS_COLUMNS, "EBV"),
    *("FLUX_G", "FLUX_R", "FLUX_Z"),
)
_FLUX_UNIT = "10**-17 erg/(s cm2 Angstrom)"
_IVAR_UNIT = "10**+34 (s2 cm4 Angstrom2) / erg2"
SAME_TARGET_ARCSEC = 1.5
"""Largest distance of two positions of one target: the diameter of a fibre."""
_SKY_BIT = 1 << 59
_RESTRICTED = 8
"""Value of FIBERSTATUS for bit 3, a positioner with restricted reach; its spectrum is good."""


@dataclass(frozen=True, eq=False)
class SpectraFile:
    """Galaxies of one coadd or spectra file, and the number of skipped rows by reason."""

    url: str
    n_rows: int
    """Number of rows of FIBERMAP, equal to `len(rows) + sum(skipped.values())`."""
    rows: Rows
    """(n,) FIBERMAP row of each galaxy, ascending; the first row where it has several."""
    target_ids: TargetIds
    """(n,) TARGETID of each galaxy, positive and unique."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) ICRS position (`ra_deg`, `dec_deg`) of each galaxy."""
    columns: dict[str, npt.NDArray[Any]]
    """(n,) values of catalogue columns by name: mag_g, mag_r, mag_z (AB, not dereddened) and ebv as
    float32, NaN where unknown; morphtype, photsys, brickname, survey and program as text, '' where
    unknown."""
    spectra: list[Spectrum]
    """n spectra on the 7781 pixels of the DESI grid; empty where they were not requested."""
    skipped: dict[str, int]
    """Number of skipped rows by reason: 'no TARGETID', 'negative TARGETID', 'sky', 'not a target',
    'fibre status', 'no position', 'no valid pixels', 'another position' (than the first row of the
    TARGETID), 'further exposure' (combined into a kept row), 'not requested'."""
    group: ObservedGroup
    """HEALPix pixel, or tile and night, that the header of the file states."""


def read_spectra_file(
    url: str, *, rows: Sequence[int] | None = None, load: bool = True
) -> SpectraFile:
    """Galaxies in a DESI coadd-*.fits or spectra-*.fits, with the spectra of the arms combined.

    A row is kept if it has a positive TARGETID, OBJTYPE TGT, a fibre status of 0 or 8 (restricted
    reach, usable), a position, and at least one valid pixel (ivar > 0, MASK 0, finite).

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.
    rows
        Row numbers of the wanted galaxies, as in `SpectraFile.rows`; other galaxies are counted
        as not requested. By default all galaxies are read.
    load
        False leaves `spectra` of the result empty; everything else is the same.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not a DESI coadd or spectra file.
    """
    with open_fits(url) as file:
        fibermap = _read_fibermap(file)
        header = file.hdus[0].header
        ids, reasons = _ids(fibermap), _reasons(fibermap)
        candidates = np.flatnonzero(reasons == "")
        arms = _read_arms(file, candidates, ids.size)
    valid = np.any([(arm.ivar > 0).any(axis=1) for arm in arms.values()], axis=0)
    reasons[candidates[~valid]] = "no valid pixels"
    usable = candidates[valid]
    elsewhere = _elsewhere(
        ids[usable], fibermap["TARGET_RA"][usable], fibermap["TARGET_DEC"][usable]
    )
    reasons[usable[elsewhere]] = "another position"
    valid[valid] = ~elsewhere
    usable = candidates[valid]
    first, group = _group(ids[usable])
    reasons[np.delete(usable, first)] = "further exposure"
    chosen = _requested(url, usable[first], rows, ids.size)
    reasons[usable[~chosen[group]]] = "not requested"
    kept = usable[first[chosen]]
    spectra: list[Spectrum] = []
    if load and kept.size:
        wanted = np.flatnonzero(valid)[chosen[group]]
        numbers = (np.cumsum(chosen) - 1)[group[chosen[group]]]
        spectra = _join({name: arm.take(wanted) for name, arm in arms.items()}, numbers, url)
    columns = _columns(fibermap, header, kept)
    position = (fibermap["TARGET_RA"][kept], fibermap["TARGET_DEC"][kept])
    skipped = _counted(url, reasons, kept.size)
    return SpectraFile(
        url, ids.size, kept, ids[kept], *position, columns, spectra, skipped, observed_group(header)
    )


def read_spectra_index(url: str) -> SpectraFile:
    """Galaxies in a DESI coadd or spectra file, without their spectra.

    The result is the same as that of `read_spectra_file(url, load=False)`.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.
    """
    return read_spectra_file(url, load=False)


def _read_fibermap(file: FitsFile) -> dict[str, npt.NDArray[Any]]:
    """Columns of FIBERMAP; integers are masked, numbers NaN and text '' where there is no value."""
    found = file.table(file.find("FIBERMAP", file_kind=_KIND), _COLUMNS)
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        raise SourceError(
            f"{file.url}: FIBERMAP lacks {', '.join(missing)}, so this is not {_KIND}."
        )
    where = f"{file.url}: FIBERMAP"
    return {name: _read_as(name)(found, name, where=where) for name in found}


def _ids(fibermap: dict[str, npt.NDArray[Any]]) -> TargetIds:
    """(n,) TARGETID of each row, 0 where there is none."""
    return np.asarray(np.ma.filled(fibermap["TARGETID"], 0), np.int64)


def _read_as(name: str) -> Callable[..., npt.NDArray[Any]]:
    if name in (*_TEXT_COLUMNS, "OBJTYPE"):
        return texts
    return integers if name in ("TARGETID", *_STATUS_COLUMNS) else floats


def _reasons(fibermap: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.str_]:
    """(n,) first reason for which each row of FIBERMAP is skipped, '' for a usable row."""
    ids = _ids(fibermap)
    kind = fibermap.get("OBJTYPE", np.full(ids.size, "TGT"))
    # Either column of the fibre status may exist: coadds have COADD_FIBERSTATUS, and spectra files
    # have the FIBERSTATUS of each exposure.
    stated = [fibermap[name] for name in _STATUS_COLUMNS if name in fibermap]
    # A status that is not stated is not known to be good.
    status = np.ma.filled(stated[0], -1) if stated else np.zeros(ids.size, np.int64)
    finite = np.isfinite(fibermap["TARGET_RA"]) & np.isfinite(fibermap["TARGET_DEC"])
    checks = {
        "no TARGETID": np.ma.getmaskarray(fibermap["TARGETID"]),
        "negative TARGETID": ids <= 0,
        "sky": (kind == "SKY") | ((ids & _SKY_BIT) != 0),
        "not a target": kind != "TGT",
        "fibre status": (status & ~_RESTRICTED) != 0,
        "no position": ~finite,
    }
    return np.select(list(checks.values()), [np.array(r, "U32") for r in checks], "").astype("U32")


def _read_arms(file: FitsFile, rows: Int64Array, n_rows: int) -> dict[str, Arm]:
    candidates = [name.removesuffix("_WAVELENGTH") for name in file.names if "_WAVELENGTH" in name]
    names = distinct_arms(candidates)
    if not names:
        file.find("B_WAVELENGTH", file_kind=_KIND)
    return {name: _read_arm(file, name, rows, n_rows) for name in names}


def _read_arm(file: FitsFile, name: str, rows: Int64Array, n_rows: int) -> Arm:
    wavelength = _image(file, f"{name}_WAVELENGTH", "Angstrom").astype(np.float64)
    planes = {}
    units = {"FLUX": _FLUX_UNIT, "IVAR": _IVAR_UNIT}
    if f"{name}_MASK" in file.names:
        units["MASK"] = ""
    for plane, unit in units.items():
        hdu = file.find(f"{name}_{plane}", file_kind=_KIND)
        if wavelength.ndim != 1 or hdu.shape != (n_rows, wavelength.size):
            raise SourceError(
                f"{file.url}: {name}_{plane} has shape {hdu.shape}; FIBERMAP and "
                f"{name}_WAVELENGTH say {(n_rows, wavelength.size)}."
            )
        planes[plane] = _image(file, hdu.name, unit)[rows]
    if not file.find(f"{name}_IVAR", file_kind=_KIND).header.label("BUNIT"):
        # An inverse variance without a unit has that of its flux.
        flux_header = file.find(f"{name}_FLUX", file_kind=_KIND).header
        factor = unit_factor(flux_header, _FLUX_UNIT, where=f"{file.url}: {name}_FLUX")
        planes["IVAR"] = planes["IVAR"] / factor**2 if factor != 1 else planes["IVAR"]
    flux, ivar = (planes[plane].astype(np.float32, copy=False) for plane in ("FLUX", "IVAR"))
    # A MASK is optional; without it, bad pixels are those of ivar 0.
    return clean_arm(wavelength, flux, ivar, planes.get("MASK", np.zeros((1, 1), np.int32)))


def _image(file: FitsFile, name: str, unit: str) -> npt.NDArray[Any]:
    """Values of an image HDU in the given unit, where it states another that can be converted."""
    hdu = file.find(name, file_kind=_KIND)
    if hdu.is_table:
        raise SourceError(f"{file.url}: {name} is a table; expected an image.")
    values = file.image(hdu)
    factor = unit_factor(hdu.header, unit, where=f"{file.url}: {name}") if unit else 1.0
    return values if factor == 1 else values.astype(np.float64) * factor


def _group(ids: Int64Array) -> tuple[Int64Array, Int64Array]:
    """First row of each distinct TARGETID, ascending, and the number of the TARGETID of each row.

    TARGETIDs are numbered in the order of their first rows.
    """
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return first[order], rank[inverse]


def _elsewhere(ids: Int64Array, ra_deg: Float64Array, dec_deg: Float64Array) -> BoolArray:
    """(n,) True for rows that lie elsewhere than the first row of the same TARGETID.

    One TARGETID can stand for two objects (targets of opportunity, secondary targets), whose
    spectra must not be averaged.
    """
    first, group = _group(ids)
    n_ra, n_dec = ra_deg[first][group], dec_deg[first][group]
    east = (np.mod(ra_deg - n_ra + 180.0, 360.0) - 180.0) * np.cos(np.deg2rad(dec_deg))
    return np.hypot(east, dec_deg - n_dec) * 3600.0 > SAME_TARGET_ARCSEC


def _requested(url: str, kept: Int64Array, rows: Sequence[int] | None, n_rows: int) -> BoolArray:
    """(n,) True for the usable rows `kept` that the caller requested in `rows`."""
    if rows is None:
        return np.ones(kept.size, bool)
    wanted = np.asarray(rows, dtype=np.int64)
    outside = wanted[(wanted < 0) | (wanted >= n_rows)]
    if outside.size:
        raise SourceError(
            f"{url}: row {outside[0]} was requested; the file has rows 0 to {n_rows - 1}."
        )
    return np.isin(kept, wanted)


def _join(arms: dict[str, Arm], numbers: Int64Array, url: str) -> list[Spectrum]:
    flux, ivar = join_arms(arms, numbers, where=url)
    return [Spectrum(DESI_WAVELENGTH_ANGSTROM, f, i) for f, i in zip(flux, ivar, strict=True)]


def _columns(
    fibermap: dict[str, npt.NDArray[Any]], header: Header, kept: Int64Array
) -> dict[str, npt.NDArray[Any]]:
    """Catalogue columns of the kept rows of a file, from FIBERMAP and the primary header."""
    unknown = np.full(fibermap["TARGETID"].size, np.nan, np.float32)
    columns: dict[str, npt.NDArray[Any]] = {}
    for band in "grz":
        flux = fibermap.get(f"FLUX_{band.upper()}", unknown)[kept].astype(np.float64)
        positive = np.where(flux > 0, flux, np.nan)
        columns[f"mag_{band}"] = (22.5 - 2.5 * np.log10(positive)).astype(np.float32)
    columns["ebv"] = fibermap.get("EBV", unknown)[kept].astype(np.float32)
    for name in _TEXT_COLUMNS:
        text = fibermap.get(name, np.full(unknown.size, ""))
        columns[name.lower()] = text[kept].astype(str)
    for name in ("SURVEY", "PROGRAM"):
        columns[name.lower()] = np.full(kept.size, header.label(name))
    return columns


def _counted(url: str, reasons: npt.NDArray[np.str_], n_kept: int) -> dict[str, int]:
    """Number of skipped rows by reason, after a check that every row is counted once."""
    counts = zip(*np.unique(reasons, return_counts=True), strict=True)
    skipped = {str(reason): int(n) for reason, n in counts if reason}
    if n_kept + sum(skipped.values()) != reasons.size:
        raise SourceError(
            f"{url}: of {reasons.size} rows {n_kept} are kept and {skipped} are skipped."
        )
    return skipped
