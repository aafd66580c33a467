"""Catalogues: truth beside a simulated survey, and label tables of any origin."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.fits_output import table_hdu, write_fits


def write_truth(path: str | Path, columns: Mapping[str, npt.ArrayLike]) -> None:
    """Write a FITS table, EXTNAME TRUTH, with what is true of simulated galaxies.

    Whole or absent; the same input makes the same bytes.

    Parameters
    ----------
    path
        File to make.
    columns
        Column name -> (n,) values; TARGETID must be among them.

    Raises
    ------
    SourceError
        Where TARGETID is missing or not of integers, or lengths differ; nothing is written.
    """
    ids = np.asarray(columns.get("TARGETID", 0.0))
    if not np.issubdtype(ids.dtype, np.integer):
        raise SourceError(
            f"{path}: a truth table needs an integer column TARGETID; found columns "
            f"{', '.join(columns) or '(none)'}. Nothing was written."
        )
    truth = table_hdu("TRUTH", {**columns, "TARGETID": ids.astype(np.int64)}, where=str(path))
    write_fits(path, [fits.PrimaryHDU(), truth])
