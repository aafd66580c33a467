"""Reading and writing of redshifts of DESI: those of redrock, and catalogues made from them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import BoolArray, Float64Array, Int64Array, TargetIds
from galsearch.core.errors import SourceError
from galsearch.sources.desi.observed_group import observed_group
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from galsearch.sources.fits.typed_columns import floats, integers, texts

_HDUS = ("REDSHIFTS", "ZCATALOG", "ZBEST", "METADATA")
"""Names of the table of redshifts: of redrock, of zpix, ztile and zall, of redrock before 2021, and
of FastSpecFit."""
_NEEDED = ("TARGETID", "Z")
_FURTHER = (
    "ZERR",
    "ZWARN",
    "SPECTYPE",
    "DELTACHI2",
    "SURVEY",
    "PROGRAM",
    "HEALPIX",
    "TILEID",
    "LASTNIGHT",
    "ZCAT_PRIMARY",
)


@dataclass(frozen=True, eq=False)
class Redshifts:
    """Best fit of redrock for every row of a file that has a TARGETID and a redshift, in order."""

    target_ids: TargetIds
    """(n,) TARGETIDs as in the file; those of stuck fibres are negative."""
    z: Float64Array
    """(n,) redshift of the best fit."""
    z_err: Float64Array
    """(n,) uncertainty of the redshift; NaN where the file has none."""
    zwarn: np.ma.MaskedArray[Any, np.dtype[np.int64]]
    """(n,) warning bits of the fit; 0 for a fit without a warning, masked where the file has
    none."""
    spectype: npt.NDArray[np.str_]
    """(n,) type of the spectrum: GALAXY, QSO or STAR; '' where the file has none."""
    deltachi2: Float64Array
    """(n,) difference of chi squared to the next best fit; NaN where the file has none."""
    survey: npt.NDArray[np.str_]
    program: npt.NDArray[np.str_]
    """(n,) names (`survey`, `program`) of the observation; '' where the file states none."""
    healpix: Int64Array
    """(n,) HEALPix pixel (nside 64, nested) of the observation; -1 where the file states none."""
    tile: Int64Array
    night: Int64Array
    """(n,) tile (`tile`) of the observation, and its last night or exposure; -1 where the file
    states none."""
    is_primary: BoolArray
    """(n,) True for the best of several observations of a target (ZCAT_PRIMARY), and where the file
    does not state it."""


def read_redrock(url: str) -> Redshifts:
    """The redshifts in a file of redrock, or in a catalogue made from such files.

    Parameters
    ----------
    url
        Path or fsspec URL of redrock-*.fits, zpix-*.fits, ztile-*.fits, zall-*.fits, zbest-*.fits
        or fastspec-*.fits; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or has no table of redshifts.
    """
    with open_fits(url) as file:
        name = next((name for name in _HDUS if name in file.names), None)
        if name is None:
            found = ", ".join(name or "(unnamed)" for name in file.names)
            raise SourceError(
                f"{url}: none of the HDUs {', '.join(_HDUS)} is there, so this is not a file of "
                f"redshifts. It holds: {found}."
            )
        columns = file.table(file.find(name, file_kind="redshifts"), (*_NEEDED, *_FURTHER))
        header = file.hdus[0].header
    where = f"{url}: HDU {name}"
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise SourceError(f"{where} lacks {', '.join(missing)}.")
    ids, z = integers(columns, "TARGETID", where=where), floats(columns, "Z", where=where)
    known = ~np.ma.getmaskarray(ids) & np.isfinite(z)
    further = _further(columns, ids.size, header, where)
    return Redshifts(ids.data[known], z[known], *(values[known] for values in further))


def _further(columns: dict[str, npt.NDArray[Any]], n: int, header: Header, where: str) -> list[Any]:
    """Columns that a file need not have, in the order of `Redshifts`."""

    def optional(read: Callable[..., Any], name: str, absent: Any) -> Any:
        return read(columns, name, where=where) if name in columns else absent

    unknown, group = np.full(n, np.nan), observed_group(header)
    zwarn = np.ma.MaskedArray(np.zeros(n, np.int64), mask=True)
    healpix, tile, night = (
        np.ma.MaskedArray(np.full(n, number, np.int64))
        for number in (group.healpix, group.tile, group.night)
    )
    primary = np.ma.MaskedArray(columns.get("ZCAT_PRIMARY", np.ones(n, bool)))
    if primary.dtype != bool or primary.shape != (n,):
        raise SourceError(
            f"{where}: column ZCAT_PRIMARY is of type {primary.dtype}; expected bool."
        )
    return [
        optional(floats, "ZERR", unknown),
        optional(integers, "ZWARN", zwarn),
        optional(texts, "SPECTYPE", np.full(n, "")),
        optional(floats, "DELTACHI2", unknown),
        optional(texts, "SURVEY", np.full(n, header.label("SURVEY"))),
        optional(texts, "PROGRAM", np.full(n, header.label("PROGRAM"))),
        optional(integers, "HEALPIX", healpix).filled(-1),
        optional(integers, "TILEID", tile).filled(-1),
        optional(integers, "LASTNIGHT", night).filled(-1),
        primary.filled(False),
    ]


def write_redrock(
    path: str | Path,
    *,
    target_ids: npt.ArrayLike,
    z: npt.ArrayLike,
    z_err: npt.ArrayLike,
    zwarn: npt.ArrayLike,
    spectype: npt.ArrayLike,
    deltachi2: npt.ArrayLike,
) -> None:
    """Write a redrock-*.fits, whose HDU REDSHIFTS has one row for each target.

    Column names and types are those of redrock. The file is written atomically; the same input
    makes the same bytes.

    Parameters
    ----------
    path
        File to be written.
    target_ids : (n,) int64
        TARGETID of each target.
    z, z_err : (n,)
        Redshift of the best fit and its uncertainty.
    zwarn : (n,) int64
        Warning bits of the fit; 0 for none.
    spectype : (n,)
        Type of the spectrum: GALAXY, QSO or STAR.
    deltachi2 : (n,)
        Difference of chi squared to the next best fit.

    Raises
    ------
    SourceError
        Where the columns differ in length; nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> fit = dict(z=[0.1], z_err=[1e-5], zwarn=[0], spectype=["GALAXY"], deltachi2=[900.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_redrock(f"{folder}/redrock.fits", target_ids=[39627848784286003], **fit)
    ...     read_redrock(f"{folder}/redrock.fits").z
    array([0.1])
    """
    columns = {
        "TARGETID": np.asarray(target_ids, dtype=np.int64),
        "Z": np.asarray(z, dtype=np.float64),
        "ZERR": np.asarray(z_err, dtype=np.float64),
        "ZWARN": np.asarray(zwarn, dtype=np.int64),
        "SPECTYPE": np.asarray(spectype).astype("S6"),
        "DELTACHI2": np.asarray(deltachi2, dtype=np.float64),
    }
    write_fits(path, [fits.PrimaryHDU(), table_hdu("REDSHIFTS", columns, where=str(path))])
