"""The survey files of an ingest: every path, glob and URL of a recipe resolved once."""

from collections.abc import Sequence
from dataclasses import dataclass

from galsearch.dataset.ingest.ingest_recipe import IngestRecipe
from galsearch.sources.urls import expand_urls


@dataclass(frozen=True)
class SourceFiles:
    """Paths and URLs of the survey files of an ingest; each kind sorted, each file once."""

    spectra: tuple[str, ...]
    """DESI coadd and spectra files."""
    redshifts: tuple[str, ...]
    """Redrock files."""
    cutouts: tuple[str, ...]
    """FITS cutouts, one galaxy each."""
    bricks: tuple[str, ...]
    """Files of Legacy Surveys bricks."""
    label_tables: tuple[str, ...]
    """Tables with further columns."""


def find_source_files(recipe: IngestRecipe) -> SourceFiles:
    """The survey files that the patterns of a recipe match.

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
