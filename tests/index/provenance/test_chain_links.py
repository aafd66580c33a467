"""A file that has changed since it was recorded is named; one that is gone is not at hand."""

import errno
import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import fsspec
import pytest

from galsearch.dataset.source_record import SourceRecord
from galsearch.index.provenance.chain_links import (
    LinkState,
    dataset_link,
    files_link,
    list_link,
)
from galsearch.index.storage.origin_manifest import OriginManifest


@pytest.fixture
def recorded(tmp_path: Path) -> list[SourceRecord]:
    records = []
    for name in ("a.fits", "b.fits", "c.fits"):
        (tmp_path / name).write_bytes(name.encode())
        digest = hashlib.sha256(name.encode()).hexdigest()
        records.append(SourceRecord("spectra", str(tmp_path / name), "", 6, digest))
    return records


def test_files_that_are_as_recorded(recorded: list[SourceRecord]) -> None:
    for read in (False, True):
        assert files_link("survey files", recorded, read=read).state is LinkState.MATCHES


def test_a_changed_size_is_named(recorded: list[SourceRecord]) -> None:
    path = Path(recorded[1].url)
    path.write_bytes(b"longer than before")
    link = files_link("survey files", recorded, read=False)
    assert link.state is LinkState.DIFFERS
    assert link.found == (
        "1 of 3 survey files have changed since they were read:\n"
        f"{path}: has 18 bytes; 6 are recorded."
    )


def test_changed_content_of_the_same_size_is_named_where_files_are_read(
    recorded: list[SourceRecord],
) -> None:
    path = Path(recorded[2].url)
    path.write_bytes(b"C.fits")
    assert files_link("survey files", recorded, read=False).state is LinkState.MATCHES
    link = files_link("survey files", recorded, read=True)
    found, was = (hashlib.sha256(text).hexdigest()[:16] for text in (b"C.fits", b"c.fits"))
    assert link.found.splitlines()[1:] == [f"{path}: has sha256 {found}; {was} is recorded."]


def test_missing_files_are_counted(recorded: list[SourceRecord]) -> None:
    Path(recorded[0].url).unlink()
    link = files_link("survey files", recorded, read=True)
    assert (link.state, link.found) == (
        LinkState.MATCHES,
        "1 of 3 survey files are not at hand.",
    )
    for record in recorded[1:]:
        Path(record.url).unlink()
    link = files_link("survey files", recorded, read=True)
    assert (link.state, link.found) == (LinkState.ABSENT, "None of 3 survey files is at hand.")
    assert files_link("survey files", [], read=True).state is LinkState.UNRECORDED


def test_at_most_ten_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.touch()
    link = files_link("survey files", [SourceRecord("a", str(path), "", 5)] * 50, read=False)
    assert len(link.found.splitlines()) == 11


def test_servers_are_asked_where_files_are_read() -> None:
    url = "memory://provenance/a.fits"
    with fsspec.open(url, "wb") as file:
        file.write(b"12345")
    records = [SourceRecord("spectra", url, "", 6)]
    assert files_link("survey files", records, read=False).state is LinkState.ABSENT
    link = files_link("survey files", records, read=True)
    assert link.found.splitlines()[1:] == [f"{url}: has 5 bytes; 6 are recorded."]


def test_files_on_servers_that_were_not_asked_are_not_called_absent() -> None:
    remote = SourceRecord("spectra", "https://example.org/coadd.fits", "", 10, None, None)
    link = files_link("survey files", [remote], read=False)
    said = "1 of 1 survey files are on servers, which were not asked."
    assert (link.state, link.found) == (LinkState.ABSENT, said)


def test_a_record_that_is_no_path_is_not_at_hand() -> None:
    source = SourceRecord("spectra", "/a\0b", "", 10, None, None)
    link = files_link("survey files", [source], read=True)
    assert (link.state, link.found) == (LinkState.ABSENT, "None of 1 survey files is at hand.")


def test_a_dataset_that_may_not_be_read_is_not_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_dir", refuse)
    monkeypatch.setattr(Path, "is_file", refuse)
    origin = cast(OriginManifest, SimpleNamespace(dataset="data", sources=object()))
    for link in (dataset_link(origin), list_link(origin)):
        assert link.state is LinkState.ABSENT
        assert link.found.endswith("cannot be read (Permission denied).")


def test_a_relative_path_is_not_looked_for_in_the_present_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"another table")
    monkeypatch.chdir(tmp_path)
    source = SourceRecord("imported tables", "a.parquet", "", 10, None, None)
    assert files_link("imported tables", [source], read=True).state is LinkState.ABSENT
