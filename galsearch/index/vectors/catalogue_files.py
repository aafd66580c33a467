"""The open Parquet files of a catalogue, which several threads scan at the same time."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from galsearch.core.arrays import TargetIds
from galsearch.files.held_files import HeldFile


class CatalogueFile(NamedTuple):
    """A Parquet file with all catalogue columns of one segment."""

    file: Path | BinaryIO
    removed: TargetIds
    """TARGETIDs of galaxies that were removed since the file was written, ascending."""


class CatalogueFiles:
    """The Parquet files of one generation of an index, open from the start.

    They stay readable if their paths are replaced or deleted later. A reader such as polars moves
    the offset of an open file, and threads that share one file would disturb each other (polars
    reads from the current offset), so each scan gets a file of its own.

    Parameters
    ----------
    files
        The file of each segment of the index.
    removed
        For each segment, the ascending TARGETIDs of galaxies that were removed since.
    """

    def __init__(self, files: Sequence[HeldFile], removed: Sequence[TargetIds]) -> None:
        self._files: list[tuple[HeldFile, TargetIds]] | None = [*zip(files, removed, strict=True)]

    @contextlib.contextmanager
    def open(self) -> Iterator[list[CatalogueFile]]:
        """The file of each segment, at offset 0 and used by nobody else until the block ends."""
        if self._files is None:
            raise ValueError("the files of the catalogue are closed")
        with contextlib.ExitStack() as stack:
            yield [
                CatalogueFile(stack.enter_context(file.open_again()), removed)
                for file, removed in self._files
            ]

    def close(self) -> None:
        """Close the files; none can be opened afterwards."""
        self._files = None
