"""The open Parquet files of a catalogue, which several threads scan at the same time."""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from galsearch.core.arrays import TargetIds
from galsearch.index.vectors.catalogue import CatalogueSegment


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
    segments
        The catalogue segments of the index.
    """

    def __init__(self, segments: Sequence[CatalogueSegment]) -> None:
        self._removed = [segment.removed for segment in segments]
        self._files = [_SharedFile(segment.parquet) for segment in segments]

    @contextlib.contextmanager
    def open(self) -> Iterator[list[CatalogueFile]]:
        """The file of each segment, at offset 0 and used by nobody else until the block ends."""
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(file.open()) for file in self._files]
            pairs = zip(files, self._removed, strict=True)
            yield [CatalogueFile(file, removed) for file, removed in pairs]

    def close(self) -> None:
        """Close the files; none can be opened afterwards."""
        for file in self._files:
            file.close()


class _SharedFile:
    """An open file that is opened again for each reader, even if its path was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = path.open("rb")
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The file at offset 0, for one reader."""
        held = os.fstat(self._held.fileno())
        with contextlib.ExitStack() as stack:
            again = self._opened_again()
            if again is not None:
                stack.enter_context(again)
                if os.path.samestat(held, os.fstat(again.fileno())):
                    yield again
                    return
            # The path is gone or leads to another file. Duplicates of a file descriptor share one
            # offset, so readers of the file that was opened first take turns.
            stack.enter_context(self._lock)
            self._held.seek(0)
            yield self._held

    def _opened_again(self) -> BinaryIO | None:
        """The file at the path, whichever it is now; None where there is none to open."""
        try:
            return self._path.open("rb")
        except OSError:
            return None

    def close(self) -> None:
        self._held.close()
