"""An index as a request of the analysis names it."""

from pathlib import Path

from galsearch.query import SearchEngine, open_index

IndexInput = SearchEngine | str | Path | None
"""An open index, its directory, or None for the only one in `index_builds`. As a bank, the word
`simulated` is the shipped bank of simulated galaxies."""


def opened_engine(index: IndexInput) -> SearchEngine:
    """An engine over an index that is given as an engine, a directory or None."""
    return index if isinstance(index, SearchEngine) else open_index(index)
