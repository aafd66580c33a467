"""First pass: who is in the source files, and where in the sky. No pixel is kept."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidTargetIdError
from galsearch.core.target_id import TargetId
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe, expand
from galsearch.sources.desi.spectra_file import SpectraFile, read_spectra_file
from galsearch.sources.legacy_surveys.cutout_file import read_cutout_header

Progress = Callable[[str, int, int], None]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_BRICK_FILE = re.compile(r"legacysurvey-(\d{4}[pm]\d{3})-(image|invvar)-([a-z])\.fits")
_ID_IN_NAME = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
"""13 digits: the shortest TARGETID of a target with a release; dates and coordinates have fewer."""


@dataclass(frozen=True, eq=False)
class SpectrumRows:
    """The spectra that can become galaxies, one a TARGETID."""

    urls: tuple[str, ...]
    file: Ints
    """(n,) numbers in `urls`."""
    row: Ints
    """(n,) rows of that file."""
    target_ids: Ints
    ra_deg: Floats
    dec_deg: Floats
    columns: dict[str, npt.NDArray[Any]]
    """(n,) each: what the fibre maps tell."""
    n_read: int
    """Fibre map rows: `n` and the dropped ones."""
    dropped: Counter[str]
    """Reason -> rows."""


@dataclass(frozen=True, eq=False)
class ImageRows:
    """The cutouts, one a file, and the bricks that stamps can be cut from."""

    urls: tuple[str, ...]
    target_ids: Ints
    """(n,), 0 where the file does not tell."""
    ra_deg: Floats
    dec_deg: Floats
    bricks: dict[str, dict[str, dict[str, str]]]
    """Brick name -> 'image' and 'invvar' -> band -> URL."""


def list_spectra(recipe: IngestRecipe, progress: Progress) -> SpectrumRows:
    """The galaxies of every spectrum file of a recipe.

    Of several coadds of one TARGETID (DESI never merges surveys and programs) the one with the
    largest summed ivar stays; equally good ones by file and row.
    """
    urls = expand(recipe.spectra.files)
    files = []
    for number, url in enumerate(urls):
        # Light is judged on the pixels, so they are read; they are not kept.
        files.append(read_spectra_file(url, load=False))
        progress("listing spectra", number + 1, len(urls))
    names = sorted({name for file in files for name in file.columns})
    rows = SpectrumRows(
        urls,
        np.repeat(np.arange(len(files)), [f.rows.size for f in files]),
        _joined([f.rows for f in files], np.int64),
        _joined([f.target_ids for f in files], np.int64),
        _joined([f.ra_deg for f in files], np.float64),
        _joined([f.dec_deg for f in files], np.float64),
        {name: np.concatenate([f.columns[name] for f in files]) for name in names},
        sum(file.n_rows for file in files),
        sum((Counter(file.skipped) for file in files), Counter()),
    )
    return _one_a_target(rows)


def list_images(recipe: IngestRecipe, progress: Progress) -> ImageRows:
    """The cutouts of a recipe by their headers, and its bricks by their file names."""
    urls = expand(recipe.images.cutouts)
    ids, ra, dec = np.zeros(len(urls), np.int64), np.zeros(len(urls)), np.zeros(len(urls))
    for number, url in enumerate(urls):
        header = read_cutout_header(url)
        ra[number], dec[number] = header.ra_deg % 360.0, header.dec_deg
        ids[number] = header.target_id or 0
        if recipe.pairing.by == "target_id" and header.target_id is None:
            ids[number] = _id_in_name(url)
        progress("listing images", number + 1, len(urls))
    return ImageRows(urls, ids, ra, dec, _bricks(expand(recipe.images.bricks)))


def _one_a_target(rows: SpectrumRows) -> SpectrumRows:
    _, number, count = np.unique(rows.target_ids, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(count[number] > 1)
    if not repeated.size:
        return rows
    light = np.zeros(rows.row.size)
    for file in np.unique(rows.file[repeated]):
        mine = repeated[rows.file[repeated] == file]
        light[mine] = _summed_ivar(read_spectra_file(rows.urls[file], rows=list(rows.row[mine])))
    best = np.lexsort((rows.row, rows.file, -light, rows.target_ids))
    ids = rows.target_ids[best]
    keep = np.sort(best[np.append(True, ids[1:] != ids[:-1])])
    reason = Counter({"coadd of smaller ivar": rows.row.size - keep.size})
    return SpectrumRows(
        rows.urls,
        rows.file[keep],
        rows.row[keep],
        rows.target_ids[keep],
        rows.ra_deg[keep],
        rows.dec_deg[keep],
        {name: column[keep] for name, column in rows.columns.items()},
        rows.n_read,
        rows.dropped + reason,
    )


def _summed_ivar(file: SpectraFile) -> list[float]:
    return [float(spectrum.ivar.sum(dtype=np.float64)) for spectrum in file.spectra]


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def _id_in_name(url: str) -> int:
    """The one number in a file's name that can be a TARGETID, 0 where there is none or several."""
    found = _ID_IN_NAME.findall(PurePosixPath(url).name)
    try:
        return TargetId(found[0]) if len(found) == 1 else 0
    except InvalidTargetIdError:
        return 0


def _bricks(urls: Iterable[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Bricks with at least one image; other files of a brick (models, depths) are no pixels."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for url in urls:
        match = _BRICK_FILE.search(PurePosixPath(url).name)
        if match:
            brick, kind, band = match.groups()
            found.setdefault(brick, {"image": {}, "invvar": {}})[kind][band] = url
    return {brick: kinds for brick, kinds in found.items() if kinds["image"]}
