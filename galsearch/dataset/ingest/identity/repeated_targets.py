"""Choice of one spectrum for each TARGETID that several coadds hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Float64Array, Int64Array, Rows, TargetIds
from galsearch.dataset.ingest.identity.file_origin import folder_of, observation_of
from galsearch.dataset.ingest.sky_match import separation_arcsec

OTHER_POSITION = "another position"
SMALLER_IVAR = "coadd of smaller ivar"
OTHER_FOLDER = "coadd of the same name in another folder, of smaller ivar"


@dataclass(frozen=True, eq=False)
class ChosenSpectra:
    """The spectra that are kept, one for each TARGETID, and the number of dropped ones."""

    rows: Rows
    """(n,) rows of the kept spectra, ascending."""
    at_several_positions: TargetIds
    """TARGETIDs, sorted, of which a spectrum at another position was dropped."""
    dropped: Counter[str]
    """Number of dropped spectra by reason."""


def choose_spectra(
    target_ids: TargetIds,
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    summed_ivar: Float64Array,
    file_numbers: Int64Array,
    urls: Sequence[str],
    *,
    max_separation_arcsec: float,
) -> ChosenSpectra:
    """The spectrum with the largest sum of inverse variance of each TARGETID.

    Of equal ones the first is kept. A spectrum of the same TARGETID that is farther from the kept
    one than `max_separation_arcsec` is another object, and is counted under a reason of its own.

    Parameters
    ----------
    target_ids, ra_deg, dec_deg : (n,)
        TARGETID and ICRS position in degrees of each spectrum, in the order of files and rows.
    summed_ivar : (n,)
        Sum of the inverse variance of each spectrum.
    file_numbers : (n,)
        Index in `urls` of the file that holds each spectrum.
    urls
        Paths or URLs of the files of spectra.
    max_separation_arcsec
        Largest distance of two spectra of one galaxy.
    """
    best = np.lexsort((np.arange(target_ids.size), -summed_ivar, target_ids))
    is_first = np.append(True, np.diff(target_ids[best]) != 0)[: best.size]
    kept_of = np.empty(best.size, np.int64)
    kept_of[best] = best[np.flatnonzero(is_first)[np.cumsum(is_first) - 1]]
    others = np.flatnonzero(kept_of != np.arange(best.size))
    kept = kept_of[others]
    separation = separation_arcsec(ra_deg[others], dec_deg[others], ra_deg[kept], dec_deg[kept])
    elsewhere = separation > max_separation_arcsec
    same_name = _same_name_elsewhere(urls, file_numbers[others], file_numbers[kept])
    reasons = {
        OTHER_POSITION: elsewhere,
        OTHER_FOLDER: ~elsewhere & same_name,
        SMALLER_IVAR: ~elsewhere & ~same_name,
    }
    return ChosenSpectra(
        rows=np.sort(best[is_first]),
        at_several_positions=np.unique(target_ids[others[elsewhere]]),
        dropped=+Counter({reason: int(rows.sum()) for reason, rows in reasons.items()}),
    )


def _same_name_elsewhere(urls: Sequence[str], files: Int64Array, others: Int64Array) -> BoolArray:
    """(n,) True where two files hold observations of one name and lie in different folders."""
    name, folder = (
        np.unique([str(value) for value in values] or [""], return_inverse=True)[1]
        for values in (map(observation_of, urls), map(folder_of, urls))
    )
    return np.asarray((name[files] == name[others]) & (folder[files] != folder[others]))
