"""A summary of the survey files of a dataset, which everything made from the dataset records.

It has the same size for ten files as for 100,000: the digest of the list of files, and the number
and size of the files of each kind and release. The list itself stays with the dataset.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galsearch.dataset.source_record import SOURCES_FILE, SourceRecord, read_sources
from galsearch.files.digest import sha256_of_file


@dataclass(frozen=True)
class SourceGroup:
    """Number and size of the survey files of one kind and release."""

    kind: str
    """Kind of the files, such as 'spectra' or 'cutouts'."""
    release: str
    """Reduction or release, such as 'iron'; 'simulated'; '' where nothing is known."""
    n_files: int
    n_bytes: int
    """Size of all files whose size is known."""


@dataclass(frozen=True)
class SourceSummary:
    """Digest of a list of survey files, and its counts."""

    sha256: str
    """SHA-256 of `sources.json`, as 64 hexadecimal digits."""
    groups: tuple[SourceGroup, ...]

    @property
    def n_files(self) -> int:
        """Number of survey files."""
        return sum(group.n_files for group in self.groups)

    @property
    def n_bytes(self) -> int:
        """Size of all survey files whose size is known."""
        return sum(group.n_bytes for group in self.groups)

    @classmethod
    def from_table(cls, table: Any) -> "SourceSummary":
        """The summary in the JSON value that `dataclasses.asdict` gives of one.

        Raises
        ------
        ValueError
            Where the value is no summary.
        """
        try:
            groups = tuple(SourceGroup(**group) for group in table["groups"])
            summary = cls(sha256=table["sha256"], groups=groups)
        except (KeyError, TypeError):
            raise ValueError("no summary of survey files") from None
        texts = [summary.sha256, *(group.kind for group in groups)]
        texts += [group.release for group in groups]
        counts = [n for group in groups for n in (group.n_files, group.n_bytes)]
        if not all(isinstance(text, str) for text in texts) or not all(map(_is_count, counts)):
            raise ValueError("no summary of survey files")
        return summary


def summarise_sources(root: Path) -> SourceSummary | None:
    """The summary of the survey files of the dataset in a directory.

    None where an earlier version of galsearch wrote the dataset, without a list of files.

    Raises
    ------
    DatasetError
        Where `sources.json` does not list survey files.
    """
    path = root / SOURCES_FILE
    if not path.is_file():
        return None
    return SourceSummary(sha256_of_file(path), count_sources(read_sources(root)))


def count_sources(sources: Iterable[SourceRecord]) -> tuple[SourceGroup, ...]:
    """Number and size of survey files by kind and release, in the order in which they appear.

    Examples
    --------
    >>> files = [SourceRecord("spectra", f"iron/{n}.fits", "iron", 10) for n in range(3)]
    >>> count_sources(files)
    (SourceGroup(kind='spectra', release='iron', n_files=3, n_bytes=30),)
    """
    counts: dict[tuple[str, str], list[int]] = {}
    for source in sources:
        count = counts.setdefault((source.kind, source.release), [0, 0])
        count[0] += 1
        count[1] += source.n_bytes or 0
    return tuple(SourceGroup(*key, *count) for key, count in counts.items())


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
