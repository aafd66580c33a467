"""Paths and URLs: one door to local disks, object stores and the web, through fsspec.

A private or anonymous store is configured as fsspec documents it, for example the environment
variable FSSPEC_S3_ANON=true for the public bucket of DESI.
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
    """A readable, seekable binary file at a path or URL; gzip (.gz) is unpacked.

    A server that cannot answer for part of a file is asked for the whole, once.

    Raises
    ------
    SourceError
        Where nothing can be opened there, and where reading fails inside the `with` block.
    MissingExtraError
        Where the URL's kind of store needs the extra `cloud`.

    Examples
    --------
    >>> with open_url("nowhere.fits") as file:
    ...     file.read()
    Traceback (most recent call last):
    ...
    galsearch.core.errors.SourceError: nowhere.fits: no such file. Check the path or URL.
    """
    with ExitStack() as stack:
        try:
            file = _seekable(stack.enter_context(_open_binary(str(url))))
        except FileNotFoundError:
            raise SourceError(f"{url}: no such file. Check the path or URL.") from None
        except IsADirectoryError:
            raise SourceError(f"{url}: is a directory; expected a file.") from None
        except _opening_errors() as error:
            raise _failed(str(url), "read", error) from error
        try:
            yield file
        except _reading_errors() as error:
            raise _failed(str(url), "read", error) from error


def expand_urls(pattern: str, *, base: str | Path = "") -> list[str]:
    """Every file that a path, URL or glob names, in sorted order; never none.

    `*`, `?`, `[...]` and `**` (any depth) are understood on disks and in stores that can list
    themselves. An http(s) URL names one file, as it is: its `?` begins a question to the server.

    Parameters
    ----------
    pattern
        Path, URL or glob.
    base
        Directory that a relative local pattern starts from.

    Raises
    ------
    SourceError
        Where nothing matches.
    """
    if pattern.startswith(("http://", "https://")):
        return [pattern]
    if _is_remote(pattern):
        found = _expand_remote(pattern)
    else:
        # glob.glob and not Path.glob, which refuses an absolute pattern and finds hidden files.
        matches = glob.glob(str(Path(base) / pattern), recursive=True)  # noqa: PTH207
        found = [match for match in matches if Path(match).is_file()]
    if not found:
        within = f" in {base}" if str(base) and not _is_remote(pattern) else ""
        raise SourceError(f"{pattern}: no file{within} matches. Check the path, URL or pattern.")
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
            f"{url}: cannot be {verb} ({error}). Run: pip install 'galsearch[cloud]'."
        )
    return SourceError(f"{url}: cannot be {verb} ({type(error).__name__}: {error}).")


def _reading_errors() -> tuple[type[Exception], ...]:
    """What a failing disk, store or server raises; aiohttp's errors are no OSError."""
    aiohttp = sys.modules.get("aiohttp")
    return (OSError, aiohttp.ClientError) if aiohttp else (OSError,)


def _opening_errors() -> tuple[type[Exception], ...]:
    """The same, and what an unknown protocol, a missing package and damaged gzip raise."""
    return (*_reading_errors(), ValueError, ImportError, EOFError, zlib.error)
