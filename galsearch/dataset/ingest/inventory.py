"""First pass of an ingest, which reads TARGETIDs and positions of all spectra and images.

Pixels are not read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, Int64Array, Rows, TargetIds
from galsearch.core.errors import InvalidTargetIdError
from galsearch.core.progress import Progress
from galsearch.core.target_id import TargetId
from galsearch.sources.desi.spectra_file import (
    SpectraFile,
    read_spectra_file,
    read_spectra_index,
)
from galsearch.sources.legacy_surveys.cutout_file import read_cutout_header

_BRICK_FILE = re.compile(r"legacysurvey-(\d{4}[pm]\d{3})-(image|invvar)-([a-z])\.fits")
_ID_IN_NAME = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
"""Pattern of a TARGETID in a file name. The shortest TARGETID of a target with a release has 13
digits; dates and coordinates have fewer."""

BrickFiles = dict[Literal["image", "invvar"], dict[str, str]]
"""Type of the URLs of the files of a brick: kind of file -> band -> URL."""


@dataclass(frozen=True, eq=False)
class SpectrumInventory:
    """The spectra that can become galaxies of a dataset, one for each TARGETID."""

    urls: tuple[str, ...]
    """Paths or URLs of the coadd and spectra files."""
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
    n_read: int
    """Number of rows in all fibre maps: the listed spectra and the dropped rows."""
    dropped: Counter[str]
    """Number of dropped rows by reason."""


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
    bricks: dict[str, BrickFiles]
    """Files of each brick by the name of the brick."""


def list_spectra(urls: tuple[str, ...], progress: Progress) -> SpectrumInventory:
    """Inventory of the galaxies in coadd and spectra files.

    DESI does not merge observations of different surveys and programs, so a TARGETID may be in
    several coadds. The spectrum with the largest sum of inverse variance is kept; of equal ones,
    the first by file and row.
    """
    files = []
    for number, url in enumerate(urls):
        files.append(read_spectra_index(url))
        progress("listing spectra", number + 1, len(urls))
    names = sorted({name for file in files for name in file.columns})
    spectra = SpectrumInventory(
        urls=urls,
        file_numbers=np.repeat(np.arange(len(files)), [f.rows.size for f in files]),
        file_rows=_concatenated([f.rows for f in files], np.int64),
        target_ids=_concatenated([f.target_ids for f in files], np.int64),
        ra_deg=_concatenated([f.ra_deg for f in files], np.float64),
        dec_deg=_concatenated([f.dec_deg for f in files], np.float64),
        columns={name: np.concatenate([f.columns[name] for f in files]) for name in names},
        n_read=sum(file.n_rows for file in files),
        dropped=sum((Counter(file.skipped) for file in files), Counter()),
    )
    return _without_repeated_targets(spectra)


def list_images(
    cutout_urls: tuple[str, ...],
    brick_urls: tuple[str, ...],
    progress: Progress,
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
    ids_from_names
        True to take the TARGETID from the file name where the header of a cutout has none.
    """
    n = len(cutout_urls)
    ids, ra, dec = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    for number, url in enumerate(cutout_urls):
        header = read_cutout_header(url)
        ra[number], dec[number] = header.ra_deg % 360.0, header.dec_deg
        ids[number] = header.target_id or 0
        if ids_from_names and header.target_id is None:
            ids[number] = _id_in_name(url)
        progress("listing images", number + 1, n)
    return ImageInventory(cutout_urls, ids, ra, dec, _bricks(brick_urls))


def _without_repeated_targets(spectra: SpectrumInventory) -> SpectrumInventory:
    ids, rows, files = spectra.target_ids, spectra.file_rows, spectra.file_numbers
    _, number, count = np.unique(ids, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(count[number] > 1)
    if not repeated.size:
        return spectra
    summed_ivar = np.zeros(rows.size)
    for file in np.unique(files[repeated]):
        here = repeated[files[repeated] == file]
        loaded = read_spectra_file(spectra.urls[file], rows=list(rows[here]))
        summed_ivar[here] = _summed_ivar(loaded)
    best = np.lexsort((rows, files, -summed_ivar, ids))
    is_first = np.append(True, np.diff(ids[best]) != 0)
    keep = np.sort(best[is_first])
    reason = Counter({"coadd of smaller ivar": rows.size - keep.size})
    return SpectrumInventory(
        urls=spectra.urls,
        file_numbers=files[keep],
        file_rows=rows[keep],
        target_ids=ids[keep],
        ra_deg=spectra.ra_deg[keep],
        dec_deg=spectra.dec_deg[keep],
        columns={name: column[keep] for name, column in spectra.columns.items()},
        n_read=spectra.n_read,
        dropped=spectra.dropped + reason,
    )


def _summed_ivar(file: SpectraFile) -> list[float]:
    return [float(spectrum.ivar.sum(dtype=np.float64)) for spectrum in file.spectra]


def _concatenated(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    """All arrays as one array of dtype `kind`, which is empty where there are no arrays."""
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def _id_in_name(url: str) -> int:
    """The TARGETID in a file name; 0 if no number, or more than one, can be a TARGETID."""
    found = _ID_IN_NAME.findall(PurePosixPath(url).name)
    try:
        return TargetId(found[0]) if len(found) == 1 else 0
    except InvalidTargetIdError:
        return 0


def _bricks(urls: Iterable[str]) -> dict[str, BrickFiles]:
    """Files of each brick that has an image; other products, such as models, are left out."""
    found: dict[str, BrickFiles] = {}
    for url in urls:
        match = _BRICK_FILE.search(PurePosixPath(url).name)
        if match:
            brick, kind, band = match.groups()
            files = found.setdefault(brick, {"image": {}, "invvar": {}})
            files["image" if kind == "image" else "invvar"][band] = url
    return {brick: files for brick, files in found.items() if files["image"]}
