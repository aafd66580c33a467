"""Download of single files by HTTP: retried, complete or absent, and checked to be FITS."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from galsearch.core.errors import SourceError, StoreError
from galsearch.files.atomic import new_binary_file

_BLOCK_BYTES = 1 << 20
_TIMEOUT_S = 60
_RETRIES_S = (2.0, 10.0, 30.0)
"""Pauses before the second, third and fourth attempt."""
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
"""HTTP statuses after which a server may answer at another time."""
_FITS_START = b"SIMPLE  ="


def download_fits(url: str, path: Path, *, sleep: Callable[[float], None] = time.sleep) -> int:
    """Fetch a FITS file, and return its size in bytes.

    Parameters
    ----------
    url
        URL with http or https.
    path
        The file, which appears complete or not at all.
    sleep
        Waits for some seconds before another attempt.

    Raises
    ------
    StoreError
        Where the server has no such file, refuses it, or cannot be reached after four attempts.
    SourceError
        Where it sends something else than a FITS file.
    """
    if not url.startswith(("http://", "https://")):
        raise SourceError(f"{url}: is no URL with http or https.")
    for pause in (*_RETRIES_S, None):
        try:
            return _fetch(url, path)
        except urllib.error.HTTPError as error:
            problem = f"HTTP status {error.code}"
            error.close()
            if error.code not in _TEMPORARY:
                raise StoreError(f"{url}: the server answers with {problem}.") from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
            problem = str(getattr(error, "reason", error))
        except ConnectionError as error:
            problem = str(error)
        if pause is not None:
            sleep(pause)
    raise StoreError(f"{url}: cannot be fetched after {len(_RETRIES_S) + 1} attempts ({problem}).")


def _fetch(url: str, path: Path) -> int:
    request = urllib.request.Request(url, headers={"User-Agent": "galsearch"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 (checked)
        start = answer.read(_BLOCK_BYTES)
        if not start.startswith(_FITS_START):
            shown = start[:60].decode("utf-8", "replace").strip()
            raise SourceError(f"{url}: the server sends no FITS file, but {shown!r}.")
        stated = answer.headers.get("Content-Length")
        with new_binary_file(path) as sink:
            n_bytes = _copy(start, answer, sink)
            if stated is not None and n_bytes != int(stated):
                raise http.client.IncompleteRead(start[:0], int(stated) - n_bytes)
    return n_bytes


def _copy(start: bytes, answer: BinaryIO, sink: BinaryIO) -> int:
    n_bytes, block = 0, start
    while block:
        sink.write(block)
        n_bytes += len(block)
        block = answer.read(_BLOCK_BYTES)
    return n_bytes


def size_on_server(url: str) -> int | None:
    """Size in bytes that a server states for a file; None where it states none or is away."""
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "galsearch"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            stated = answer.headers.get("Content-Length")
    except (OSError, http.client.HTTPException):
        return None
    return int(stated) if stated is not None and stated.isdecimal() else None
