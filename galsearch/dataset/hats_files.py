"""The small text files of a HATS catalogue: properties, partition list, digests."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from galsearch.core.errors import DatasetError
from galsearch.dataset import schema

_REQUIRED = ("obs_collection", "dataproduct_type", "hats_nrows")
_OURS = "Only directories that galsearch ingest wrote can be opened."


def write_properties(root: Path, properties: Mapping[str, object]) -> None:
    """Write hats.properties, a line a key, in the order given."""
    lines = [f"{key}={value}\n" for key, value in properties.items()]
    (root / schema.PROPERTIES_FILE).write_text("#HATS catalog\n" + "".join(lines), "utf-8")


def read_properties(root: Path) -> dict[str, str]:
    """The keys of hats.properties.

    Raises
    ------
    DatasetError
        Where the directory or the file is not there, or a needed key is missing.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such directory; expected a dataset. {_OURS}")
    path = root / schema.PROPERTIES_FILE
    if not path.is_file():
        empty = "is empty" if not any(root.iterdir()) else f"holds no {schema.PROPERTIES_FILE}"
        raise DatasetError(f"{root}: {empty}, so it is not a dataset. {_OURS}")
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    found = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    missing = [key for key in _REQUIRED if key not in found]
    if missing or not found["hats_nrows"].isdigit():
        raise DatasetError(f"{path}: lacks a legal {', '.join(missing) or 'hats_nrows'}. {_OURS}")
    return found


def write_partition_info(root: Path, pixels: Iterable[tuple[int, int]]) -> None:
    """Write partition_info.csv, a line a HEALPix pixel."""
    lines = [f"{order},{pixel}" for order, pixel in pixels]
    text = "\n".join([schema.PARTITION_INFO_HEADER, *lines]) + "\n"
    (root / schema.PARTITION_INFO_FILE).write_text(text, "utf-8")


def read_partition_info(root: Path) -> list[tuple[int, int]]:
    """(order, pixel) of every partition, in the file's order.

    Raises
    ------
    DatasetError
        Where the file is missing or not such a list.
    """
    path = root / schema.PARTITION_INFO_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [(int(row["Norder"]), int(row["Npix"])) for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file. {_OURS}") from None
    except (KeyError, TypeError, ValueError):
        raise DatasetError(
            f"{path}: expected the columns {schema.PARTITION_INFO_HEADER} of integers. {_OURS}"
        ) from None


def write_digests(root: Path, digests: Mapping[str, str]) -> None:
    """Write sha256sums.txt, which `sha256sum --check` understands."""
    lines = [f"{digest}  {path}\n" for path, digest in digests.items()]
    (root / schema.DIGESTS_FILE).write_text("".join(lines), "utf-8")


def read_digests(root: Path) -> dict[str, str]:
    """Path relative to the dataset -> SHA-256 of the file as it was written.

    Raises
    ------
    DatasetError
        Where the file is missing or not such a list.
    """
    path = root / schema.DIGESTS_FILE
    try:
        pairs = [line.split("  ", 1) for line in path.read_text("utf-8").splitlines()]
        return {name: digest for digest, name in pairs}
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file. {_OURS}") from None
    except ValueError:
        raise DatasetError(f"{path}: expected lines of 'digest  path'. {_OURS}") from None
