"""The files of a small sample of DESI and the Legacy Surveys: their addresses, places and sizes."""

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from galsearch.core.errors import ConfigError

DESI_ROOT = "https://data.desi.lbl.gov/public"
CUTOUT_SERVICE = "https://www.legacysurvey.org/viewer/fits-cutout"
_REDUCTIONS = {"edr": "fuji", "dr1": "iron"}
"""Spectroscopic reduction that a public release holds."""
_SPECTRUM_BYTES = 56 * (2751 + 2326 + 2881)
"""Size of a spectrum in a coadd: flux, ivar, mask and 11 rows of resolution in three arms."""
_FITS_BLOCK = 2880
_MAX_CUTOUT_PIXELS = 512
"""Largest side of a cutout that the documentation of the service allows."""


@dataclass(frozen=True)
class SampleFile:
    """One file of a sample."""

    url: str
    path: Path
    """Where it is written."""
    n_bytes: int | None = None
    """Size, where it is known."""

    def command(self) -> str:
        """The command that fetches it."""
        folder, path = (shlex.quote(str(each)) for each in (self.path.parent, self.path))
        return f"mkdir -p {folder} && curl -f -o {path} '{self.url}'"


@dataclass(frozen=True)
class SamplePlace:
    """A HEALPix pixel of DESI, and the layer of the Legacy Surveys that shows its galaxies.

    Raises
    ------
    ConfigError
        Where a number or a word is not possible.
    """

    release: str = "edr"
    """Public release, the folder below the root of DESI."""
    reduction: str | None = None
    """Spectroscopic reduction; default: fuji for edr, iron for dr1."""
    survey: str = "sv3"
    program: str = "dark"
    healpix: int = 26065
    """Number of the pixel, NESTED with nside 64."""
    layer: str = "ls-dr9"
    """Layer of the cutout service."""
    bands: str = "grz"
    size: int = 160
    """Side of a cutout in pixels of 0.262 arcsec."""
    desi_root: str = DESI_ROOT
    cutout_service: str = CUTOUT_SERVICE

    def __post_init__(self) -> None:
        problems = []
        if not 0 <= self.healpix < 12 * 64**2:
            problems.append(f"healpix = {self.healpix} is not within 0 .. {12 * 64**2 - 1}.")
        if not 1 <= self.size <= _MAX_CUTOUT_PIXELS:
            problems.append(f"size = {self.size} is not within 1 .. {_MAX_CUTOUT_PIXELS}.")
        if self.reduction is None and self.release not in _REDUCTIONS:
            problems.append(
                f"release = {self.release!r} needs reduction, such as 'iron' for 'dr1'."
            )
        words = [self.release, self.survey, self.program, self.layer, self.bands]
        words += [] if self.reduction is None else [self.reduction]
        if not all(word.replace("-", "").isalnum() for word in words):
            problems.append(f"{', '.join(words)} are not all words of letters and digits.")
        if problems:
            raise ConfigError(" ".join(problems))

    def spectra(self, out: Path) -> tuple[SampleFile, SampleFile]:
        """The coadd of the pixel, and the redshifts of its spectra."""
        reduction = self.reduction or _REDUCTIONS[self.release]
        pixel = f"{self.survey}/{self.program}/{self.healpix // 100}/{self.healpix}"
        folder = f"{self.desi_root}/{self.release}/spectro/redux/{reduction}/healpix/{pixel}"
        names = [
            f"{kind}-{self.survey}-{self.program}-{self.healpix}.fits"
            for kind in ("coadd", "redrock")
        ]
        home = out / self.release / reduction
        coadd, redrock = (SampleFile(f"{folder}/{name}", home / name) for name in names)
        return coadd, redrock

    def cutout(
        self, out: Path, target_id: int | str, ra_deg: object, dec_deg: object
    ) -> SampleFile:
        """The image of a galaxy."""
        words = {
            "ra": ra_deg,
            "dec": dec_deg,
            "layer": self.layer,
            "pixscale": 0.262,
            "bands": self.bands,
            "size": self.size,
        }
        url = f"{self.cutout_service}?{urlencode(words)}"
        path = out / "cutouts" / self.layer / f"cutout-{target_id}.fits"
        return SampleFile(url, path, self.cutout_bytes)

    @property
    def cutout_bytes(self) -> int:
        """Size of a cutout: a header of one block, and pixels of four bytes in full blocks."""
        pixels = 4 * len(self.bands) * self.size**2
        return _FITS_BLOCK * (1 + math.ceil(pixels / _FITS_BLOCK))

    def recipe(self) -> str:
        """The recipe with which the sample is ingested, relative to its directory."""
        reduction = self.reduction or _REDUCTIONS[self.release]
        return (
            f'name = "{self.survey}-{self.program}-{self.healpix}"\n\n'
            f'[spectra]\nfiles = ["{self.release}/{reduction}/coadd-*.fits"]\n'
            f'redshifts = ["{self.release}/{reduction}/redrock-*.fits"]\n\n'
            f'[images]\ncutouts = ["cutouts/{self.layer}/*.fits"]\n\n'
            '[pairing]\nunpaired = "drop"\n'
        )


def size_text(n_bytes: int | None) -> str:
    """A size for people.

    Examples
    --------
    >>> size_text(311_040), size_text(20_800_000_000), size_text(None)
    ('311 kB', '20.8 GB', 'size not known')
    """
    if n_bytes is None:
        return "size not known"
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.1f} {unit}"
    return f"{n_bytes / 1e3:.0f} kB"


SPECTRUM_SIZE = size_text(_SPECTRUM_BYTES)
"""Size of one spectrum in a coadd, for people."""
