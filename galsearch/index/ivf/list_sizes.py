"""A check of the sizes of inverted lists while FAISS reads them, before it reserves memory.

FAISS limits the bytes of a vector that it reads, but not the number of lists nor what the lists
hold together: a damaged number makes it reserve and fill all memory of a machine.
"""

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from galsearch.core.errors import ManifestError

_LIST_ARRAYS, _LIST_BLOCKS, _SPARSE_SIZES = b"ilar", b"ilbl", b"sprs"
"""Codes of four letters in FAISS's format: lists as arrays, lists as blocks of codes, and sizes of
only those lists that hold something."""


class CheckedListReader:
    """Reads a file of inverted lists for FAISS, which reads each number by a call of its own.

    Parameters
    ----------
    file
        The file, open at its start.
    path
        Its path, for messages.
    n_lists
        Largest number of lists that it may have.
    n_vectors
        Largest number of vectors that the lists may hold together.
    """

    def __init__(self, file: BinaryIO, path: Path, *, n_lists: int, n_vectors: int) -> None:
        self._file, self._path = file, path
        self._n_lists, self._n_vectors = n_lists, n_vectors
        self._check = self._checks()
        next(self._check)

    def read(self, n_bytes: int) -> bytes:
        """At most `n_bytes` bytes of the file, which continue those before.

        Raises
        ------
        ManifestError
            Where they say that the file has more lists, or more vectors in its lists.
        """
        content = self._file.read(n_bytes)
        self._check.send(content)
        return content

    def _checks(self) -> Generator[None, bytes, None]:
        """Receives what is read and raises where a size is too large."""
        while True:
            code = yield
            if code not in (_LIST_ARRAYS, _LIST_BLOCKS):
                continue
            self._require_no_more(
                "inverted lists", int.from_bytes((yield), "little"), self._n_lists
            )
            if code == _LIST_ARRAYS:
                yield  # the bytes of a code
                kind = yield
                n_sizes = int.from_bytes((yield), "little")
                content = b""
                while len(content) < 8 * n_sizes and (part := (yield)):
                    content += part
                sizes = np.frombuffer(content[: len(content) // 8 * 8], "<u8")
                # Beside each size of a sparse table is the number of its list.
                held = sizes[1::2] if kind == _SPARSE_SIZES else sizes
                self._require_no_more("vectors in lists", sum(held.tolist()), self._n_vectors)

    def _require_no_more(self, what: str, found: int, expected: int) -> None:
        if found > expected:
            raise ManifestError(
                f"{self._path}: has {found:,} {what}; manifest.json says {expected:,}.",
                path=self._path,
            )
