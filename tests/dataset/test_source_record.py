"""The list of survey files is read as it was written, and anything else is refused."""

import json
from pathlib import Path

import pytest

from galsearch.core.errors import DatasetError
from galsearch.dataset import open_dataset
from galsearch.dataset.source_record import SourceRecord, read_sources, write_sources


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    records = [
        SourceRecord("spectra", "iron/a.fits", "iron", 12, "f" * 64),
        SourceRecord("cutouts", "https://a/b.fits", "", None, etag='"1"'),
    ]
    write_sources(tmp_path, records)
    assert read_sources(tmp_path) == records


def test_a_dataset_of_an_earlier_version_has_none(tmp_path: Path) -> None:
    assert read_sources(tmp_path) == []


@pytest.mark.parametrize(
    "table", [[1], [{"kind": "spectra"}], {"a": 1}, 3, [["a", "b", "c", 1]]], ids=str
)
def test_anything_else_is_refused(tmp_path: Path, table: object) -> None:
    (tmp_path / "sources.json").write_text(json.dumps(table))
    with pytest.raises(DatasetError) as caught:
        read_sources(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'sources.json'}: not a list of survey files.")


def test_a_size_that_is_no_number_is_refused(tmp_path: Path) -> None:
    write_sources(tmp_path, [SourceRecord("spectra", "a", "", "many")])  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match='states a size of "many"'):
        read_sources(tmp_path)


def test_an_ingest_records_every_file_and_verify_checks_the_list(paired, tmp_path: Path) -> None:
    from galsearch.dataset.ingest.run import ingest

    out = tmp_path / "dataset"
    ingest(paired.recipe(redshifts=True, labels=True), out)
    found = read_sources(out)
    counts = {kind: sum(source.kind == kind for source in found) for kind in ("spectra", "cutouts")}
    assert counts == {"spectra": 2, "cutouts": 10}
    assert all(len(source.sha256 or "") == 64 for source in found)
    assert all(Path(source.url).stat().st_size == source.n_bytes for source in found)
    open_dataset(out).verify()
    write_sources(out, found[1:])
    with pytest.raises(DatasetError, match=r"sources\.json: the file has sha256"):
        open_dataset(out).verify()
