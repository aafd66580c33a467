"""Which redshift belongs to which spectrum: the one fitted to it."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.sources.desi.redrock import read_redrock

Ints = npt.NDArray[np.int64]

_KEYS = ("target_ids", "zwarn")
_COLUMNS = (
    ("z", np.float64, np.nan),
    ("z_err", np.float64, np.nan),
    ("zwarn", np.object_, None),
    ("spectype", np.object_, None),
)


def redshifts_of(
    target_ids: Ints, files: npt.NDArray[np.intp], spectrum_urls: Sequence[str], urls: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    """Columns z and z_err (NaN unknown), zwarn and spectype (None unknown), one row a spectrum.

    The redrock file whose name is that of the spectrum's own file answers first, for one TARGETID
    is observed in several surveys and fitted in each. Failing that, any file that knows the
    TARGETID: a fit without a warning before one with, then the first file. Without files nothing
    is known, and nothing comes back.

    Parameters
    ----------
    target_ids, files : (n,)
        Each spectrum's TARGETID and its number in `spectrum_urls`.
    """
    tables = [read_redrock(url) for url in urls]
    if not tables:
        return {}
    file = np.repeat(np.arange(len(tables)), [table.target_ids.size for table in tables])
    ids, zwarn = (np.concatenate([getattr(t, name) for t in tables]) for name in _KEYS)
    number = {_what_was_fitted(url): number for number, url in enumerate(urls)}
    own_file = np.array([number.get(_what_was_fitted(url), -1) for url in spectrum_urls], int)
    rows = _lookup(ids, zwarn, file, target_ids, own_file[files])
    known = rows >= 0
    found: dict[str, npt.NDArray[Any]] = {}
    for name, kind, unknown in _COLUMNS:
        found[name] = np.full(rows.size, unknown, kind)
        found[name][known] = np.concatenate([getattr(t, name) for t in tables])[rows[known]]
    return found


def _lookup(
    known_ids: Ints, zwarn: Ints, known_file: Ints, target_ids: Ints, own_file: Ints
) -> Ints:
    """(n,) row of the best redshift of each spectrum, -1 where there is none."""
    order = np.lexsort((known_file, zwarn != 0, known_ids))
    best = _first_at(known_ids[order], order, target_ids)
    for number in np.unique(own_file[own_file >= 0]):
        mine, rows = np.flatnonzero(own_file == number), np.flatnonzero(known_file == number)
        rows = rows[np.argsort(known_ids[rows], kind="stable")]
        own = _first_at(known_ids[rows], rows, target_ids[mine])
        best[mine] = np.where(own >= 0, own, best[mine])
    return best


def _first_at(sorted_ids: Ints, rows: Ints, wanted: Ints) -> Ints:
    if not sorted_ids.size:
        return np.full(wanted.size, -1, np.int64)
    at = np.minimum(np.searchsorted(sorted_ids, wanted, "left"), sorted_ids.size - 1)
    return np.where(sorted_ids[at] == wanted, rows[at], -1)


def _what_was_fitted(url: str) -> str:
    """'main-bright-17' of coadd-main-bright-17.fits and of redrock-main-bright-17.fits."""
    return PurePosixPath(url).name.removesuffix(".gz").partition("-")[2]
