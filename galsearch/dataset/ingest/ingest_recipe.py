"""Recipe of an ingest: the survey files, the rule that pairs them, and the label columns."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.files.config import read_config

_MAX_SEPARATION_ARCSEC = 60.0


@dataclass(frozen=True)
class SpectrumFiles:
    """Files of spectra and of their redshifts."""

    files: tuple[str, ...] = ()
    """coadd-*.fits or spectra-*.fits: paths, globs or URLs."""
    redshifts: tuple[str, ...] = ()
    """redrock-*.fits, joined by file name and TARGETID."""


@dataclass(frozen=True)
class ImageFiles:
    """Files of images."""

    cutouts: tuple[str, ...] = ()
    """FITS cutouts, one galaxy each."""
    bricks: tuple[str, ...] = ()
    """legacysurvey-{brick}-{image,invvar}-{band}.fits.fz; a stamp is cut out at the position of
    each spectrum that has no cutout and lies in the brick."""


@dataclass(frozen=True)
class LabelTables:
    """Tables of further columns, such as classifications or masses."""

    tables: tuple[str, ...] = ()
    """FITS, CSV or ECSV tables with a TARGETID column."""
    columns: tuple[str, ...] = ()
    """Names of the wanted columns, in upper or lower case. If empty, every column with one number
    or text in each row."""


@dataclass(frozen=True)
class PairingRule:
    """Rule that decides when an image and a spectrum are of one galaxy."""

    by: Literal["position", "target_id"] = "position"
    """Pair by distance on the sky, or by the TARGETID in a cutout's header or file name."""
    max_separation_arcsec: float = 1.0
    """Largest distance of a pair, if paired by position. Too small a value loses pairs, too large
    a value pairs neighbouring objects."""
    unpaired: Literal["keep", "drop"] = "keep"
    """Keep or drop galaxies that have only an image or only a spectrum."""


@dataclass(frozen=True)
class IngestRecipe:
    """The survey files of a dataset, and how they are combined.

    Raises
    ------
    ConfigError
        Where it names neither spectra nor cutouts, or a number is out of its range.

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
    """Largest number of galaxies of a partition. Ingest and embedding hold one partition in
    memory, about 0.5 MB for each galaxy."""

    def __post_init__(self) -> None:
        problems = []
        if not self.name.strip():
            problems.append("'name' is empty; expected a name for the dataset.")
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

    Raises
    ------
    ConfigError
        Where the file does not hold a valid recipe.
    """
    recipe = read_config(path, IngestRecipe)
    folder = Path(path).absolute().parent

    def from_folder(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(p if "://" in p else str(folder / p) for p in patterns)

    return replace(
        recipe,
        spectra=SpectrumFiles(
            from_folder(recipe.spectra.files), from_folder(recipe.spectra.redshifts)
        ),
        images=ImageFiles(from_folder(recipe.images.cutouts), from_folder(recipe.images.bricks)),
        labels=replace(recipe.labels, tables=from_folder(recipe.labels.tables)),
    )
