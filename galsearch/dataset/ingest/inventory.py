"""First pass of an ingest, which reads TARGETIDs and positions of all spectra and images.

Pixels are not read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, Int64Array, Rows, TargetIds
from galsearch.core.errors import SourceError
from galsearch.core.progress import Progress
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.identity.brick_choice import Brick, list_bricks
from galsearch.dataset.ingest.identity.repeated_targets import choose_spectra
from galsearch.dataset.ingest.identity.target_id_in_name import target_id_in_name
from galsearch.dataset.schema import BANDS
from galsearch.sources.desi.observed_group import ObservedGroup
from galsearch.sources.desi.spectra_file import (
    SAME_TARGET_ARCSEC,
    SpectraFile,
    read_spectra_file,
    read_spectra_index,
)
from galsearch.sources.legacy_surveys.brick_header import read_brick_header
from galsearch.sources.legacy_surveys.brick_origin import check_one_origin
from galsearch.sources.legacy_surveys.cutout_file import read_cutout_header

NO_ID = "image: no TARGETID in its header or file name"


@dataclass(frozen=True, eq=False)
class SpectrumInventory:
    """The spectra that can become galaxies of a dataset, one for each TARGETID."""

    urls: tuple[str, ...]
    """Paths or URLs of the coadd and spectra files that can be read."""
    file_numbers: Int64Array
    """(n,) index in `urls` of the file that holds each spectrum."""
    file_rows: Rows
    """(n,) row of each spectrum in its file."""
    target_ids: TargetIds
    """(n,) TARGETID of each spectrum, unique."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) ICRS position (`ra_deg`, `dec_deg`) of each target."""
    columns: dict[str, npt.NDArray[Any]]
    """(n,) values of each column that comes from the fibre maps."""
    groups: tuple[ObservedGroup, ...]
    """HEALPix pixel, or tile and night, that each file in `urls` states in its header."""
    n_read: int
    """Number of rows in all fibre maps: the listed spectra and the dropped rows."""
    dropped: Counter[str]
    """Number of dropped rows by reason."""
    at_several_positions: TargetIds = field(default_factory=lambda: np.zeros(0, np.int64))
    """TARGETIDs, sorted, of which a spectrum at another position was dropped."""

    @property
    def photsys(self) -> npt.NDArray[np.str_] | None:
        """(n,) part of the Legacy Surveys of each target, 'N', 'S' or ''; None without files."""
        return self.columns.get("photsys")


@dataclass(frozen=True, eq=False)
class ImageInventory:
    """The cutouts, one for each file, and the bricks from which stamps can be cut."""

    urls: tuple[str, ...]
    """Paths or URLs of the cutout files."""
    target_ids: TargetIds
    """(n,) TARGETID of each cutout, 0 where the file does not state one."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) ICRS position (`ra_deg`, `dec_deg`) of the centre of each cutout."""
    bricks: tuple[Brick, ...]
    """Bricks, each of one survey and release."""
    noted: Counter[str] = field(default_factory=Counter)
    """Number of cutouts without a TARGETID, and of files of bricks that are not used, by note."""


def list_spectra(
    urls: tuple[str, ...], progress: Progress, bad_files: BadFiles
) -> SpectrumInventory:
    """Inventory of the galaxies in coadd and spectra files.

    DESI does not merge observations of different surveys and programs, so a TARGETID may be in
    several coadds. The spectrum with the largest sum of inverse variance is kept; of equal ones,
    the first by file and row.

    Parameters
    ----------
    urls
        Paths or URLs of the files.
    progress
        Function that is called with stage, done and total.
    bad_files
        Collection of the files that cannot be read.
    """
    files = []
    for number, url in enumerate(urls):
        with bad_files.reading(url):
            files.append(read_spectra_index(url))
        progress("listing spectra", number + 1, len(urls))
    names = sorted({name for file in files for name in file.columns})
    spectra = SpectrumInventory(
        urls=tuple(file.url for file in files),
        file_numbers=np.repeat(np.arange(len(files)), [f.rows.size for f in files]),
        file_rows=_concatenated([f.rows for f in files], np.int64),
        target_ids=_concatenated([f.target_ids for f in files], np.int64),
        ra_deg=_concatenated([f.ra_deg for f in files], np.float64),
        dec_deg=_concatenated([f.dec_deg for f in files], np.float64),
        columns={name: np.concatenate([f.columns[name] for f in files]) for name in names},
        groups=tuple(file.group for file in files),
        n_read=sum(file.n_rows for file in files),
        dropped=sum((Counter(file.skipped) for file in files), Counter()),
    )
    return _without_repeated_targets(spectra, bad_files)


