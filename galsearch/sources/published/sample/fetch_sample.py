"""A small real sample: one HEALPix pixel of DESI with images of its galaxies."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from galsearch.core.errors import ConfigError
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.files.atomic import write_text
from galsearch.sources.desi.redrock import read_redrock
from galsearch.sources.desi.spectra_file import read_spectra_index
from galsearch.sources.published.sample.download import download_fits, size_on_server
from galsearch.sources.published.sample.sample_files import (
    CUTOUT_SERVICE,
    DESI_ROOT,
    SPECTRUM_SIZE,
    SampleFile,
    SamplePlace,
    size_text,
)

RECIPE = "ingest.toml"
_PAUSE_S = 1.0
"""Pause between two cutouts: the service has no stated limit, and serves many users."""


@dataclass(frozen=True)
class Sample:
    """The files of a sample, and what was done."""

    out: Path
    files: tuple[SampleFile, ...]
    n_fetched: int | None
    """Files that were fetched now; None where nothing was to be fetched."""
    has_targets: bool
    """True where the coadd is there, so that the cutouts are those of its galaxies."""
    n_cutouts: int
    """Number of cutouts that are wanted."""

    @property
    def commands(self) -> list[str]:
        """The commands that fetch the files that are missing."""
        return [each.command() for each in self.files if not each.path.is_file()]

    def __str__(self) -> str:
        """The commands with the sizes of their files, or what was fetched."""
        recipe = self.out / RECIPE
        if self.n_fetched is not None:
            n_bytes = sum(each.path.stat().st_size for each in self.files)
            return (
                f"{len(self.files)} files in {self.out}, {size_text(n_bytes)}; {self.n_fetched} of "
                f"them fetched now. The recipe {recipe} pairs them."
            )
        lines = ["# Nothing is fetched. These commands fetch the sample:"]
        for each in self.files:
            is_there = each.path.is_file()
            state = "is there" if is_there else size_text(each.n_bytes)
            lines += [f"# {each.path.name}: {state}", *([] if is_there else [each.command()])]
        if not self.has_targets:
            lines += [
                f"# The coadd has {SPECTRUM_SIZE} for each spectrum. The last command is the form "
                f"of those for {self.n_cutouts}",
                "# galaxies, whose TARGETID, RA and DEC are in FIBERMAP of the coadd.",
                "# Catalogue rows are FIBERMAP and REDSHIFTS of the two files of DESI: the",
                "# catalogue of the whole release, which has tens of GB, is not needed.",
            ]
        return "\n".join(lines)


def fetch_sample(
    out: str | Path = "sample",
    *,
    release: str = "edr",
    reduction: str | None = None,
    survey: str = "sv3",
    program: str = "dark",
    healpix: int = 26065,
    layer: str = "ls-dr9",
    bands: str = "grz",
    size: int = 160,
    n_cutouts: int = 20,
    sizes: bool = False,
    fetch: bool = False,
    desi_root: str | None = None,
    cutout_service: str | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Sample:
    """The commands that fetch a small sample of real galaxies, or the sample itself.

    The sample is the coadd of one HEALPix pixel of DESI, the redrock file with the redshifts of its
    spectra, which makes the catalogues of many GB unnecessary, and cutouts of the Legacy Surveys
    of its brightest galaxies with a good redshift. Nothing is fetched unless `fetch` is True.
    Files that are there are kept, so that an interrupted call can be repeated.

    Parameters
    ----------
    out
        Directory of the sample.
    release, reduction, survey, program, healpix
        The pixel of DESI: `edr` holds the reduction fuji, `dr1` iron; another release needs the
        name of its reduction. The pixel has nside 64, NESTED.
    layer, bands, size
        Layer, bands and side in pixels of the cutouts.
    n_cutouts
        Largest number of cutouts.
    sizes
        Ask the server for the sizes of the files of DESI.
    fetch
        Fetch the files, and write a recipe for `galsearch.ingest`.
    desi_root, cutout_service
        Addresses of the servers; by default the public one of DESI and that of the Legacy Surveys
        viewer.
    progress
        Function that is called with stage, done and total.
    sleep
        Waits for some seconds.

    Raises
    ------
    ConfigError
        Where a number or a word is not possible.
    StoreError, SourceError
        Where a server cannot be reached, has no such file, or sends something else.
    """
    if n_cutouts < 0:
        raise ConfigError(f"n_cutouts = {n_cutouts} is less than 0.")
    place = SamplePlace(
        release=release,
        reduction=reduction,
        survey=survey,
        program=program,
        healpix=healpix,
        layer=layer,
        bands=bands,
        size=size,
        desi_root=(desi_root or DESI_ROOT).rstrip("/"),
        cutout_service=cutout_service or CUTOUT_SERVICE,
    )
    out = Path(out)
    spectra = place.spectra(out)
    if sizes:
        spectra_sizes = [size_on_server(each.url) for each in spectra]
        pairs = zip(spectra, spectra_sizes, strict=True)
        coadd, redrock = (replace(each, n_bytes=n_bytes) for each, n_bytes in pairs)
        spectra = (coadd, redrock)
    n_fetched = 0
    if fetch:
        n_fetched += _fetch_all(spectra, progress or no_progress, "spectra", sleep)
    has_targets = all(each.path.is_file() for each in spectra)
    cutouts = _cutouts(place, out, n_cutouts) if has_targets else [_form(place, out)]
    if fetch:
        n_fetched += _fetch_all(cutouts, progress or no_progress, "cutouts", sleep)
        write_text(out / RECIPE, place.recipe())
    return Sample(out, (*spectra, *cutouts), n_fetched if fetch else None, has_targets, n_cutouts)


def _form(place: SamplePlace, out: Path) -> SampleFile:
    """A cutout of a galaxy that is not known yet."""
    return place.cutout(out, "TARGETID", "RA", "DEC")


def _cutouts(place: SamplePlace, out: Path, n_cutouts: int) -> list[SampleFile]:
    """Cutouts of the brightest galaxies of the coadd with a good redshift."""
    coadd, redrock = (str(each.path) for each in place.spectra(out))
    targets, redshifts = read_spectra_index(coadd), read_redrock(redrock)
    is_good = np.ma.filled(redshifts.zwarn == 0, False) & (redshifts.spectype == "GALAXY")
    good = redshifts.target_ids[is_good]
    rows = np.flatnonzero(np.isin(targets.target_ids, good))
    # Unknown magnitudes, which are NaN, come last.
    rows = rows[np.argsort(targets.columns["mag_r"][rows], kind="stable")][:n_cutouts]
    return [
        place.cutout(
            out,
            int(targets.target_ids[row]),
            f"{targets.ra_deg[row]:.7f}",
            f"{targets.dec_deg[row]:.7f}",
        )
        for row in rows
    ]


def _fetch_all(
    files: tuple[SampleFile, ...] | list[SampleFile],
    progress: Progress,
    stage: str,
    sleep: Callable[[float], None],
) -> int:
    """Fetch the files that are missing one after the other, and return their number."""
    report = stage_progress(progress, stage)
    missing = [each for each in files if not each.path.is_file()]
    for number, each in enumerate(missing):
        if number:
            sleep(_PAUSE_S)
        download_fits(each.url, each.path, sleep=sleep)
        report(number + 1, len(missing))
    return len(missing)
