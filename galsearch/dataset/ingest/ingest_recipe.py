"""What to ingest: which files, joined by what, and what becomes of the unpaired."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.files.config import read_config
from galsearch.sources.urls import expand_urls

_MAX_SEPARATION_ARCSEC = 60.0


@dataclass(frozen=True)
class SpectrumFiles:
    """Where spectra and their redshifts come from."""

    files: tuple[str, ...] = ()
    """coadd-*.fits or spectra-*.fits: paths, globs or URLs."""
    redshifts: tuple[str, ...] = ()
    """redrock-*.fits, joined by TARGETID."""


@dataclass(frozen=True)
class ImageFiles:
    """Where images come from."""

    cutouts: tuple[str, ...] = ()
    """FITS cutouts, one galaxy each."""
    bricks: tuple[str, ...] = ()
    """legacysurvey-{brick}-{image,invvar}-{band}.fits.fz; a stamp is cut out at the position of
    each spectrum that has no cutout and lies in the brick."""


@dataclass(frozen=True)
class LabelTables:
    """What else is known of the galaxies."""

    tables: tuple[str, ...] = ()
    """FITS, CSV or ECSV tables with a TARGETID column."""
    columns: tuple[str, ...] = ()
    """Column names, in any case; none means every column of one number or text a row."""


@dataclass(frozen=True)
class PairingRule:
    """When an image and a spectrum are one galaxy."""

    by: Literal["position", "target_id"] = "position"
    """By distance on the sky, or by the TARGETID in a cutout's header or file name."""
    max_separation_arcsec: float = 1.0
    """By position: the widest pair. Too small loses pairs, too large joins neighbours."""
    unpaired: Literal["keep", "drop"] = "keep"
    """Whether galaxies with an image or a spectrum alone stay."""


@dataclass(frozen=True)
class IngestRecipe:
    """How survey files become a dataset.

    Raises
    ------
    ConfigError
        Where no source is named, or a number is out of its range.

    Examples
    --------
    >>> recipe = IngestRecipe("mine", images=ImageFiles(cutouts=("cutouts/*.fits",)))
    >>> recipe.pairing.by
    'position'
    """

    name: str
    """Of the catalogue (HATS `obs_collection`)."""
    spectra: SpectrumFiles = field(default_factory=SpectrumFiles)
    images: ImageFiles = field(default_factory=ImageFiles)
    labels: LabelTables = field(default_factory=LabelTables)
    pairing: PairingRule = field(default_factory=PairingRule)
    max_rows: int = 1000
    """Galaxies a partition; what ingest and embed hold in memory is about 0.5 MB a galaxy."""

    def __post_init__(self) -> None:
        problems = []
        if not self.name.strip():
            problems.append("'name' is empty; expected a name for the dataset.")
        if not (self.spectra.files or self.images.cutouts):
            problems.append(
                "no galaxies are named: give spectra.files, images.cutouts or both"
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
    """The recipe in a TOML file; its relative paths and globs start at the file's own folder.

    Raises
    ------
    ConfigError
        Where the file does not describe a recipe.
    """
    recipe = read_config(path, IngestRecipe)
    folder = Path(path).absolute().parent

    def at(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(p if "://" in p else str(folder / p) for p in patterns)

    return replace(
        recipe,
        spectra=SpectrumFiles(at(recipe.spectra.files), at(recipe.spectra.redshifts)),
        images=ImageFiles(at(recipe.images.cutouts), at(recipe.images.bricks)),
        labels=replace(recipe.labels, tables=at(recipe.labels.tables)),
    )


def expand(patterns: Sequence[str]) -> tuple[str, ...]:
    """The files that paths, globs and URLs name: sorted, each once.

    Raises
    ------
    SourceError
        Where a pattern matches no file.
    """
    return tuple(sorted({url for pattern in patterns for url in expand_urls(pattern)}))
