"""Links of a chain: what was recorded of embeddings, a dataset and survey files, and what is there.

Only records are read: `store.json` of embeddings, the digests of a dataset, the list of its survey
files and their sizes. The content of survey files is read on request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from galsearch.core.errors import GalsearchError, SourceError
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.dataset.reader import open_dataset
from galsearch.dataset.source_record import SOURCES_FILE, SourceRecord, read_sources
from galsearch.embeddings.store_record import STORE_FILE, StoreRecord, read_record
from galsearch.files.digest import sha256_of_file
from galsearch.index.storage.origin_manifest import IMPORTED_TABLES, OriginManifest
from galsearch.sources.urls import size_and_version

_MAX_NAMED = 10
"""Largest number of changed survey files that a message names."""


class LinkState(StrEnum):
    """The result of the comparison of a record with what is there."""

    MATCHES = "as recorded"
    DIFFERS = "differs"
    ABSENT = "not at hand"
    UNRECORDED = "not recorded"


@dataclass(frozen=True)
class Link:
    """The comparison of one link of a chain with what is there."""

    name: str
    """`embeddings`, `encoder`, `dataset`, `survey files` or `imported tables`."""
    state: LinkState
    found: str = ""
    """Sentence on what was found, where it does not match the record."""


def embeddings_links(origin: OriginManifest) -> tuple[Link, Link]:
    """The links from an index to its embeddings, and to the encoder that made them."""
    if not origin.embeddings:
        said = "The index records no embeddings, as those of earlier versions."
        unrecorded = LinkState.UNRECORDED
        return Link("embeddings", unrecorded, said), Link("encoder", unrecorded, said)
    folder = Path(origin.embeddings)
    try:
        records = {kind: read_record(folder / kind) for kind in origin.shards}
    except OSError as error:
        said = unreadable(folder, error)
        return Link("embeddings", LinkState.ABSENT, said), Link("encoder", LinkState.ABSENT, said)
    except GalsearchError as error:
        return Link("embeddings", LinkState.DIFFERS, str(error)), Link("encoder", LinkState.ABSENT)
    found = {kind: record for kind, record in records.items() if record is not None}
    if len(found) < len(origin.shards):
        missing = next(kind for kind in origin.shards if kind not in found)
        said = f"{folder / missing}: has no {STORE_FILE}."
        state = LinkState.DIFFERS if found else LinkState.ABSENT
        return Link("embeddings", state, said), Link("encoder", LinkState.ABSENT, said)
    return _shards_link(folder, origin, found), _encoder_link(folder, origin, found)


def _shards_link(folder: Path, origin: OriginManifest, found: dict[Modality, StoreRecord]) -> Link:
    if not all(origin.shards.values()):
        said = f"{folder}: recorded no digests of shards when the index was made."
        return Link("embeddings", LinkState.UNRECORDED, said)
    for kind, recorded in origin.shards.items():
        digest = found[kind].shards_digest
        if digest != recorded:
            now = f"have sha256 {short_digest(digest)}" if digest else "have no digests"
            return Link(
                "embeddings",
                LinkState.DIFFERS,
                f"{folder / kind}: its shards {now}; the index was made from shards of sha256 "
                f"{short_digest(recorded)}. They were embedded again or changed since.",
            )
    return Link("embeddings", LinkState.MATCHES)


def _encoder_link(folder: Path, origin: OriginManifest, found: dict[Modality, StoreRecord]) -> Link:
    for kind, record in found.items():
        if record.fingerprint != origin.fingerprint:
            return Link(
                "encoder",
                LinkState.DIFFERS,
                f"{folder / kind}: its shards are those of the encoder {record.encoder} "
                f"({record.fingerprint.short}); the index was made with {origin.encoder} "
                f"({origin.fingerprint.short}).",
            )
    return Link("encoder", LinkState.MATCHES)


def dataset_link(origin: OriginManifest) -> Link:
    """The link from embeddings to the dataset that was embedded."""
    path = Path(origin.dataset)
    try:
        digest = open_dataset(path).digest if path.is_dir() else None
    except OSError as error:
        return Link("dataset", LinkState.ABSENT, unreadable(path, error))
    except GalsearchError as error:
        return Link("dataset", LinkState.DIFFERS, str(error))
    if digest is None:
        return Link("dataset", LinkState.ABSENT, f"{path}: there is no such directory.")
    if digest != origin.dataset_digest:
        return Link(
            "dataset",
            LinkState.DIFFERS,
            f"{path}: has sha256 {short_digest(digest)}; the embeddings were made from a dataset "
            f"of sha256 {short_digest(origin.dataset_digest)}. It was ingested again or changed "
            "since.",
        )
    return Link("dataset", LinkState.MATCHES)


def list_link(origin: OriginManifest) -> Link:
    """The link from the embeddings to the list of the survey files of their dataset."""
    path = Path(origin.dataset, SOURCES_FILE)
    if origin.sources is None:
        said = f"{origin.dataset}: its survey files were not recorded, as by earlier versions."
        return Link("survey files", LinkState.UNRECORDED, said)
    try:
        digest = sha256_of_file(path) if path.is_file() else None
    except OSError as error:
        return Link("survey files", LinkState.ABSENT, unreadable(path, error))
    if digest is None:
        return Link("survey files", LinkState.ABSENT, f"{path}: there is no such file.")
    if digest != origin.sources.sha256:
        return Link(
            "survey files",
            LinkState.DIFFERS,
            f"{path}: has sha256 {short_digest(digest)}; the embeddings were made with the list "
            f"of sha256 {short_digest(origin.sources.sha256)}.",
        )
    return Link("survey files", LinkState.MATCHES)


def files_link(name: str, sources: Sequence[SourceRecord], *, read: bool) -> Link:
    """The link from a list of survey files, or of imported tables, to the files.

    Parameters
    ----------
    name
        Name of the link.
    sources
        The files as they were recorded.
    read
        Read local files and compare their SHA-256, and ask servers for sizes and ETags; otherwise
        the sizes of local files are compared.
    """
    if not sources:
        return Link(name, LinkState.UNRECORDED, "No files are recorded.")
    changed: list[str] = []
    n_absent = n_not_asked = 0
    for source in sources:
        if "://" in source.url and not read:
            n_not_asked += 1
            continue
        if "://" not in source.url and not Path(source.url).is_absolute():
            n_absent += 1  # another file may have the name in the present directory
            continue
        try:
            difference = _difference(source, read=read)
        except (SourceError, OSError, ValueError):  # ValueError: no path, such as one with a NUL
            n_absent += 1
        else:
            changed += [difference] if difference else []
    if changed:
        named = changed[:_MAX_NAMED]
        head = f"{len(changed):,} of {len(sources):,} {name} have changed since they were read:"
        return Link(name, LinkState.DIFFERS, "\n".join([head, *named]))
    parts = []
    if n_absent == len(sources):
        parts.append(f"None of {n_absent:,} {name} is at hand.")
    elif n_absent:
        parts.append(f"{n_absent:,} of {len(sources):,} {name} are not at hand.")
    if n_not_asked:
        parts.append(
            f"{n_not_asked:,} of {len(sources):,} {name} are on servers, which were not asked."
        )
    is_known = n_absent + n_not_asked < len(sources)
    return Link(name, LinkState.MATCHES if is_known else LinkState.ABSENT, " ".join(parts))


def _difference(source: SourceRecord, *, read: bool) -> str:
    """A sentence on how a file differs from its record; '' where it does not.

    Raises
    ------
    SourceError, OSError
        Where the file is not at hand.
    ValueError
        Where the record holds no path.
    """
    n_bytes, etag = size_and_version(source.url)
    if None not in (n_bytes, source.n_bytes) and n_bytes != source.n_bytes:
        return f"{source.url}: has {n_bytes:,} bytes; {source.n_bytes:,} are recorded."
    if None not in (etag, source.etag) and etag != source.etag:
        return f"{source.url}: has the ETag {etag}; {source.etag} is recorded."
    if read and "://" not in source.url and source.sha256 is not None:
        sha256 = sha256_of_file(Path(source.url))
        if sha256 != source.sha256:
            return (
                f"{source.url}: has sha256 {short_digest(sha256)}; {short_digest(source.sha256)} "
                "is recorded."
            )
    return ""


def unreadable(path: Path, error: OSError) -> str:
    """A sentence on a path that the user may not read, or that is no path on this system."""
    return f"{path}: cannot be read ({error.strerror or error})."


def list_of_dataset(path: Path) -> list[SourceRecord]:
    """The recorded survey files of a dataset; empty where they cannot be read."""
    try:
        return read_sources(path)
    except GalsearchError:
        return []


def tables_of_embeddings(record: StoreRecord) -> list[SourceRecord]:
    """The tables that embeddings were imported from, as records of files."""
    return [
        SourceRecord(IMPORTED_TABLES, url, "", table.n_bytes, table.sha256, table.version)
        for url, table in record.sources.items()
    ]
