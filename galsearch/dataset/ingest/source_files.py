"""Search for the survey files of an ingest, which resolves each path, glob and URL of a recipe."""

from collections.abc import Sequence
from dataclasses import dataclass

from galsearch.dataset.ingest.ingest_recipe import IngestRecipe
from galsearch.sources.urls import expand_urls


@dataclass(frozen=True)
class SourceFiles:
    """Paths and URLs of the survey files of an ingest, sorted within each kind, each file once."""

    spectra: tuple[str, ...]
    """Paths or URLs of DESI coadd and spectra files."""
    redshifts: tuple[str, ...]
    """Paths or URLs of redrock files."""
    cutouts: tuple[str, ...]
    """Paths or URLs of FITS cutouts, each with one galaxy."""
    bricks: tuple[str, ...]
    """Paths or URLs of the files of Legacy Surveys bricks."""
    label_tables: tuple[str, ...]
    """Paths or URLs of tables with further columns of the catalogue."""


def find_source_files(recipe: IngestRecipe) -> SourceFiles:
    """The survey files that the patterns of an ingest recipe match.

    Raises
    ------
    SourceError
        Where a pattern matches no file.
    """
    return SourceFiles(
        spectra=_expand(recipe.spectra.files),
        redshifts=_expand(recipe.spectra.redshifts),
        cutouts=_expand(recipe.images.cutouts),
        bricks=_expand(recipe.images.bricks),
        label_tables=_expand(recipe.labels.tables),
    )


def _expand(patterns: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({url for pattern in patterns for url in expand_urls(pattern)}))
