"""The tables that an import reads: files, patterns of them, and partitions of HATS catalogues."""

from collections.abc import Mapping, Sequence

from galsearch.core.errors import EmbeddingTableError
from galsearch.sources.published.hats_catalogue import HatsCatalogue, find_hats_catalogue
from galsearch.sources.urls import expand_urls


def find_tables(
    patterns: str | Sequence[str] | None, catalogues: list[HatsCatalogue] | None = None
) -> list[str]:
    """Paths or URLs of the tables that some paths, URLs, patterns and HATS catalogues mean.

    Parameters
    ----------
    patterns
        One or several of them; None for none.
    catalogues
        List to which the HATS catalogues among them are appended.

    Raises
    ------
    SourceError
        Where no file matches, or a HATS catalogue cannot be used.
    """
    urls: list[str] = []
    for pattern in [patterns] if isinstance(patterns, str) else list(patterns or ()):
        found = find_hats_catalogue(str(pattern))
        if found is None:
            urls += expand_urls(str(pattern))
            continue
        urls += found.files
        if catalogues is not None:
            catalogues.append(found)
    return urls


def require_all_rows(catalogues: Sequence[HatsCatalogue], n_read: Mapping[str, int]) -> None:
    """Check that the partitions of HATS catalogues hold as many rows as these state.

    Parameters
    ----------
    n_read
        Number of rows of each file that was read; catalogues of other files are not checked.

    Raises
    ------
    EmbeddingTableError
        Where a catalogue has more or fewer rows.
    """
    for each in catalogues:
        if each.n_rows is None or not set(each.files) <= n_read.keys():
            continue
        n = sum(n_read[file] for file in each.files)
        if n != each.n_rows:
            raise EmbeddingTableError(
                f"{each.place}: its partitions hold {n:,} rows; its properties state "
                f"{each.n_rows:,}."
            )
