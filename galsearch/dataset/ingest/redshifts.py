"""Redshifts of spectra, taken from the redrock file that belongs to each spectrum's file."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Int64Array, Rows, TargetIds
from galsearch.core.ids import find_rows
from galsearch.sources.desi.redrock import read_redrock

_COLUMNS = (
    ("z", np.float64, np.nan),
    ("z_err", np.float64, np.nan),
    ("zwarn", np.object_, None),
    ("spectype", np.object_, None),
)
"""Name and dtype of each redshift column, and its value where no redshift is known."""


def redshifts_of(
    target_ids: TargetIds,
    file_numbers: Int64Array,
    spectrum_urls: Sequence[str],
    redrock_urls: Sequence[str],
) -> dict[str, npt.NDArray[Any]]:
    """Redshift columns of spectra: z, z_err (NaN if unknown), zwarn, spectype (None if unknown).

    One TARGETID may be observed in several surveys, and redrock fits each observation. So the
    redrock file whose name corresponds to the spectrum's file is preferred, such as
    redrock-main-bright-17.fits for coadd-main-bright-17.fits. If it does not have the TARGETID,
    any other redrock file is used: a fit without a warning before one with a warning, then the
    first file.

    Parameters
    ----------
    target_ids : (n,) int64
        TARGETID of each spectrum.
    file_numbers : (n,) int64
        Index in `spectrum_urls` of the file that holds each spectrum.
    spectrum_urls
        Paths or URLs of coadd or spectra files.
    redrock_urls
        Paths or URLs of redrock files.

    Returns
    -------
    dict
        (n,) values of each column; empty where there are no redrock files.
    """
    tables = [read_redrock(url) for url in redrock_urls]
    if not tables:
        return {}
    fit_files = np.repeat(np.arange(len(tables)), [table.target_ids.size for table in tables])
    fit_ids = np.concatenate([table.target_ids for table in tables])
    zwarn = np.concatenate([table.zwarn for table in tables])
    number = {_observation(url): number for number, url in enumerate(redrock_urls)}
    own_file = np.array([number.get(_observation(url), -1) for url in spectrum_urls], int)
    rows = _best_fits(fit_ids, zwarn, fit_files, target_ids, own_file[file_numbers])
    known = rows >= 0
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, kind, unknown in _COLUMNS:
        columns[name] = np.full(rows.size, unknown, kind)
        columns[name][known] = np.concatenate([getattr(t, name) for t in tables])[rows[known]]
    return columns


def _best_fits(
    fit_ids: TargetIds,
    zwarn: Int64Array,
    fit_files: Int64Array,
    target_ids: TargetIds,
    own_file: Int64Array,
) -> Rows:
    """(n,) row of the best redrock fit of each spectrum, -1 where there is none."""
    order = np.lexsort((fit_files, zwarn != 0, fit_ids))
    best = _rows_of(target_ids, fit_ids, order)
    for number in np.unique(own_file[own_file >= 0]):
        spectra = np.flatnonzero(own_file == number)
        fits = np.flatnonzero(fit_files == number)
        fits = fits[np.argsort(fit_ids[fits], kind="stable")]
        own = _rows_of(target_ids[spectra], fit_ids, fits)
        best[spectra] = np.where(own >= 0, own, best[spectra])
    return best


def _rows_of(wanted: TargetIds, fit_ids: TargetIds, sorted_rows: Rows) -> Rows:
    """(n,) row of the first fit of each wanted TARGETID, -1 for none.

    `sorted_rows` are the rows to be searched, sorted by TARGETID.
    """
    if not sorted_rows.size:
        return np.full(wanted.size, -1, np.int64)
    found = find_rows(fit_ids[sorted_rows], wanted)
    return np.where(found >= 0, sorted_rows[found], -1)


def _observation(url: str) -> str:
    """Part of a name that a coadd shares with its redrock file, such as 'main-bright-17.fits'."""
    return PurePosixPath(url).name.removesuffix(".gz").partition("-")[2]
