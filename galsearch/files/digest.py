"""SHA-256 digests of files and texts, and of a sample of a file, which takes milliseconds."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from galsearch.core.errors import GalsearchError, ManifestError
from galsearch.core.fingerprint import short_digest
from galsearch.files.held_files import OpenFile, open_binary

WHOLE_BELOW_BYTES = 1 << 20
"""Size in bytes up to which the sample digest of a file covers the whole file."""
_EDGE_BYTES, _BLOCK_BYTES, _N_BLOCKS = 1 << 16, 1 << 14, 16


def sha256_of_file(path: Path) -> str:
    """The SHA-256 digest of the content of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_digest(
    path: Path, sha256: str, error_kind: type[GalsearchError], *, recorded_in: str
) -> None:
    """Check that a file has a recorded SHA-256 digest; every byte of the file is read.

    Parameters
    ----------
    path
        The file.
    sha256
        The recorded digest, 64 hexadecimal digits.
    error_kind
        Class of the error.
    recorded_in
        Name of the file that records the digest, for the message.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where the file cannot be read or has another digest.
    """
    try:
        found = sha256_of_file(path)
    except OSError as error:
        raise error_kind(f"{path}: cannot be read ({error.strerror}).") from None
    if found != sha256:
        raise error_kind(
            f"{path}: the file has sha256 {short_digest(found)}; {recorded_in} says "
            f"{short_digest(sha256)}. It is not the file that was written.",
            path=path,
        )


def sha256_of_text(text: str) -> str:
    """The SHA-256 digest of a text in UTF-8, as 64 hexadecimal digits."""
    return sha256_of_parts([text.encode()])


def sha256_of_parts(parts: Iterable[bytes | memoryview]) -> str:
    """The SHA-256 digest of several pieces of bytes in sequence, as 64 hexadecimal digits.

    Examples
    --------
    >>> sha256_of_parts([b"a", b"b"]) == sha256_of_text("ab")
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


@dataclass(frozen=True)
class FileDigest:
    """Size in bytes and content digests of one file of an index."""

    n_bytes: int
    sha256: str
    """SHA-256 digest of the whole file, as 64 hexadecimal digits."""
    sample_sha256: str
    """SHA-256 digest of a sample of the file. A file of up to 1 MiB is sampled as a whole, a larger
    one by its first and last 64 KiB and 16 blocks of 16 KiB between them."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """The size and digests of the file at `path`."""
        with path.open("rb") as file:
            return cls(path.stat().st_size, _whole(file), _sample(file))

    def check(self, path: Path, *, whole: bool, open_file: OpenFile = open_binary) -> None:
        """Check that a file has the recorded size and digest.

        Parameters
        ----------
        path
            The file.
        whole
            Read every byte. Otherwise compare the size and the sample: this finds truncation,
            exchanged files and damaged headers in milliseconds, but may miss a byte that was
            changed in the middle of a large file.
        open_file
            Opens the file; by default the one that is at the path now.

        Raises
        ------
        ManifestError
            Where the file is missing or differs; the message names the file and the difference.
        """
        try:
            file = open_file(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ManifestError(
                f"{path}: the file is missing; manifest.json lists it.", path=path
            ) from None
        with file:
            self._check_open(file, path, whole=whole)

    def _check_open(self, file: BinaryIO, path: Path, *, whole: bool) -> None:
        found = file.seek(0, os.SEEK_END)
        file.seek(0)
        if found != self.n_bytes:
            raise ManifestError(
                f"{path}: the file has {found:,} bytes; manifest.json says {self.n_bytes:,}.",
                path=path,
            )
        expected = self.sha256 if whole else self.sample_sha256
        digest = _whole(file) if whole else _sample(file)
        if digest != expected:
            kind = "sha256" if whole else "sha256 of a sample"
            raise ManifestError(
                f"{path}: the file has {kind} {short_digest(digest)}; manifest.json says "
                f"{short_digest(expected)}. It is not the file that was built.",
                path=path,
            )


def _whole(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(WHOLE_BELOW_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _sample(file: BinaryIO) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    digest = hashlib.sha256()
    if size <= WHOLE_BELOW_BYTES:
        digest.update(file.read())
    else:
        digest.update(file.read(_EDGE_BYTES))
        for block in range(1, _N_BLOCKS + 1):
            file.seek(size * block // (_N_BLOCKS + 1))
            digest.update(file.read(_BLOCK_BYTES))
        file.seek(size - _EDGE_BYTES)
        digest.update(file.read(_EDGE_BYTES))
    return digest.hexdigest()
