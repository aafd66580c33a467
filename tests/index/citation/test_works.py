"""Which works an index rests on follows from its manifest, survey files and encoder."""

import dataclasses
from pathlib import Path

import pytest

from galsearch.dataset.source_record import SourceRecord
from galsearch.dataset.source_summary import count_sources
from galsearch.index.citation.works import SurveyFiles, works_of
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.manifest_json import read_manifest


@pytest.fixture(scope="module")
def manifest(toy_index: Path) -> IndexManifest:
    return dataclasses.replace(read_manifest(toy_index), dataset="survey/dataset", origins=())


def source(kind: str, release: str) -> SourceRecord:
    return SourceRecord(kind, f"{release}/a.fits", release, None)


def files(*sources: SourceRecord) -> SurveyFiles:
    return SurveyFiles(count_sources(sources))


@pytest.mark.parametrize(
    ("release", "key"),
    [("edr", "DESI2024"), ("fuji", "DESI2024"), ("dr1", "DESI2026"), ("iron", "DESI2026")],
)
def test_a_release_of_desi_has_its_paper(manifest: IndexManifest, release: str, key: str) -> None:
    works = works_of(manifest, files(source("spectra", release), source("redshifts", release)), [])
    assert works.reasons[key] == (
        f"spectra of DESI: 1 file (spectra) of release {release}; redshifts of DESI: 1 file "
        f"(redshifts) of release {release}"
    )
    assert "DESI2022" not in works.reasons
    assert works.acknowledgements == ["desi"]
    assert works.notes == []


@pytest.mark.parametrize("release", ["", "loa", "dr3"])
def test_a_release_without_a_known_paper_is_noted(manifest: IndexManifest, release: str) -> None:
    works = works_of(manifest, files(source("spectra", release)), [])
    stated = f"of release {release}" if release else "of an unknown release"
    assert "DESI2022" in works.reasons
    assert works.notes == [
        f"spectra of DESI: 1 file (spectra) {stated}. Cite the paper of their data release: "
        "https://data.desi.lbl.gov/doc/acknowledgments/."
    ]


def test_images_of_two_releases_are_acknowledged_once(manifest: IndexManifest) -> None:
    works = works_of(manifest, files(source("cutouts", ""), *[source("bricks", "dr10")] * 3), [])
    assert works.reasons["Dey2019"] == (
        "images of the Legacy Surveys: 1 file (cutouts) of an unknown release; images of the "
        "Legacy Surveys: 3 files (bricks) of release dr10"
    )
    assert works.acknowledgements == ["legacy_surveys"]


def test_simulated_galaxies_are_said_to_be_simulated(manifest: IndexManifest) -> None:
    simulated = files(source("spectra", "simulated"), source("cutouts", "simulated"))
    works = works_of(manifest, simulated, [])
    assert {"Carnall2018", "Rowe2015"} <= works.reasons.keys()
    assert not {"DESI2022", "DESI2024", "DESI2026", "Dey2019"} & works.reasons.keys()
    assert works.acknowledgements == []
    assert works.notes == [
        "2 of 2 survey files are SIMULATED by galsearch: say so wherever results of this index "
        "are shown."
    ]


def test_unknown_survey_files_are_noted(manifest: IndexManifest) -> None:
    unknown = SurveyFiles(unknown_datasets=("survey/dataset",))
    assert works_of(manifest, unknown, []).notes == [
        "The survey files of the dataset survey/dataset are not known: cite the surveys that it "
        "was made from."
    ]


def test_an_imported_model_is_cited_in_place_of_astroclip(manifest: IndexManifest) -> None:
    elsewhere = dataclasses.replace(manifest, dataset="")
    works = works_of(elsewhere, SurveyFiles(), ["AION-base-1.0"])
    assert list(works.reasons) == ["Parker2025", "Douze2024"]
    assert works.reasons["Parker2025"] == "the embeddings are those of AION-base-1.0"
    works = works_of(elsewhere, SurveyFiles(), ["mymodel"])
    assert works.notes == [
        "The embeddings were made elsewhere, by the model 'mymodel': cite it too, and the surveys "
        "that it was applied to."
    ]
    assert (
        "by the model of fingerprint aaaaaaaaaaaaaaaa:"
        in works_of(elsewhere, SurveyFiles(), []).notes[0]
    )


def test_a_gpu_and_a_map_have_their_papers(manifest: IndexManifest) -> None:
    assert not {"Johnson2019", "McInnes2018"} & works_of(manifest, SurveyFiles(), []).reasons.keys()
    on_gpu = {
        kind: dataclasses.replace(entry, device="gpu")
        for kind, entry in manifest.modalities.items()
    }
    changed = dataclasses.replace(manifest, modalities=on_gpu, maps=dict.fromkeys(on_gpu))
    assert {"Johnson2019", "McInnes2018"} <= works_of(changed, SurveyFiles(), []).reasons.keys()
