"""The file `sources.json` of a dataset: the survey files that it was made from.

With the digests in `sha256sums.txt` and those in the manifest of an index it makes a chain from
survey files to an index.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import DatasetError
from galsearch.files.atomic import write_json
from galsearch.files.json_input import read_json

SOURCES_FILE = "sources.json"
SIMULATED = "simulated"
"""Release of survey files that galsearch simulated."""


@dataclass(frozen=True)
class SourceRecord:
    """One survey file that was given to an ingest, as it was then."""

    kind: str
    """Kind of the file, such as 'spectra' or 'cutouts'."""
    url: str
    """Absolute path or URL by which it was read."""
    release: str
    """Reduction or release that the folders of the file name, such as 'iron'; 'simulated' where
    galsearch made the file; '' where nothing is known."""
    n_bytes: int | None
    """Size; None where the server does not state it."""
    sha256: str | None = None
    """SHA-256 of a local file; None for a URL."""
    etag: str | None = None
    """ETag that the server of a URL states; None where it states none, and for a local file."""


def write_sources(root: Path, records: Sequence[SourceRecord]) -> None:
    """Write `sources.json` of the dataset in a directory."""
    table = [dataclasses.asdict(record) for record in records]
    write_json(root / SOURCES_FILE, table, indent=1)


def read_sources(root: Path) -> list[SourceRecord]:
    """The survey files of a dataset; an empty list where an earlier version wrote the dataset.

    Raises
    ------
    DatasetError
        Where `sources.json` does not list survey files.
    """
    path = root / SOURCES_FILE
    if not path.is_file():
        return []
    table = read_json(path, DatasetError)
    try:
        records = [SourceRecord(**entry) for entry in table]
    except TypeError:
        raise DatasetError(f"{path}: not a list of survey files.") from None
    for record in records:
        texts = (record.kind, record.url, record.release)
        if not all(isinstance(text, str) for text in texts):
            raise DatasetError(f"{path}: not a list of survey files.")
        if not isinstance(record.n_bytes or 0, int):
            raise DatasetError(f"{path}: states a size of {json.dumps(record.n_bytes)}.")
    return records
