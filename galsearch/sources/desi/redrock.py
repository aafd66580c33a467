"""Redshifts as redrock writes them beside each coadd (redrock-*.fits, HDU REDSHIFTS)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_writer import table_hdu, write_fits

_NEEDED = ("TARGETID", "Z", "ZERR", "ZWARN", "SPECTYPE")


@dataclass(frozen=True, eq=False)
class Redshifts:
    """Redrock's answer for every row of a file, in file order."""

    target_ids: npt.NDArray[np.int64]
    """(n,), as the file has them: those of stuck fibres are negative."""
    z: npt.NDArray[np.float64]
    """(n,)."""
    z_err: npt.NDArray[np.float64]
    """(n,)."""
    zwarn: npt.NDArray[np.int64]
    """(n,), bits; 0 where nothing speaks against z."""
    spectype: npt.NDArray[np.str_]
    """(n,), GALAXY, QSO or STAR."""
    deltachi2: npt.NDArray[np.float64]
    """(n,), to the next best fit; NaN where the file does not say."""


def read_redrock(url: str) -> Redshifts:
    """The redshifts of a redrock-*.fits, from its HDU REDSHIFTS.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not a redrock file.
    """
    with open_fits(url) as file:
        hdu = file.find("REDSHIFTS", of="a redrock file")
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
    """Write a redrock-*.fits: HDU REDSHIFTS with redrock's names and types, one row a target.

    Whole or absent; the same input makes the same bytes.

    Raises
    ------
    SourceError
        Where the columns differ in length; nothing is written.
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
