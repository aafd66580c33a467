"""The summary of survey files is small, whatever their number, and is read as it was written."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from galsearch.dataset.source_record import SourceRecord, write_sources
from galsearch.dataset.source_summary import SourceGroup, SourceSummary, summarise_sources


def test_files_are_counted_by_kind_and_release(tmp_path: Path) -> None:
    records = [
        SourceRecord("spectra", "/iron/a.fits", "iron", 12, "f" * 64),
        SourceRecord("spectra", "/iron/b.fits", "iron", 30, "e" * 64),
        SourceRecord("cutouts", "https://a/b.fits", "", None, etag='"1"'),
    ]
    write_sources(tmp_path, records)
    summary = summarise_sources(tmp_path)
    assert summary is not None
    assert summary.groups == (
        SourceGroup("spectra", "iron", 2, 42),
        SourceGroup("cutouts", "", 1, 0),
    )
    assert (summary.n_files, summary.n_bytes) == (3, 42)
    assert summary.sha256 == hashlib.sha256((tmp_path / "sources.json").read_bytes()).hexdigest()
    table = json.loads(json.dumps(dataclasses.asdict(summary)))
    assert SourceSummary.from_table(table) == summary


def test_a_dataset_of_an_earlier_version_has_none(tmp_path: Path) -> None:
    assert summarise_sources(tmp_path) is None


def test_a_hundred_thousand_files_take_no_more_than_ten(tmp_path: Path) -> None:
    sizes = []
    for n_files in (10, 100_000):
        record = SourceRecord("cutouts", "/a.fits", "dr9", 10**6, "f" * 64)
        write_sources(tmp_path, [record] * n_files)
        sizes.append(len(json.dumps(dataclasses.asdict(summarise_sources(tmp_path)))))
    assert sizes[1] - sizes[0] == 8


@pytest.mark.parametrize(
    "table",
    [
        3,
        [],
        {},
        {"sha256": 1, "groups": []},
        {"sha256": "a", "groups": [{}]},
        {"sha256": "a", "groups": [{"kind": "a", "release": "", "n_files": -1, "n_bytes": 0}]},
    ],
    ids=str,
)
def test_anything_else_is_refused(table: object) -> None:
    with pytest.raises(ValueError, match="no summary of survey files"):
        SourceSummary.from_table(table)
