"""Redshifts as redrock writes them beside each coadd (redrock-*.fits, HDU REDSHIFTS)."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.sources.fits_output import table_hdu, write_fits


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
