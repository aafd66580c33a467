"""The small text files of a HATS catalogue: properties, list of partitions and digests."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from galsearch.core.errors import DatasetError
from galsearch.dataset import schema
from galsearch.files.atomic import write_text

_REQUIRED = ("obs_collection", "dataproduct_type", "hats_nrows")


def write_properties(root: Path, properties: Mapping[str, object]) -> None:
    """Write the file hats.properties of a catalogue; see `write_property_file`."""
    write_property_file(root / schema.PROPERTIES_FILE, properties, title="HATS catalog")


def write_property_file(path: Path, properties: Mapping[str, object], *, title: str) -> None:
    """Write a file of properties, one line for each key, in the order of `properties`.

    Parameters
    ----------
    path
        File to be written.
    properties
        Values by key.
    title
        Comment in the first line.

    Raises
    ------
    DatasetError
        Where a value has a line break or another unprintable character.
    """
    unprintable = [key for key, value in properties.items() if not str(value).isprintable()]
    if unprintable:
        raise DatasetError(
            f"{path}: the value of {unprintable[0]} is "
            f"{properties[unprintable[0]]!a}; a value is one line of printable characters."
        )
    lines = [f"{key}={value}\n" for key, value in properties.items()]
    write_text(path, f"#{title}\n" + "".join(lines))


def read_properties(root: Path) -> dict[str, str]:
    """The keys and values in the file hats.properties of a dataset directory.

    Raises
    ------
    DatasetError
        Where the directory or the file does not exist, or a required key is missing.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such directory; expected a dataset.")
    path = root / schema.PROPERTIES_FILE
    if not path.is_file():
        state = "is empty" if not any(root.iterdir()) else f"holds no {schema.PROPERTIES_FILE}"
        raise DatasetError(f"{root}: the directory {state}; expected a dataset.")
    lines = [line.rstrip("\r") for line in _read_text(path).split("\n")]
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    found = {pair[0]: pair[1] for pair in pairs}
    missing = [key for key in _REQUIRED if key not in found]
    if missing or not re.fullmatch("[0-9]{1,18}", found["hats_nrows"]):
        names = ", ".join(missing) or "hats_nrows"
        raise DatasetError(f"{path}: no valid value of {names}.")
    repeated = [key for key in _REQUIRED if [name for name, _ in pairs].count(key) > 1]
    if repeated:
        raise DatasetError(f"{path}: states {repeated[0]} several times.")
    return found


def write_partition_info(root: Path, pixels: Iterable[tuple[int, int]]) -> None:
    """Write the file partition_info.csv, one line (order, number) for each HEALPix pixel."""
    lines = [f"{order},{pixel}" for order, pixel in pixels]
    text = "\n".join([schema.PARTITION_INFO_HEADER, *lines]) + "\n"
    write_text(root / schema.PARTITION_INFO_FILE, text)


def read_partition_info(root: Path) -> list[tuple[int, int]]:
    """(HEALPix order, pixel number) of every partition, as listed in partition_info.csv.

    Raises
    ------
    DatasetError
        Where the file is missing or does not list partitions.
    """
    path = root / schema.PARTITION_INFO_FILE
    try:
        rows = list(csv.DictReader(io.StringIO(_read_text(path), newline="")))
        pixels = [(int(row["Norder"]), int(row["Npix"])) for row in rows]
    except (csv.Error, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(
            f"{path}: expected the columns {schema.PARTITION_INFO_HEADER} of integers."
        ) from None
    for order, pixel in pixels:
        if not (0 <= order <= 29 and 0 <= pixel < 12 * 4**order):
            raise DatasetError(f"{path}: lists a pixel that HEALPix does not have.")
    if len(set(pixels)) < len(pixels):
        raise DatasetError(f"{path}: lists a partition twice.")
    return pixels


def write_digests(root: Path, digests: Mapping[str, str]) -> None:
    """Write digests (path -> SHA-256) to sha256sums.txt, which the command sha256sum can check."""
    lines = [f"{digest}  {path}\n" for path, digest in digests.items()]
    write_text(root / schema.DIGESTS_FILE, "".join(lines))


def read_digests(root: Path) -> dict[str, str]:
    """SHA-256 of each partition's file when it was written, by the file's path in the dataset.

    Raises
    ------
    DatasetError
        Where the file is missing or does not list digests.
    """
    path = root / schema.DIGESTS_FILE
    lines = _read_text(path).splitlines()
    pairs = [re.fullmatch(r"([0-9a-f]{64})  (.+)", line) for line in lines]
    if not all(pairs):
        raise DatasetError(f"{path}: expected lines of 'digest  path'.")
    found = {pair[2]: pair[1] for pair in pairs if pair}
    if len(found) < len(lines):
        raise DatasetError(f"{path}: lists a file twice.")
    return found


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file.") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise DatasetError(f"{path}: not a text file in UTF-8.") from None
