"""Search for the survey files of an ingest, which resolves each path, glob and URL of a recipe."""

import glob
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from galsearch.core.errors import MissingExtraError, SourceError
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe
from galsearch.files.staged.same_file import file_identity
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


def find_source_files(recipe: IngestRecipe, bad_files: BadFiles) -> SourceFiles:
    """The survey files that the patterns of an ingest recipe match.

    A file that a recipe names without wildcards and that is missing is a bad file.

    Parameters
    ----------
    recipe
        The recipe.
    bad_files
        Collection of the files that cannot be read.

    Raises
    ------
    SourceError
        Where patterns match no file; the message names all of them.
    """
    problems: list[str] = []

    def expand(patterns: Sequence[str]) -> tuple[str, ...]:
        found: set[str] = set()
        for pattern in patterns:
            try:
                found.update(expand_urls(pattern))
            except MissingExtraError:
                raise
            except SourceError as error:
                if glob.has_magic(_unescaped(pattern)):
                    problems.append(str(error))
                else:
                    with bad_files.reading(_unescaped(pattern)):
                        raise
        return _without_aliases(sorted(found))

    files = SourceFiles(
        spectra=expand(recipe.spectra.files),
        redshifts=expand(recipe.spectra.redshifts),
        cutouts=expand(recipe.images.cutouts),
        bricks=expand(recipe.images.bricks),
        label_tables=expand(recipe.labels.tables),
    )
    if problems:
        raise SourceError("\n".join(problems))
    return files


def _unescaped(pattern: str) -> str:
    """A pattern without the brackets by which `glob.escape` makes a wildcard literal."""
    return re.sub(r"\[([*?[])\]", r"\1", pattern) if re.search(r"\[[*?[]\]", pattern) else pattern


def _without_aliases(urls: Sequence[str]) -> tuple[str, ...]:
    """The files, each once, though several paths may lead to a local file."""
    names: dict[Hashable, str] = {}
    for url in urls:
        names.setdefault(url if "://" in url else file_identity(url), url)
    return tuple(names.values())
