"""Access to files on local disks, in object stores and on the web, through fsspec.

Credentials of an object store are configured as fsspec documents it, for example the environment
variable FSSPEC_S3_ANON=true for anonymous access to the public bucket of DESI.
"""

import glob
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import fsspec

from galsearch.core.errors import GalsearchError, MissingExtraError, SourceError

_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def open_url(url: str) -> Iterator[IO[bytes]]:
    """A readable, seekable binary file at a path or URL; gzip (.gz) is decompressed.

    A file is downloaded completely if its server does not support requests for parts of a file.

    Parameters
    ----------
    url
        Path or fsspec URL of the file.

    Raises
    ------
    SourceError
        Where the file cannot be opened, or reading it fails inside the `with` block.
    MissingExtraError
        Where access to URLs of that kind needs a package of the extra `cloud`.

    Examples
    --------
    >>> with open_url("nowhere.fits") as file:
    ...     file.read()
    Traceback (most recent call last):
    ...
    galsearch.core.errors.SourceError: nowhere.fits: no such file.
    Check the path or URL, and fetch the file again if it is damaged.
    """
    with ExitStack() as stack:
        try:
            file = _seekable(stack.enter_context(_open_binary(str(url))))
        except FileNotFoundError:
            raise SourceError(f"{url}: no such file.") from None
        except IsADirectoryError:
            raise SourceError(f"{url}: is a directory; expected a file.") from None
        except _opening_errors() as error:
            raise _failed(str(url), "read", error) from error
        try:
            yield file
        except _reading_errors() as error:
            raise _failed(str(url), "read", error) from error


def expand_urls(pattern: str, *, base: str | Path = "") -> list[str]:
    """Paths or URLs of the files that a path, URL or glob matches, at least one, sorted.

    The wildcards `*`, `?`, `[...]` and `**` (any depth) work on disks and in stores that can list
    their files. An http(s) URL names one file and is returned as it is, since a `?` in it starts
    the query string.

    Parameters
    ----------
    pattern
        Path, URL or glob.
    base
        Directory from which a relative local pattern starts.

    Raises
    ------
    SourceError
        Where no file matches.
    """
    if pattern.startswith(("http://", "https://")):
        return [pattern]
    if _is_remote(pattern):
        found = _expand_remote(pattern)
    else:
        # The module glob is used because Path.glob refuses absolute patterns and finds hidden
        # files.
        matches = glob.glob(str(Path(base) / pattern), recursive=True)  # noqa: PTH207
        found = [match for match in matches if Path(match).is_file()]
    if not found:
        within = f" in {base}" if str(base) and not _is_remote(pattern) else ""
        raise SourceError(f"{pattern}: no file{within} matches.")
    return sorted(found)


def _expand_remote(pattern: str) -> list[str]:
    try:
        filesystem, path = fsspec.core.url_to_fs(pattern)
        matches = filesystem.glob(path) if glob.has_magic(path) else [path]
        return [filesystem.unstrip_protocol(match) for match in matches if filesystem.isfile(match)]
    except _opening_errors() as error:
        raise _failed(pattern, "listed", error) from error


def _is_remote(url: str) -> bool:
    return "://" in url or "::" in url


@contextmanager
def _open_binary(url: str) -> Iterator[IO[bytes]]:
    with fsspec.open(url, "rb") if _is_remote(url) else Path(url).open("rb") as file:
        yield file


def _seekable(file: IO[bytes]) -> IO[bytes]:
    if not file.seekable():
        content = file.read()
        return io.BytesIO(gzip.decompress(content) if content[:2] == _GZIP_MAGIC else content)
    magic = file.read(2)
    file.seek(0)
    return io.BytesIO(gzip.decompress(file.read())) if magic == _GZIP_MAGIC else file


def _failed(url: str, verb: str, error: Exception) -> GalsearchError:
    if isinstance(error, ImportError):
        return MissingExtraError(
            f"{url}: cannot be {verb} ({error}). The package is part of the extra galsearch[cloud]."
        )
    return SourceError(f"{url}: cannot be {verb} ({type(error).__name__}: {error}).")


def _reading_errors() -> tuple[type[Exception], ...]:
    """Exceptions of a failing disk, store or server; those of aiohttp are not OSErrors."""
    aiohttp = sys.modules.get("aiohttp")
    return (OSError, aiohttp.ClientError) if aiohttp else (OSError,)


def _opening_errors() -> tuple[type[Exception], ...]:
    """Exceptions of opening a file, from reading, protocols, missing packages or gzip data."""
    return (*_reading_errors(), ValueError, ImportError, EOFError, zlib.error)
