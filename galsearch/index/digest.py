"""Digests of files: the whole content, and a sample of it that costs milliseconds."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from galsearch.core.errors import ManifestError

WHOLE_BELOW_BYTES = 1 << 20
"""A file up to this size is its own sample."""
_EDGE_BYTES, _BLOCK_BYTES, _N_BLOCKS = 1 << 16, 1 << 14, 16


@dataclass(frozen=True)
class FileDigest:
    """Size and content of one file of a build."""

    n_bytes: int
    sha256: str
    """Of the whole file, hexadecimal."""
    sample_sha256: str
    """Of the first and last 64 KiB and of 16 blocks of 16 KiB between; of all up to 1 MiB."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """The digest of the file at `path`."""
        with path.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path.stat().st_size, whole, _sample(path))

    def check(self, path: Path, *, whole: bool) -> None:
        """Agree, or raise.

        Parameters
        ----------
        whole
            Read every byte. Otherwise size and sample: truncation, exchanged files and damaged
            headers are found in milliseconds, a changed byte in the middle of a large file is not.

        Raises
        ------
        ManifestError
            Naming the file and what differs.
        """
        again = "Restore the file, or build the index again with galsearch build-index."
        if not path.is_file():
            raise ManifestError(f"{path}: the file is missing; manifest.json lists it. {again}")
        found = path.stat().st_size
        if found != self.n_bytes:
            raise ManifestError(
                f"{path}: {found:,} bytes, manifest.json says {self.n_bytes:,}. {again}"
            )
        expected = self.sha256 if whole else self.sample_sha256
        if whole:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        else:
            digest = _sample(path)
        if digest != expected:
            what = "sha256" if whole else "sampled sha256"
            raise ManifestError(
                f"{path}: {what} {digest[:16]}, manifest.json says {expected[:16]}; the file is "
                f"not the one that was built. {again}"
            )


def _sample(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
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
