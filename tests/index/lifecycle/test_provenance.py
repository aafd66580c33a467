"""The chain from an index to its survey files is shown as far as it can be followed."""

import dataclasses
from pathlib import Path

import pytest

from galsearch.dataset import open_dataset
from galsearch.dataset.source_record import SourceRecord, write_sources
from galsearch.index.lifecycle.provenance import provenance
from galsearch.index.storage.manifest_json import read_manifest, write_manifest


@pytest.fixture
def chained(changing_index: Path, tmp_path: Path) -> tuple[Path, Path]:
    """An index, and the dataset that its manifest names."""
    from benchmarks.gpu.random_dataset import write_random_dataset

    dataset = write_random_dataset(tmp_path / "dataset", 3)
    manifest = dataclasses.replace(
        read_manifest(changing_index),
        dataset=str(dataset),
        dataset_digest=open_dataset(dataset).digest,
    )
    write_manifest(manifest, changing_index / "manifest.json")
    return changing_index, dataset


def test_survey_files_are_listed(chained: tuple[Path, Path]) -> None:
    index, dataset = chained
    records = [
        SourceRecord("spectra", "iron/a.fits", "iron", 1234, "ab" * 32),
        SourceRecord("cutouts", "https://a/b.fits", "", None, etag="1"),
    ]
    write_sources(dataset, records)
    lines = provenance(index).splitlines()
    assert lines[0].startswith(f"index {index}: ")
    assert lines[2].startswith("encoder: fingerprint ")
    assert lines[3].endswith("; it is there, 3 galaxies")
    assert lines[4:] == [
        "survey files: 1 spectra, 1 cutouts",
        "  spectra iron/a.fits, 1,234 bytes, sha256 abababababababab, release iron",
        "  cutouts https://a/b.fits, ETag 1",
    ]


def test_a_dataset_without_a_list_says_so(chained: tuple[Path, Path]) -> None:
    last = provenance(chained[0]).splitlines()[-1]
    assert last == "survey files: none recorded, as in datasets of earlier versions"


def test_another_dataset_and_a_missing_one_are_told(chained: tuple[Path, Path]) -> None:
    index, dataset = chained
    manifest = read_manifest(index)
    other = dataclasses.replace(manifest, dataset_digest="c" * 64)
    write_manifest(other, index / "manifest.json")
    assert "; another dataset is there now, sha256 " in provenance(index).splitlines()[-1]
    lost = dataclasses.replace(manifest, dataset=str(dataset / "moved"))
    write_manifest(lost, index / "manifest.json")
    assert (
        provenance(index)
        .splitlines()[-1]
        .endswith("; it cannot be opened there, so its survey files are not known")
    )
