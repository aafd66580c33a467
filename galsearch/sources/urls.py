"""Access to files on local disks, in object stores and on the web, through fsspec.

Credentials of an object store are configured as fsspec documents it, for example the environment
variable FSSPEC_S3_ANON=true for anonymous access to the public bucket of DESI.
"""

import glob
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import fsspec

from galsearch.core.errors import GalsearchError, SourceError
from galsearch.files.content_kind import N_FIRST_BYTES, describe_foreign_content
from galsearch.sources.gzip_data import GZIP_MAGIC, unpack_gzip
from galsearch.sources.store_failures import explain_failure, is_store_failure

PROTOCOLS = (
    *("file", "local", "http", "https", "s3", "s3a", "gs", "gcs", "hf"),
    *("abfs", "abfss", "az", "memory"),
)
"""Protocols of the URLs that are read. Others of fsspec are left out because they unpack archives,
follow references or run programs at the request of the file that a URL names."""

PARQUET_MAGIC = b"PAR1"
"""First bytes of a Parquet file."""
_PROTOCOL = re.compile(r"([^/\\]+)://")


@contextmanager
def open_url(url: str, *, also: tuple[bytes, ...] = ()) -> Iterator[IO[bytes]]:
    """A readable, seekable binary file at a path or URL; gzip (.gz) is decompressed.

    A file is downloaded completely if its server does not support requests for parts of a file,
    does not state its size or packs it for the transfer.

    Parameters
    ----------
    url
        Path of the file, or its URL with one of the `PROTOCOLS`.
    also
        First bytes of the kinds of files that are expected besides FITS and text, such as
        `PARQUET_MAGIC`.

    Raises
    ------
    SourceError
        Where the file cannot be opened, is recognised as another kind than a survey file, or
        reading it fails inside the `with` block.
    StoreError
        Where a store or web server refuses the file or cannot be reached.
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
    url = str(url)
    with ExitStack() as stack:
        try:
            file = _unpacked(url, _seekable(stack.enter_context(_open_binary(url))), also)
        except GalsearchError:
            raise
        except Exception as error:
            # fsspec passes on exceptions of many packages, which have no class in common.
            raise explain_failure(url, error) from error
        try:
            yield file
        except Exception as error:
            if not is_store_failure(error):
                raise
            raise explain_failure(url, error) from error


def size_and_version(url: str) -> tuple[int | None, str | None]:
    """Size of a file in bytes, and what its store calls its version (ETag); None where unknown.

    Raises
    ------
    SourceError
        Where the file cannot be found.
    """
    if not _protocol(url):
        try:
            return Path(url).stat().st_size, None
        except OSError as error:
            raise explain_failure(url, error) from error
    try:
        filesystem, path = _filesystem(url)
        details = filesystem.info(path)
    except Exception as error:
        # fsspec passes on exceptions of many packages, which have no class in common.
        raise explain_failure(url, error) from error
    version = details.get("ETag") or details.get("etag")
    return details.get("size"), str(version) if version else None


def expand_urls(pattern: str, *, base: str | Path = "") -> list[str]:
    """Paths or URLs of the files that a path, URL or glob matches, at least one, sorted.

    The wildcards `*`, `?`, `[...]` and `**` (any depth) work on disks and in stores that can list
    their files. A file whose name is the pattern itself is taken as it is. An http(s) URL names
    one file and is returned as it is, since a `?` in it starts the query string.

    Parameters
    ----------
    pattern
        Path, URL or glob.
    base
        Directory from which a relative local pattern starts. It is not a glob.

    Raises
    ------
    SourceError
        Where no file matches.
    StoreError
        Where a store refuses to list its files or cannot be reached.
    """
    protocol = _protocol(pattern)
    if protocol in ("http", "https"):
        return [pattern]
    found = _expand_remote(pattern) if protocol else _expand_local(pattern, str(base))
    if not found:
        within = f" in {base}" if str(base) and not protocol else ""
        raise SourceError(f"{pattern}: no file{within} matches.")
    return sorted(found)


def state_of_remote_file(url: str) -> tuple[int | None, str | None]:
    """Size in bytes and ETag of the file at a URL; None for what its server does not state."""
    try:
        filesystem, path = _filesystem(url)
        state = filesystem.info(path)
    except Exception:  # fsspec passes on exceptions of many packages, which have no class in common
        return None, None
    size, etag = state.get("size"), state.get("ETag") or state.get("etag")
    return (size if isinstance(size, int) else None), (None if etag is None else str(etag))


def _expand_local(pattern: str, base: str) -> list[str]:
    if _is_file(Path(base) / pattern):
        return [str(Path(base) / pattern)]
    # The module glob is used because Path.glob refuses absolute patterns and finds hidden files.
    try:
        matches = glob.glob(str(Path(glob.escape(base)) / pattern), recursive=True)  # noqa: PTH207
    except ValueError:
        # The pattern holds a character that no file name may hold.
        return []
    return [match for match in matches if _is_file(Path(match))]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        # The name is too long, or holds a character that no file name may hold.
        return False


def _expand_remote(pattern: str) -> list[str]:
    try:
        filesystem, path = _filesystem(pattern)
        if not glob.has_magic(path):
            found = {path: filesystem.info(path)}
        else:
            found = _find(filesystem, path)
    except GalsearchError:
        raise
    except FileNotFoundError as error:
        failure = explain_failure(pattern, error)
        if type(failure) is not SourceError:
            raise failure from error
        return []
    except Exception as error:
        # fsspec passes on exceptions of many packages, which have no class in common.
        raise explain_failure(pattern, error) from error
    return [filesystem.unstrip_protocol(p) for p, info in found.items() if info["type"] == "file"]


def _find(filesystem: Any, path: str) -> dict[str, Any]:
    """Details of the files of a store that a path with wildcards matches, by path."""
    try:
        return {path: filesystem.info(path)}
    except Exception:  # noqa: S110
        # No file has the name of the pattern itself, or the search that follows fails as well.
        pass
    found: dict[str, Any] = filesystem.glob(path, detail=True)
    if not found:
        # fsspec leaves out directories that it may not list; listing one tells why.
        directory = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]
        filesystem.ls(directory)
    return found


def _protocol(url: str) -> str:
    """The protocol of a URL; '' for a local path.

    Raises
    ------
    SourceError
        Where the protocol is not one of those that are read.
    """
    match = _PROTOCOL.match(url)
    if not match:
        return ""
    if match[1] not in PROTOCOLS:
        raise SourceError(
            f"{url}: URLs of the protocol {match[1]} are not read. The protocols are "
            f"{', '.join(PROTOCOLS)}."
        )
    return match[1]


def _filesystem(url: str) -> tuple[Any, str]:
    """The file system of fsspec for a URL, and the path in it.

    fsspec.open would follow chains of URLs (`a::b`) in place of opening one file.
    """
    kind = fsspec.get_filesystem_class(_protocol(url))
    return kind(**kind._get_kwargs_from_urls(url)), str(kind._strip_protocol(url))


@contextmanager
def _open_binary(url: str) -> Iterator[IO[bytes]]:
    if not _protocol(url):
        with Path(url).open("rb") as file:
            yield file
        return
    filesystem, path = _filesystem(url)
    with filesystem.open(path, "rb") as file:
        yield file


def _seekable(file: IO[bytes]) -> IO[bytes]:
    """The file, or a copy of it in memory if only a stream of its bytes can be read."""
    return file if _reads_anywhere(file) else io.BytesIO(file.read())


def _reads_anywhere(file: Any) -> bool:
    if not file.seekable():
        return False
    n_ahead = getattr(file, "blocksize", None)
    if n_ahead is None:
        return True
    if file.size is None:
        return False
    if file.size <= n_ahead:
        return True
    # A web server may promise to send parts of a file and not do so.
    try:
        file.seek(file.size - 1)
        return len(file.read(1)) == 1
    except ValueError:
        return False
    finally:
        file.seek(0)


def _unpacked(url: str, file: IO[bytes], also: tuple[bytes, ...]) -> IO[bytes]:
    """The file, unpacked if it is packed with gzip, after a check that it may be a survey file."""
    first_bytes = file.read(N_FIRST_BYTES)
    file.seek(0)
    if first_bytes.startswith(GZIP_MAGIC):
        file = unpack_gzip(url, file)
        first_bytes = file.read(N_FIRST_BYTES)
        file.seek(0)
        if first_bytes.startswith(GZIP_MAGIC):
            raise SourceError(f"{url}: is packed with gzip twice; unpack it once.")
    foreign = describe_foreign_content(first_bytes)
    if foreign and not first_bytes.startswith(also):
        raise SourceError(f"{url}: is {foreign}.")
    return file
