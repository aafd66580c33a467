"""Size, digest or ETag, and release of the survey files that an ingest reads."""

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from galsearch.dataset.ingest.identity.file_origin import release_of
from galsearch.dataset.ingest.source_files import SourceFiles
from galsearch.dataset.source_record import SIMULATED, SourceRecord
from galsearch.files.digest import sha256_of_file
from galsearch.sources.urls import state_of_remote_file

SIMULATION_FILE = "simulation.json"
"""Name of the file at the top of a survey that galsearch simulated."""


def record_sources(files: SourceFiles) -> Iterator[SourceRecord]:
    """The record of each survey file, kind after kind; a local file is read for its digest.

    A file that cannot be read has neither size nor digest: `bad_files` names it elsewhere.
    """
    for field in dataclasses.fields(SourceFiles):
        for url in getattr(files, field.name):
            yield _record(field.name, url)


def _record(kind: str, url: str) -> SourceRecord:
    release = release_of(url)
    if "://" in url:
        n_bytes, etag = state_of_remote_file(url)
        return SourceRecord(kind, url, release, n_bytes, etag=etag)
    path = Path(url)
    # A later check may run in another directory.
    place = str(path.absolute())
    if _is_simulated(path.absolute().parent):
        release = SIMULATED
    try:
        return SourceRecord(kind, place, release, path.stat().st_size, sha256_of_file(path))
    except OSError:
        return SourceRecord(kind, place, release, None)


@lru_cache(maxsize=4096)
def _is_simulated(folder: Path) -> bool:
    """True where a folder lies in a survey that galsearch simulated."""
    if (folder / SIMULATION_FILE).is_file():
        return True
    return folder != folder.parent and _is_simulated(folder.parent)
