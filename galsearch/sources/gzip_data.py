"""Unpacking of gzip data (.gz), with a bound on the size of what is unpacked."""

import gzip
import io
import zlib
from typing import IO

from galsearch.core.errors import SourceError

GZIP_MAGIC = b"\x1f\x8b"
"""First bytes of gzip data."""
_CHUNK_BYTES = 1 << 20
_ALWAYS_UNPACKED_BYTES = 64 << 20
_LARGEST_RATIO = 50
_LARGEST_BYTES = 8 << 30


def unpack_gzip(url: str, packed: IO[bytes]) -> IO[bytes]:
    """The content of gzip data as a file in memory.

    Survey files shrink by a factor of 1 to 10. Data that unpack to more than 64 MiB and more than
    50 times their size, or to more than 8 GiB, are refused, because a small file could fill the
    memory.

    Parameters
    ----------
    url
        Path or URL of the file, for messages.
    packed
        Seekable file of gzip data.

    Raises
    ------
    SourceError
        Where the data are damaged, cut short, followed by other bytes, or unpack to too much.
    """
    n_packed = packed.seek(0, io.SEEK_END)
    packed.seek(0)
    limit = min(max(_ALWAYS_UNPACKED_BYTES, _LARGEST_RATIO * n_packed), _LARGEST_BYTES)
    content = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            while chunk := file.read(_CHUNK_BYTES):
                content.write(chunk)
                if content.tell() > limit:
                    raise SourceError(
                        f"{url}: {n_packed} bytes of gzip data unpack to more than {limit} bytes; "
                        "a survey file is not as compressible as this."
                    )
    except EOFError:
        raise SourceError(f"{url}: cut short: its gzip data end early.") from None
    except gzip.BadGzipFile as error:
        raise SourceError(f"{url}: {_damage(str(error))}") from None
    except zlib.error as error:
        raise SourceError(f"{url}: its gzip data are damaged ({error}).") from None
    except MemoryError:
        raise SourceError(f"{url}: its gzip data unpack to more than the memory holds.") from None
    content.seek(0)
    return content


def _damage(text: str) -> str:
    if text.startswith("Not a gzipped file"):
        return "its gzip data are followed by bytes that are neither gzip nor zero."
    return f"its gzip data are damaged ({text})."
