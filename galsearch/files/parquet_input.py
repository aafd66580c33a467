"""Parquet files of any origin, read such that any damage is an error with the name of the file.

Arrow raises many kinds of exceptions for damaged bytes, some of them without the name of the file.
"""

import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import GalsearchError

_ARROW_ERRORS = (
    pa.ArrowException,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    NotImplementedError,
    ArithmeticError,
    MemoryError,
)
"""Exceptions that Arrow raises for damaged bytes; a UnicodeDecodeError is a ValueError."""
_LONGEST_REASON = 200


def open_parquet(
    path: str | Path | pa.NativeFile,
    error_kind: type[GalsearchError],
    *,
    memory_map: bool = False,
    name: str | None = None,
) -> pq.ParquetFile:
    """A Parquet file that is open for reading, and whose pages are compared with their checksums.

    Parameters
    ----------
    path
        The Parquet file, or its bytes as a file of Arrow.
    error_kind
        Class of the error for a file that is missing, damaged or not Parquet.
    memory_map
        Map the file into memory instead of reading it into buffers.
    name
        Name of the file in messages; its path by default.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where the file is missing, damaged or not Parquet.
    """
    try:
        file = pq.ParquetFile(path, memory_map=memory_map, page_checksum_verification=True)
        # The schema is converted here, so that one that Arrow cannot represent is refused here.
        _ = file.schema_arrow
    except FileNotFoundError:
        raise error_kind(f"{path}: no such file.") from None
    except _ARROW_ERRORS as error:
        shown = path if name is None else name
        raise error_kind(f"{shown}: cannot be read as Parquet ({_reason(error)}).") from None
    return file


def map_file(path: Path, error_kind: type[GalsearchError]) -> mmap.mmap:
    """A Parquet file, mapped into memory for reading for as long as the result exists.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where the file is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise error_kind(f"{path}: no such file.") from None
    except (OSError, ValueError) as error:
        raise error_kind(f"{path}: cannot be read as Parquet ({_reason(error)}).") from None


@contextmanager
def damage_named(place: str | Path, error_kind: type[GalsearchError]) -> Iterator[None]:
    """A context manager in which an exception of Arrow becomes an error that names the file.

    Parameters
    ----------
    place
        The file, or a part of it such as a row group, for the message.
    error_kind
        Class of the error.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, in place of the exception. Errors of galsearch are not changed.
    """
    try:
        yield
    except GalsearchError:
        raise
    except _ARROW_ERRORS as error:
        raise error_kind(f"{place}: is damaged ({_reason(error)}).") from None


def require_columns(
    path: str | Path,
    schema: pa.Schema,
    names: Sequence[str],
    error_kind: type[GalsearchError],
) -> None:
    """Check that a Parquet file has each of some columns exactly once.

    Parameters
    ----------
    path
        The Parquet file, for messages.
    schema
        Arrow schema of the file.
    names
        Names of the required columns.
    error_kind
        Class of the error.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where columns are missing or occur twice; all are named.
    """
    missing = [name for name in names if name not in schema.names]
    if missing:
        raise error_kind(f"{path}: has no column {', '.join(missing)}.", missing=missing)
    repeated = [name for name in names if schema.names.count(name) > 1]
    if repeated:
        raise error_kind(f"{path}: has several columns {', '.join(repeated)}.", repeated=repeated)


def _reason(error: BaseException) -> str:
    """The text of an exception in one line of printable characters, or its name if it has no text.

    Arrow may quote damaged bytes at any length.
    """
    text = str(error) or type(error).__name__
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    shown = line if len(line) <= _LONGEST_REASON else line[:_LONGEST_REASON] + "..."
    return shown.rstrip(".")
