"""Recipe of an ingest: the survey files, the rule that pairs them, and the label columns."""

import glob
import re
import reprlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.files.config import read_config

_MAX_SEPARATION_ARCSEC = 60.0
_URL = re.compile(r"[A-Za-z][\w+.-]*://|[A-Za-z][\w+.-]*(::[A-Za-z][\w+.-]*)+://")
"""Beginning of a URL. All else is a local path, which may hold colons."""


@dataclass(frozen=True)
class SpectrumFiles:
    """Files of spectra and of their redshifts that an ingest reads."""

    files: tuple[str, ...] = ()
    """Files of DESI spectra, coadd-*.fits or spectra-*.fits, as paths, globs or URLs."""
    redshifts: tuple[str, ...] = ()
    """Files redrock-*.fits, and catalogues of redshifts with the same columns. A spectrum has the
    redshift of the redrock file beside its own file, or of the one that its path and name state."""


@dataclass(frozen=True)
class ImageFiles:
    """Files of images that an ingest reads."""

    cutouts: tuple[str, ...] = ()
    """FITS files of cutouts, with one galaxy in each file."""
    bricks: tuple[str, ...] = ()
    """Files legacysurvey-{brick}-{image,invvar}-{band}.fits.fz of bricks. A stamp is cut out at the
    position of each spectrum that has no cutout and lies in the brick. A brick may have the name
    of the grid of the Legacy Surveys, or any other name, whose header states the position."""


@dataclass(frozen=True)
class LabelTables:
    """Tables of further columns for the catalogue, such as classifications or masses."""

    tables: tuple[str, ...] = ()
    """FITS, CSV, ECSV, Parquet or VOTable tables with a TARGETID column."""
    columns: tuple[str, ...] = ()
    """Names of the wanted columns, in upper or lower case. If empty, every column that has one
    number or text in each row is taken."""


@dataclass(frozen=True)
class PairingRule:
    """Rule that decides when an image and a spectrum belong to the same galaxy."""

    by: Literal["position", "target_id"] = "position"
    """Way to pair: by distance on the sky, or by the TARGETID in a cutout's header or file name."""
    max_separation_arcsec: float = 0.5
    """Largest distance between image and spectrum of a pair, if pairs are made by position. A value
    that is too small loses pairs. A value that is too large pairs neighbouring objects, and images
    that are off centre: the shipped encoder loses most of its recall at 1 arcsec."""
    unpaired: Literal["keep", "drop"] = "keep"
    """Treatment of galaxies that have only an image or only a spectrum: keep or drop them."""


@dataclass(frozen=True)
class IngestRecipe:
    """The survey files that make up a dataset, and the rules that combine them.

    Raises
    ------
    ConfigError
        Where the recipe names neither spectra nor cutouts, or a number is out of its range.

    Examples
    --------
    >>> recipe = IngestRecipe("mine", images=ImageFiles(cutouts=("cutouts/*.fits",)))
    >>> recipe.pairing.by
    'position'
    """

    name: str
    """Name of the catalogue (HATS `obs_collection`)."""
    spectra: SpectrumFiles = field(default_factory=SpectrumFiles)
    images: ImageFiles = field(default_factory=ImageFiles)
    labels: LabelTables = field(default_factory=LabelTables)
    pairing: PairingRule = field(default_factory=PairingRule)
    max_rows: int = 1000
    """Largest number of galaxies in a partition. Ingest and embedding hold one partition in
    memory, about 0.5 MB for each galaxy."""

    def __post_init__(self) -> None:
        problems = []
        if not self.name.strip():
            problems.append("'name' is empty; expected a name for the dataset.")
        if not self.name.isprintable():
            problems.append(
                f"'name' is {reprlib.repr(self.name)}, with a line break or another character that "
                "cannot be printed; expected one line of text."
            )
        problems += _path_problems(self)
        if not (self.spectra.files or self.images.cutouts):
            problems.append(
                "no galaxies are named: expected spectra.files, images.cutouts or both"
                + (" (bricks are cut at the positions of spectra)." if self.images.bricks else ".")
            )
        separation = self.pairing.max_separation_arcsec
        if not 0 < separation <= _MAX_SEPARATION_ARCSEC:
            problems.append(
                f"'pairing.max_separation_arcsec' is {separation}; expected more than 0 and at "
                f"most {_MAX_SEPARATION_ARCSEC:.0f}."
            )
        if self.max_rows < 1:
            problems.append(f"'max_rows' is {self.max_rows}; expected 1 or more.")
        if problems:
            raise ConfigError(" ".join(problems))


def read_recipe(path: str | Path) -> IngestRecipe:
    """The recipe in a TOML file. Relative paths and globs start from the directory of the file.

    A pattern that is the path of an existing file names this file, whatever characters it has.
    The directory of a recipe is never part of a pattern. A leading `~` is the home directory.

    Parameters
    ----------
    path
        TOML file of the recipe.

    Raises
    ------
    ConfigError
        Where the file does not hold a valid recipe.
    """
    recipe = read_config(path, IngestRecipe)
    folder = Path(path).absolute().parent

    def from_folder(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_absolute_pattern(pattern, folder) for pattern in patterns)

    return replace(
        recipe,
        spectra=SpectrumFiles(
            from_folder(recipe.spectra.files), from_folder(recipe.spectra.redshifts)
        ),
        images=ImageFiles(from_folder(recipe.images.cutouts), from_folder(recipe.images.bricks)),
        labels=replace(recipe.labels, tables=from_folder(recipe.labels.tables)),
    )


def _absolute_pattern(pattern: str, folder: Path) -> str:
    """A pattern for any working directory, in which only the wildcards of the recipe are active."""
    if _URL.match(pattern):
        return pattern
    try:
        literal = folder / Path(pattern).expanduser()
    except RuntimeError:
        # There is no home directory, or no user of that name; the name may be that of a file.
        literal = folder / pattern
    if literal.exists():
        return glob.escape(str(literal))
    home = literal.parts[: -len(Path(pattern).parts) + 1] if pattern.startswith("~") else ()
    if home:
        return str(Path(glob.escape(str(Path(*home))), *Path(pattern).parts[1:]))
    return str(Path(glob.escape(str(folder))) / pattern)


def _path_problems(recipe: IngestRecipe) -> list[str]:
    """A sentence for each key with an empty path, or a path that no file can have."""
    paths = {
        "spectra.files": recipe.spectra.files,
        "spectra.redshifts": recipe.spectra.redshifts,
        "images.cutouts": recipe.images.cutouts,
        "images.bricks": recipe.images.bricks,
        "labels.tables": recipe.labels.tables,
    }
    return [
        f"'{key}' holds {reprlib.repr(path)}; expected the path or URL of files."
        for key, patterns in paths.items()
        for path in patterns
        if not path.strip() or "\0" in path
    ]
