"""Size, digest or ETag, and release of the survey files that an ingest reads."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from galsearch.dataset.ingest.identity.file_origin import release_of
from galsearch.dataset.ingest.source_files import SourceFiles
from galsearch.dataset.source_record import SourceRecord
from galsearch.files.digest import sha256_of_file
from galsearch.sources.urls import state_of_remote_file


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
    try:
        return SourceRecord(kind, url, release, path.stat().st_size, sha256_of_file(path))
    except OSError:
        return SourceRecord(kind, url, release, None)
