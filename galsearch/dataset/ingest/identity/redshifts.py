"""Redshifts of spectra, taken from the fit of redrock that was made to each spectrum."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float64Array, Int64Array, Rows, TargetIds
from galsearch.core.errors import IngestError
from galsearch.core.ids import find_rows
from galsearch.dataset.ingest.identity.file_origin import (
    differ_in_release,
    folder_of,
    n_shared_folders,
    observation_of,
)
from galsearch.sources.desi.observed_group import ObservedGroup
from galsearch.sources.desi.redrock import Redshifts

_COLUMNS = (
    ("z", np.float64, np.nan),
    ("z_err", np.float64, np.nan),
    ("zwarn", np.object_, None),
    ("spectype", np.object_, None),
)
"""Name and dtype of each redshift column, and its value where no redshift is known."""
_OWN_FILE, _OWN_OBSERVATION, _OTHER = range(3)
"""Ways in which a redshift belongs to a spectrum, the best first."""
UNUSED_FILE = "file: redshifts of none of the spectra"
ONE_OF_SEVERAL = "redshift: one of several that the files state for the spectrum"
NOT_FITTED_TO_IT = "redshift: fitted to another spectrum of the TARGETID, or not known to which"


@dataclass(frozen=True, eq=False)
class SpectrumOrigin:
    """TARGETIDs of n spectra, and the files and observations that they come from."""

    target_ids: TargetIds
    """(n,) TARGETID of each spectrum, unique."""
    file_numbers: Int64Array
    """(n,) index in `urls` of the file that holds each spectrum."""
    urls: tuple[str, ...]
    """Paths or URLs of the coadd and spectra files."""
    survey: npt.NDArray[np.str_]
    program: npt.NDArray[np.str_]
    """(n,) survey and program of each spectrum, '' where unknown."""
    groups: tuple[ObservedGroup, ...]
    """HEALPix pixel, or tile and night, of each file in `urls`."""
    at_several_positions: TargetIds
    """TARGETIDs, sorted, that several objects at different positions have."""


@dataclass(frozen=True, eq=False)
class SpectrumRedshifts:
    """Redshift columns of n spectra."""

    columns: dict[str, npt.NDArray[Any]]
    """(n,) z, z_err (NaN if unknown), zwarn and spectype (None if unknown); empty where there are
    no redrock files."""
    is_other: BoolArray
    """(n,) True where the redshift was fitted to another spectrum of the TARGETID, as far as names
    and contents of files state."""
    is_one_of_several: BoolArray
    """(n,) True where fits that belong to the spectrum equally well state other redshifts."""
    n_unused_files: int = 0
    """Number of redrock files that have none of the TARGETIDs."""


def redshifts_of(
    spectra: SpectrumOrigin, fits: Sequence[tuple[str, Redshifts]]
) -> SpectrumRedshifts:
    """The redshift of each spectrum: that which was fitted to it, if a file states one.

    One TARGETID may be observed in several surveys, and each observation may be reduced in several
    releases; redrock fits each coadd. In this order a spectrum has

    1. the fit in the redrock file of its own file: that of the corresponding name in the same
       folder, such as redrock-main-bright-17.fits beside coadd-main-bright-17.fits, or else the one
       of that name whose path has the most folders in common with the path of its file and that
       lies beside no other coadd of that name;
    2. a fit that states the survey, the program and, if they are known, the HEALPix pixel or the
       tile and night of the spectrum, or its tile alone, unless its file belongs to another coadd
       or the paths of the two files name different releases; a coadd of a tile is another
       spectrum than that of a HEALPix pixel;
    3. any other fit of its TARGETID, unless the TARGETID belongs to several objects.

    Of several fits of one kind, a primary one (ZCAT_PRIMARY) is taken before others, then one
    without a warning, then the first.

    Parameters
    ----------
    spectra
        The spectra.
    fits
        Path or URL of each redrock file, and its redshifts.

    Raises
    ------
    IngestError
        Where two redrock files of one name could both be that of a coadd, and they disagree.
    """
    n = spectra.target_ids.size
    if not fits:
        return SpectrumRedshifts({}, np.zeros(n, bool), np.zeros(n, bool))
    joined = _Fits.of(fits)
    spectrum, fit = _candidates(spectra.target_ids, joined.target_ids)
    kind = _kinds(spectra, fits, joined, spectrum, fit)
    n_used_files = np.unique(joined.files[fit]).size
    several = np.isin(spectra.target_ids[spectrum], spectra.at_several_positions)
    usable = (kind != _OTHER) | ~several
    spectrum, fit, kind = spectrum[usable], fit[usable], kind[usable]
    rank = (fit, joined.zwarn[fit] != 0, ~joined.is_primary[fit], kind, spectrum)
    order = np.lexsort(rank)
    best = order[np.append(True, np.diff(spectrum[order]) != 0)[: order.size]]
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, dtype, unknown in _COLUMNS:
        values = np.concatenate([_known(getattr(t, name), dtype, unknown) for _, t in fits])
        columns[name] = np.full(n, unknown, dtype)
        columns[name][spectrum[best]] = values[fit[best]]
    is_other = np.zeros(n, bool)
    is_other[spectrum[best]] = kind[best] == _OTHER
    return SpectrumRedshifts(
        columns,
        is_other,
        _is_one_of_several(n, joined.z[fit], kind, spectrum),
        n_unused_files=len(fits) - n_used_files,
    )


def _is_one_of_several(n: int, z: Float64Array, kind: Int64Array, spectrum: Rows) -> BoolArray:
    """(n,) True for spectra whose candidate fits of the best kind state different redshifts."""
    best = np.full(n, _OTHER + 1)
    np.minimum.at(best, spectrum, kind)
    largest, smallest = np.full(n, -np.inf), np.full(n, np.inf)
    equal = (kind == best[spectrum]) & np.isfinite(z)
    np.maximum.at(largest, spectrum[equal], z[equal])
    np.minimum.at(smallest, spectrum[equal], z[equal])
    return np.asarray(largest > smallest)


def _known(column: npt.NDArray[Any], dtype: type, unknown: Any) -> npt.NDArray[Any]:
    """A column of redshifts with `unknown` in place of masked values and empty text."""
    missing = np.ma.getmaskarray(column) | (np.ma.getdata(column) == "")
    values: npt.NDArray[Any] = np.ma.getdata(column).astype(dtype)
    values[missing] = unknown
    return values


@dataclass(frozen=True, eq=False)
class _Fits:
    """The fits of all redrock files, one after the other."""

    target_ids: TargetIds
    files: Int64Array
    """(n,) number of the file of each fit."""
    zwarn: Int64Array
    is_primary: BoolArray
    survey: npt.NDArray[np.str_]
    program: npt.NDArray[np.str_]
    groups: Int64Array
    """(n, 3) HEALPix pixel, tile and night of each fit, -1 where unknown."""
    z: Float64Array

    @classmethod
    def of(cls, fits: Sequence[tuple[str, Redshifts]]) -> "_Fits":
        tables = [table for _, table in fits]
        sizes = [table.target_ids.size for table in tables]

        def stated(name: str, unknown: Any) -> npt.NDArray[Any]:
            columns = [getattr(table, name, None) for table in tables]
            return np.concatenate(
                [
                    np.full(size, unknown) if column is None else np.ma.filled(column, unknown)
                    for size, column in zip(sizes, columns, strict=True)
                ]
            )

        # An unknown TARGETID becomes 0, which no spectrum has; an unknown warning counts as one.
        return cls(
            target_ids=stated("target_ids", 0),
            files=np.repeat(np.arange(len(tables)), sizes),
            zwarn=stated("zwarn", 1),
            is_primary=stated("is_primary", True).astype(bool),
            survey=np.char.lower(stated("survey", "").astype(str)),
            program=np.char.lower(stated("program", "").astype(str)),
            groups=np.stack([stated(name, -1) for name in ("healpix", "tile", "night")], axis=1),
            z=stated("z", np.nan),
        )


def _candidates(target_ids: TargetIds, fit_ids: TargetIds) -> tuple[Rows, Rows]:
    """(m,) number of the spectrum and row of the fit of each pair with the same TARGETID."""
    order = np.argsort(fit_ids, kind="stable")
    first = np.searchsorted(fit_ids[order], target_ids, "left")
    count = np.searchsorted(fit_ids[order], target_ids, "right") - first
    spectrum = np.repeat(np.arange(target_ids.size), count)
    offset = np.arange(spectrum.size) - np.repeat(np.cumsum(count) - count, count)
    return spectrum, order[first[spectrum] + offset]


def _kinds(
    spectra: SpectrumOrigin,
    fits: Sequence[tuple[str, Redshifts]],
    joined: _Fits,
    spectrum: Rows,
    fit: Rows,
) -> Int64Array:
    """(m,) way in which each candidate fit belongs to its spectrum."""
    spectrum_file, fit_file = spectra.file_numbers[spectrum], joined.files[fit]
    own = _own_files(spectra, fits)
    own_file = own[spectrum_file] == fit_file
    same = _is_same_observation(spectra, joined, spectrum, fit)
    # A file that belongs to another coadd, such as one of another reduction, was fitted to that.
    same &= ~np.isin(fit_file, own[own >= 0])
    for pair in {
        (int(a), int(b)) for a, b in zip(spectrum_file[same], fit_file[same], strict=True)
    }:
        if differ_in_release(spectra.urls[pair[0]], fits[pair[1]][0]):
            same &= ~((spectrum_file == pair[0]) & (fit_file == pair[1]))
    return np.select([own_file, same], [_OWN_FILE, _OWN_OBSERVATION], _OTHER)


def _is_same_observation(
    spectra: SpectrumOrigin, joined: _Fits, spectrum: Rows, fit: Rows
) -> BoolArray:
    """(m,) True where a spectrum and a fit state the same group of observations.

    A coadd of a tile and one of a HEALPix pixel are different spectra of a target.
    """
    names = ((spectra.survey, joined.survey), (spectra.program, joined.program))
    equal, both = np.ones(fit.size, bool), np.ones(fit.size, bool)
    for of_spectra, of_fits in names:
        name, other = np.char.lower(of_spectra[spectrum]), of_fits[fit]
        known = (name != "") & (other != "")
        both &= known
        equal &= (name == other) | ~known
    files = np.array([(g.healpix, g.tile, g.night) for g in spectra.groups], np.int64).reshape(
        -1, 3
    )
    groups, others = files[spectra.file_numbers[spectrum]], joined.groups[fit]
    known = (groups >= 0) & (others >= 0)
    equal &= ((groups == others) | ~known).all(axis=1)
    # One states a tile where the other states a pixel.
    of_tile, other_of_tile = groups[:, 1] >= 0, others[:, 1] >= 0
    equal &= ~(of_tile & ~other_of_tile & (others[:, 0] >= 0))
    equal &= ~(other_of_tile & ~of_tile & (groups[:, 0] >= 0))
    return np.asarray(equal & (both | known[:, 1]))


def _own_files(spectra: SpectrumOrigin, fits: Sequence[tuple[str, Redshifts]]) -> Int64Array:
    """For each file of spectra, the number of the redrock file that belongs to it, -1 for none."""
    own = np.full(len(spectra.urls), -1, np.int64)
    by_name: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number, url in enumerate(spectra.urls):
        by_name[observation_of(url)][0].append(number)
    for number, (url, _) in enumerate(fits):
        by_name[observation_of(url)][1].append(number)
    for coadds, redrocks in by_name.values():
        free = []
        for redrock in redrocks:
            beside = [
                coadd
                for coadd in coadds
                if folder_of(spectra.urls[coadd]) == folder_of(fits[redrock][0])
            ]
            own[[coadd for coadd in beside if own[coadd] < 0]] = redrock
            if not beside:
                free.append(redrock)
        nearest = _nearest_coadds([c for c in coadds if own[c] < 0], free, spectra.urls, fits)
        for coadd, found in nearest.items():
            _check_agreement(spectra, coadd, [fits[redrock] for redrock in found])
            own[coadd] = found[0]
    return own


def _nearest_coadds(
    coadds: Sequence[int],
    redrocks: Sequence[int],
    urls: Sequence[str],
    fits: Sequence[tuple[str, Redshifts]],
) -> dict[int, list[int]]:
    """Redrock files that belong to each coadd by the folders that their paths have in common.

    A redrock file is given to the one coadd to which it is nearest, and to none where several are
    as near, since it was fitted to one of them. A coadd has the nearest of the files given to it.
    """
    given: dict[int, list[int]] = defaultdict(list)
    shared = Counter[tuple[int, int]]()
    for redrock in redrocks:
        near = {coadd: n_shared_folders(urls[coadd], fits[redrock][0]) for coadd in coadds}
        best = [coadd for coadd, n in near.items() if n == max(near.values())]
        folders = {folder_of(urls[coadd]) for coadd in best}
        if len(folders) == 1 and not differ_in_release(urls[best[0]], fits[redrock][0]):
            for coadd in best:
                given[coadd].append(redrock)
                shared[coadd, redrock] = near[coadd]
    return {
        coadd: [r for r in found if shared[coadd, r] == max(shared[coadd, r] for r in found)]
        for coadd, found in given.items()
    }


def _check_agreement(
    spectra: SpectrumOrigin, coadd: int, fits: Sequence[tuple[str, Redshifts]]
) -> None:
    """Check that redrock files which could all belong to a coadd state the same redshifts."""
    ids = np.sort(spectra.target_ids[spectra.file_numbers == coadd])
    stated: dict[int, tuple[float, str]] = {}
    for url, table in fits:
        rows = np.flatnonzero(find_rows(ids, np.ma.filled(table.target_ids, 0)) >= 0)
        z = np.ma.filled(np.ma.asarray(table.z, np.float64), np.nan)
        for target_id, value in zip(table.target_ids[rows].tolist(), z[rows].tolist(), strict=True):
            before, first_url = stated.setdefault(target_id, (value, url))
            if first_url != url and before != value and not (before != before and value != value):
                raise IngestError(
                    f"{spectra.urls[coadd]}: its redrock file may be {first_url} or {url}; their "
                    f"redshifts of TARGETID {target_id} are {before:.6g} and {value:.6g}. Put the "
                    "right one beside the coadd, or name it alone."
                )
