"""What an index has to cite, from the chain of its manifest, its dataset and its embeddings."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import DatasetError, EncoderMismatchError
from galsearch.dataset import open_dataset
from galsearch.dataset.source_record import SourceRecord, write_sources
from galsearch.dataset.source_summary import summarise_sources
from galsearch.index.citation.bibliography import parse_bibtex
from galsearch.index.citation.cite import cite
from galsearch.index.storage.manifest_json import read_manifest, write_manifest


@pytest.fixture
def chained(toy_copy: Path, tmp_path: Path) -> tuple[Path, Path]:
    """An index, and the dataset of DESI EDR that its manifest names."""
    from benchmarks.gpu.random_dataset import write_random_dataset

    dataset = write_random_dataset(tmp_path / "dataset", 3)
    write_sources(dataset, [SourceRecord("spectra", "fuji/a.fits", "fuji", 5, "ab" * 32)])
    manifest = dataclasses.replace(
        read_manifest(toy_copy),
        dataset=str(dataset),
        dataset_digest=open_dataset(dataset).digest,
        origins=(),
    )
    write_manifest(manifest, toy_copy / "manifest.json")
    return toy_copy, dataset


def test_the_surveys_of_the_dataset_are_cited(chained: tuple[Path, Path]) -> None:
    found = cite(chained[0])
    keys = ["galsearch", "Parker2024", "Douze2024", "Caplar2025", "Astropy2022", "DESI2024"]
    assert [reference.key for reference, _ in found.works] == keys
    assert list(parse_bibtex(found.bibtex())) == keys
    assert found.notes == ()
    lines = str(found).splitlines()
    assert lines[0] == "index 'toy' rests on 6 works:"
    assert lines[-1].endswith("funding agencies.")
    assert max(map(len, lines)) <= 100
    assert "    spectra of DESI: 1 file (spectra) of release fuji" in lines


def test_a_dataset_that_has_moved_is_named(chained: tuple[Path, Path], tmp_path: Path) -> None:
    index, dataset = chained
    moved = Path(shutil.move(dataset, tmp_path / "moved"))
    assert "are not known" in cite(index).notes[0]
    assert cite(index, dataset=moved).notes == ()
    with pytest.raises(DatasetError):
        cite(index, dataset=dataset)


def test_an_index_that_records_its_survey_files_and_encoder_needs_neither(
    chained: tuple[Path, Path],
) -> None:
    index, dataset = chained
    manifest = read_manifest(index)
    origin = dataclasses.replace(
        manifest.known_origins[0], encoder="aion-base", sources=summarise_sources(dataset)
    )
    write_manifest(dataclasses.replace(manifest, origins=(origin,)), index / "manifest.json")
    shutil.rmtree(dataset)
    found = cite(index)
    assert found.notes == ()
    keys = [reference.key for reference, _ in found.works]
    assert keys == ["galsearch", "Parker2025", "Douze2024", "Caplar2025", "Astropy2022", "DESI2024"]


def test_another_dataset_is_refused(chained: tuple[Path, Path]) -> None:
    index, dataset = chained
    digest = read_manifest(index).dataset_digest
    write_manifest(
        dataclasses.replace(read_manifest(index), dataset_digest="c" * 64), index / "manifest.json"
    )
    assert "are not known" in cite(index).notes[0]
    with pytest.raises(DatasetError) as caught:
        cite(index, dataset=dataset)
    assert str(caught.value) == (
        f"{dataset}: has sha256 {digest[:16]}; index 'toy' was made from a dataset of sha256 "
        "cccccccccccccccc."
    )


def test_embeddings_name_the_model(
    chained: tuple[Path, Path], toy_embeddings: Path, make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    index, _ = chained
    manifest = dataclasses.replace(read_manifest(index), dataset="")
    write_manifest(manifest, index / "manifest.json")
    (note,) = cite(index, embeddings=toy_embeddings).notes
    assert note.startswith("The embeddings were made elsewhere, by the model 'toy': cite it too")
    other = make_sky(9).write(tmp_path / "other", fingerprints=("b" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        cite(index, embeddings=other)
    assert str(caught.value) == (
        f"{other}: was made by the encoder bbbbbbbbbbbbbbbb; index 'toy' by aaaaaaaaaaaaaaaa."
    )