def list_images(
    cutout_urls: tuple[str, ...],
    brick_urls: tuple[str, ...],
    progress: Progress,
    bad_files: BadFiles,
    *,
    ids_from_names: bool,
) -> ImageInventory:
    """Inventory of cutouts, from their headers, and of bricks, from their file names.

    Parameters
    ----------
    cutout_urls, brick_urls
        Paths or URLs of the files of cutouts and of bricks.
    progress
        Function that is called with stage, done and total.
    bad_files
        Collection of the files that cannot be read.
    ids_from_names
        True to take the TARGETID from the file name where the header of a cutout has none.

    Raises
    ------
    IngestError
        Where files of bricks are given and none is an image of a brick.
    """
    cutouts = []
    for number, url in enumerate(cutout_urls):
        with bad_files.reading(url):
            cutouts.append((url, *_identity_of_cutout(url, ids_from_names=ids_from_names)))
        progress("listing images", number + 1, len(cutout_urls))
    urls, ids, ra, dec = zip(*cutouts, strict=True) if cutouts else ((), (), (), ())
    found = list_bricks(brick_urls)
    noted = found.noted + Counter({NO_ID: ids.count(0) if ids_from_names else 0})
    return ImageInventory(
        urls,
        np.array(ids, np.int64),
        np.array(ra, np.float64) % 360.0,
        np.array(dec, np.float64),
        _with_headers(found.bricks, bad_files),
        noted,
    )


def check_bricks(bricks: Sequence[Brick], bad_files: BadFiles) -> None:
    """Read the headers of all files of bricks, so that files which cannot be read are known.

    The files of a brick must be of one release, and of the north or the south.
    """
    for brick in bricks:
        origins = {}
        for url in (*brick.images.values(), *brick.invvars.values()):
            with bad_files.reading(url):
                origins[url] = read_brick_header(url).origin
        with bad_files.reading(brick.url):
            check_one_origin(origins)


def _identity_of_cutout(url: str, *, ids_from_names: bool) -> tuple[int, float, float]:
    """TARGETID (0 if it has none), RA and Dec in degrees of the cutout in a file."""
    header = read_cutout_header(url)
    if not set(header.bands) & set(BANDS):
        raise SourceError(
            f"{url}: its bands are {', '.join(header.bands)}; expected one of {', '.join(BANDS)}."
        )
    target_id = int(header.target_id or 0)
    if ids_from_names and header.target_id is None:
        target_id = target_id_in_name(url)
    return target_id, header.ra_deg, header.dec_deg


def _with_headers(bricks: Sequence[Brick], bad_files: BadFiles) -> tuple[Brick, ...]:
    """The bricks, those of other names than the standard grid with the sky that they cover."""
    found = []
    for brick in bricks:
        if brick.is_standard:
            found.append(brick)
            continue
        with bad_files.reading(brick.url):
            found.append(replace(brick, header=read_brick_header(brick.url)))
    return tuple(found)


def _without_repeated_targets(spectra: SpectrumInventory, bad_files: BadFiles) -> SpectrumInventory:
    ids, files = spectra.target_ids, spectra.file_numbers
    _, number, count = np.unique(ids, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(count[number] > 1)
    if not repeated.size:
        return spectra
    summed_ivar = np.zeros(ids.size)
    for file in np.unique(files[repeated]):
        here = repeated[files[repeated] == file]
        with bad_files.reading(spectra.urls[file]):
            loaded = read_spectra_file(spectra.urls[file], rows=list(spectra.file_rows[here]))
            summed_ivar[here] = _summed_ivar(loaded)
    chosen = choose_spectra(
        ids,
        spectra.ra_deg,
        spectra.dec_deg,
        summed_ivar,
        files,
        spectra.urls,
        max_separation_arcsec=SAME_TARGET_ARCSEC,
    )
    keep = chosen.rows
    return replace(
        spectra,
        file_numbers=files[keep],
        file_rows=spectra.file_rows[keep],
        target_ids=ids[keep],
        ra_deg=spectra.ra_deg[keep],
        dec_deg=spectra.dec_deg[keep],
        columns={name: column[keep] for name, column in spectra.columns.items()},
        dropped=spectra.dropped + chosen.dropped,
        at_several_positions=chosen.at_several_positions,
    )


def _summed_ivar(file: SpectraFile) -> list[float]:
    return [float(spectrum.ivar.sum(dtype=np.float64)) for spectrum in file.spectra]


def _concatenated(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    """All arrays as one array of dtype `kind`, which is empty where there are no arrays."""
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)
