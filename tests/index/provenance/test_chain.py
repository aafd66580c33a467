"""The chain from an index to its survey files is shown, and a link that differs is named."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu.random_dataset import write_random_dataset
from galsearch.core.errors import NoEmbeddingsError, ProvenanceError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.dataset.source_record import SourceRecord, write_sources
from galsearch.dataset.source_summary import summarise_sources
from galsearch.embeddings.store_record import read_record, write_record
from galsearch.files.digest import sha256_of_file
from galsearch.index import add, build_index, merge, provenance
from galsearch.index.storage.manifest_json import read_manifest, write_manifest
from tests.index.toy_index import TOY_RECIPE


@pytest.fixture
def home(make_sky: Callable[..., Any], tmp_path: Path) -> Path:
    """Survey files, dataset, embeddings with digests, and an index, in one directory."""
    (tmp_path / "iron").mkdir()
    survey_file = tmp_path / "iron" / "a.fits"
    survey_file.write_bytes(b"spectra")
    dataset = write_random_dataset(tmp_path / "dataset", 3)
    write_sources(dataset, [SourceRecord("spectra", str(survey_file), "iron", 7)])
    make_sky(300).write(tmp_path / "embeddings")
    record_chain(tmp_path)
    build_index(TOY_RECIPE, embeddings=tmp_path / "embeddings", out=tmp_path / "index")
    return tmp_path


def record_chain(home: Path, **changes: Any) -> None:
    """Record the dataset and digests of shards in the embeddings, as an embedding does."""
    for kind in Modality:
        folder = home / "embeddings" / kind
        record = read_record(folder)
        assert record is not None
        facts = {
            "dataset": str(home / "dataset"),
            "dataset_digest": open_dataset(home / "dataset").digest,
            "dataset_sources": summarise_sources(home / "dataset"),
            "digests": {name: sha256_of_file(folder / name) for name in record.shards},
            **changes,
        }
        write_record(folder, dataclasses.replace(record, **facts))


def states(directory: Path, **options: Any) -> dict[str, str]:
    return {link.name: link.state.value for link in provenance(directory, **options).links}


def broken(directory: Path, **options: Any) -> str:
    with pytest.raises(ProvenanceError) as caught:
        provenance(directory, **options).require_match()
    return str(caught.value)


def test_a_whole_chain_is_as_recorded(home: Path) -> None:
    found = provenance(home / "index", read=True)
    names = ["embeddings", "encoder", "dataset", "survey files"]
    assert [link.name for link in found.links] == names
    assert {link.state for link in found.links} == {"as recorded"}
    found.require_match()
    assert found.summary() == (
        "made from: embeddings as recorded; encoder as recorded; dataset as recorded; survey "
        "files as recorded"
    )
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith(f"index {home / 'index'}: ")
    table = json.loads(json.dumps(found.as_table()))
    assert table["chains"][0]["sources"][0]["url"] == str(home / "iron" / "a.fits")
    assert table["chains"][0]["origin"]["sources"]["groups"] == [
        {"kind": "spectra", "release": "iron", "n_files": 1, "n_bytes": 7}
    ]


def test_what_is_gone_is_no_fault(home: Path) -> None:
    for name in ("iron", "dataset", "embeddings"):
        shutil.rmtree(home / name)
        provenance(home / "index", read=True).require_match()
    assert set(states(home / "index").values()) == {"not at hand"}
    (origin,) = provenance(home / "index").chains
    assert origin.origin is not None
    assert origin.origin.sources is not None
    assert origin.origin.sources.n_files == 1


def test_shards_that_were_embedded_again_are_named(home: Path) -> None:
    record_chain(home, digests={f"part-{n}.parquet": "2" * 64 for n in range(3)})
    message = broken(home / "index")
    assert message.startswith(
        f"{home / 'index'}: the origin of the index has changed in 1 link of its chain.\n"
        f"embeddings: {home / 'embeddings' / 'image'}: its shards have sha256 "
    )
    assert message.endswith(". They were embedded again or changed since.")


def test_shards_of_another_encoder_are_named(home: Path) -> None:
    record_chain(home, encoder="other", fingerprint=Fingerprint("b" * 64))
    assert broken(home / "index").splitlines()[1] == (
        f"encoder: {home / 'embeddings' / 'image'}: its shards are those of the encoder other "
        "(bbbbbbbbbbbbbbbb); the index was made with toy (aaaaaaaaaaaaaaaa)."
    )


def test_a_dataset_that_was_ingested_again_is_named(home: Path) -> None:
    shutil.rmtree(home / "dataset")
    write_random_dataset(home / "dataset", 4)
    for directory in (home / "index", home / "embeddings"):
        second = broken(directory).splitlines()[1]
        assert second.startswith(f"dataset: {home / 'dataset'}: has sha256 ")
        assert second.endswith(". It was ingested again or changed since.")


def test_another_list_of_survey_files_is_named(home: Path) -> None:
    write_sources(home / "dataset", [])
    listed = home / "dataset" / "sources.json"
    assert f"survey files: {listed}: has sha256 " in broken(home / "index")


def test_a_changed_survey_file_is_named_from_every_directory(home: Path) -> None:
    (home / "iron" / "a.fits").write_bytes(b"other spectra")
    for name in ("index", "embeddings", "dataset"):
        assert broken(home / name).splitlines()[1:] == [
            "survey files: 1 of 1 survey files have changed since they were read:",
            f"{home / 'iron' / 'a.fits'}: has 13 bytes; 7 are recorded.",
        ]


def test_an_index_of_an_earlier_version_says_that_nothing_was_recorded(home: Path) -> None:
    manifest = dataclasses.replace(read_manifest(home / "index"), origins=())
    write_manifest(manifest, home / "index" / "manifest.json")
    assert states(home / "index") == {
        "embeddings": "not recorded",
        "encoder": "not recorded",
        "dataset": "as recorded",
        "survey files": "not recorded",
    }
    provenance(home / "index", read=True).require_match()


def test_embeddings_of_an_earlier_version_say_that_nothing_was_recorded(home: Path) -> None:
    record_chain(home, dataset_sources=None, digests={})
    out = home / "second"
    build_index(TOY_RECIPE, embeddings=home / "embeddings", out=out)
    assert states(out) == {
        "embeddings": "not recorded",
        "encoder": "as recorded",
        "dataset": "as recorded",
        "survey files": "not recorded",
    }


def test_a_dataset_of_an_earlier_version_says_so(home: Path) -> None:
    (home / "dataset" / "sources.json").unlink()
    assert states(home / "dataset") == {"survey files": "not recorded"}


def test_a_directory_of_unfinished_embeddings_is_an_error(home: Path) -> None:
    for kind in Modality:
        (home / "embeddings" / kind / "store.json").unlink()
    with pytest.raises(NoEmbeddingsError):
        provenance(home / "embeddings")


def test_additions_and_merges_keep_every_origin(
    survey_parts: Path, changing_index: Path, tmp_path: Path
) -> None:
    add(survey_parts / "second", index=changing_index)
    origins = read_manifest(changing_index).origins
    assert [Path(origin.embeddings).name for origin in origins] == ["first", "second"]
    assert str(provenance(changing_index)).count("origin of ") == 2
    merge(survey_parts / "toy", out=tmp_path / "merged")
    assert read_manifest(tmp_path / "merged").origins == origins[:1]
