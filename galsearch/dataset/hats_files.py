"""The small text files of a HATS catalogue: properties, list of partitions and digests."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from galsearch.core.errors import DatasetError
from galsearch.dataset import schema
from galsearch.files.atomic import write_text

_REQUIRED = ("obs_collection", "dataproduct_type", "hats_nrows")


def write_properties(root: Path, properties: Mapping[str, object]) -> None:
    """Write the file hats.properties, one line for each key, in the order of `properties`."""
    lines = [f"{key}={value}\n" for key, value in properties.items()]
    write_text(root / schema.PROPERTIES_FILE, "#HATS catalog\n" + "".join(lines))


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
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    found = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    missing = [key for key in _REQUIRED if key not in found]
    if missing or not found["hats_nrows"].isdigit():
        names = ", ".join(missing) or "hats_nrows"
        raise DatasetError(f"{path}: no valid value of {names}.")
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
        with path.open(encoding="utf-8", newline="") as file:
            return [(int(row["Norder"]), int(row["Npix"])) for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file.") from None
    except (KeyError, TypeError, ValueError):
        raise DatasetError(
            f"{path}: expected the columns {schema.PARTITION_INFO_HEADER} of integers."
        ) from None


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
    try:
        pairs = [line.split("  ", 1) for line in path.read_text("utf-8").splitlines()]
        return {name: digest for digest, name in pairs}
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file.") from None
    except ValueError:
        raise DatasetError(f"{path}: expected lines of 'digest  path'.") from None
