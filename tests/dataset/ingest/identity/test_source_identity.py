"""Each survey file is recorded with its size and what identifies its content."""

import hashlib
from pathlib import Path

import fsspec

from galsearch.dataset.ingest.identity.source_identity import record_sources
from galsearch.dataset.ingest.source_files import SourceFiles
from galsearch.dataset.source_record import SourceRecord


def test_local_files_have_digests_and_missing_ones_nothing(tmp_path: Path) -> None:
    path = tmp_path / "iron" / "a.fits"
    path.parent.mkdir()
    path.write_bytes(b"spectra")
    missing = str(tmp_path / "b.fits")
    files = SourceFiles((str(path),), (), (missing,), (), ())
    assert list(record_sources(files)) == [
        SourceRecord("spectra", str(path), "iron", 7, hashlib.sha256(b"spectra").hexdigest()),
        SourceRecord("cutouts", missing, "", None),
    ]


def test_files_of_a_store_have_a_size() -> None:
    with fsspec.open("memory://store/a.fits", "wb") as file:
        file.write(b"12345")
    files = SourceFiles((), (), (), ("memory://store/a.fits", "memory://store/no.fits"), ())
    sizes = [(source.kind, source.n_bytes, source.sha256) for source in record_sources(files)]
    assert sizes == [("bricks", 5, None), ("bricks", None, None)]


def test_files_of_a_simulated_survey_are_recorded_as_such(tmp_path: Path) -> None:
    path = tmp_path / "survey" / "healpix" / "fuji" / "a.fits"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"spectra")
    (tmp_path / "survey" / "simulation.json").write_text("{}")
    (found,) = record_sources(SourceFiles((str(path),), (), (), (), ()))
    assert found.release == "simulated"
