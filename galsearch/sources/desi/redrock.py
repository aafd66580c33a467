"""Reading and writing of redshifts that redrock fitted (redrock-*.fits, HDU REDSHIFTS)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import Float64Array, Int64Array, TargetIds
from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_writer import table_hdu, write_fits

_NEEDED = ("TARGETID", "Z", "ZERR", "ZWARN", "SPECTYPE")


@dataclass(frozen=True, eq=False)
class Redshifts:
    """Best fit of redrock for every row of a file, in the order of the file."""

    target_ids: TargetIds
    """(n,) TARGETIDs as in the file; those of stuck fibres are negative."""
    z: Float64Array
    """(n,) redshift of the best fit."""
    z_err: Float64Array
    """(n,) uncertainty of the redshift."""
    zwarn: Int64Array
    """(n,) warning bits of the fit; 0 for a fit without a warning."""
    spectype: npt.NDArray[np.str_]
    """(n,) type of the spectrum: GALAXY, QSO or STAR."""
    deltachi2: Float64Array
    """(n,) difference of chi squared to the next best fit; NaN where the file has none."""


def read_redrock(url: str) -> Redshifts:
    """The redshifts that redrock fitted, from a redrock-*.fits.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not a redrock file.
    """
    with open_fits(url) as file:
        hdu = file.find("REDSHIFTS", file_kind="a redrock file")
        columns = file.table(hdu, (*_NEEDED, "DELTACHI2"))
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise SourceError(f"{url}: HDU REDSHIFTS lacks {', '.join(missing)}.")
    ids = columns["TARGETID"]
    return Redshifts(
        ids.astype(np.int64),
        columns["Z"].astype(np.float64),
        columns["ZERR"].astype(np.float64),
        columns["ZWARN"].astype(np.int64),
        columns["SPECTYPE"].astype(str),
        columns.get("DELTACHI2", np.full(ids.size, np.nan)).astype(np.float64),
    )


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
