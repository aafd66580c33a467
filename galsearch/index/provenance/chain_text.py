"""The text of a chain, in lines of at most 100 characters."""

import textwrap
from collections.abc import Sequence

from galsearch.core.fingerprint import short_digest
from galsearch.dataset.source_record import SourceRecord
from galsearch.dataset.source_summary import SourceSummary, count_sources
from galsearch.index.provenance.chain_links import Link, LinkState
from galsearch.index.storage.origin_manifest import IMPORTED_TABLES, OriginManifest

_WIDTH = 100
_LABEL = 18
_MAX_FILES = 20
"""Largest number of survey files that a text lists."""


def chain_lines(
    origin: OriginManifest | None, links: Sequence[Link], sources: Sequence[SourceRecord]
) -> list[str]:
    """The lines of one chain: a paragraph for each link, then the survey files."""
    lines = [] if origin is None else [f"origin of {origin.n_galaxies:,} galaxies"]
    for link in links:
        facts = [] if origin is None else _facts(origin, link.name)
        is_of_files = link.name in ("survey files", IMPORTED_TABLES)
        if not facts and sources and is_of_files and link.state is not LinkState.ABSENT:
            facts = _counts(SourceSummary("", count_sources(sources)))
        for number, fact in enumerate([*facts, _state(link)]):
            lines += wrapped(fact, f"  {link.name if not number else '':<{_LABEL - 2}}")
    for source in sources[:_MAX_FILES]:
        lines += _file_lines(source)
    if len(sources) > _MAX_FILES:
        more = len(sources) - _MAX_FILES
        lines.append(f"{'':{_LABEL}}... and {more:,} more; JSON lists all.")
    return lines


def wrapped(text: str, mark: str) -> list[str]:
    """Lines of a text; the first begins with a mark, the others with as many blanks."""
    lines: list[str] = []
    for line in text.splitlines():
        lines += textwrap.wrap(
            line,
            _WIDTH,
            initial_indent=mark if not lines else " " * len(mark),
            subsequent_indent=" " * len(mark),
            break_on_hyphens=False,
        )
    return lines


def _state(link: Link) -> str:
    said = {LinkState.DIFFERS: "DIFFERS", LinkState.MATCHES: "as recorded"}
    shown = said.get(link.state, link.state.value)
    return f"{shown}. {link.found}" if link.found else shown


def _facts(origin: OriginManifest, name: str) -> list[str]:
    """The record of one link, one line each."""
    if name == "embeddings" and origin.embeddings:
        digests = [
            f"{kind} shards sha256 {short_digest(digest)}"
            for kind, digest in origin.shards.items()
            if digest
        ]
        return [origin.embeddings, *([", ".join(digests)] if digests else [])]
    if name == "encoder":
        shown = f"fingerprint {origin.fingerprint.short}"
        return [f"{origin.encoder}, {shown}, {origin.precision}" if origin.encoder else shown]
    if name == "dataset":
        return [origin.dataset, f"sha256 {short_digest(origin.dataset_digest)}"]
    if origin.sources is None:
        return []
    # Imported tables are listed in no file of their own.
    return _counts(origin.sources, is_listed=name != IMPORTED_TABLES)


def _counts(summary: SourceSummary, *, is_listed: bool = True) -> list[str]:
    digest = summary.sha256 if is_listed else ""
    listed = f", list of sha256 {short_digest(digest)}" if digest else ""
    lines = [f"{summary.n_files:,} files, {summary.n_bytes:,} bytes{listed}"]
    for group in summary.groups:
        release = f" of release {group.release}" if group.release else " of no known release"
        lines.append(f"{group.n_files:,} {group.kind}{release}, {group.n_bytes:,} bytes")
    return lines


def _file_lines(source: SourceRecord) -> list[str]:
    parts = []
    if source.n_bytes is not None:
        parts.append(f"{source.n_bytes:,} bytes")
    if source.sha256 is not None:
        parts.append(f"sha256 {short_digest(source.sha256)}")
    if source.etag is not None:
        parts.append(f"ETag {source.etag}")
    if source.release:
        parts.append(f"release {source.release}")
    blank = " " * _LABEL
    lines = wrapped(f"{source.kind} {source.url}", blank)
    return lines + wrapped(", ".join(parts), f"{blank}  ") if parts else lines
