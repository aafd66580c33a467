"""Verification of embeddings reads every byte and names every bad file."""

import dataclasses

import pytest

from galsearch.core.errors import NoEmbeddingsError, ShardError
from galsearch.core.modality import Modality
from galsearch.embeddings import open_store, verify_embeddings
from galsearch.embeddings.store_record import write_record


def test_embeddings_that_are_as_they_were_written(embedded):
    assert verify_embeddings(embedded) == (
        f"{embedded}: 6 image embeddings, 7 spectrum embeddings, 8 galaxies; every file is as it "
        "was written."
    )


def test_missing_digests_are_stated(embedded):
    for kind in Modality:
        record = open_store(embedded, kind).record
        record = dataclasses.replace(record, digests={}, catalogue_sha256=None)
        write_record(embedded / kind, record)
    assert verify_embeddings(embedded).endswith(
        " No digest recorded in image/store.json and spectrum/store.json."
    )


def test_every_bad_file_is_named(embedded):
    shard = sorted((embedded / "spectrum").glob("*.parquet"))[0]
    content = bytearray(shard.read_bytes())
    content[8] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ShardError) as one:
        verify_embeddings(embedded)
    assert str(one.value).startswith(f"{shard}: the file has sha256 ")
    catalogue = embedded / "catalogue.parquet"
    catalogue.write_bytes(catalogue.read_bytes() + b"0")
    with pytest.raises(ShardError) as several:
        verify_embeddings(embedded)
    lines = str(several.value).splitlines()
    assert lines[0] == f"{embedded}: 2 bad files."
    assert lines[1].startswith(f"{shard}: the file has sha256 ")
    assert lines[2].startswith(f"{catalogue}: the file has sha256 ")


def test_a_store_that_cannot_be_opened_does_not_hide_what_else_is_bad(embedded):
    """A missing shard, a record that is no JSON, a damaged shard and a damaged catalogue."""
    image = sorted((embedded / "image").glob("*.parquet"))
    image[0].unlink()
    image[1].write_bytes(image[1].read_bytes()[:-1])
    (embedded / "spectrum/store.json").write_text("{")
    catalogue = embedded / "catalogue.parquet"
    catalogue.write_bytes(catalogue.read_bytes() + b"0")
    with pytest.raises(ShardError) as caught:
        verify_embeddings(embedded)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{embedded}: 5 bad files."
    assert lines[1] == f"{image[0]}: cannot be read (No such file or directory)."
    assert lines[2].startswith(f"{image[1]}: the file has sha256 ")
    assert lines[3] == (
        f"{embedded / 'image'}: store.json lists {len(image)} shards, the directory holds "
        f"{len(image) - 1}; they differ in {image[0].name}."
    )
    assert lines[4].startswith(f"{embedded / 'spectrum/store.json'}: not JSON (")
    assert lines[5].startswith(f"{catalogue}: the file has sha256 ")


def test_an_unfinished_store_is_named_beside_the_bad_files_of_the_other(embedded):
    (embedded / "image/store.json").unlink()
    shard = sorted((embedded / "spectrum").glob("*.parquet"))[0]
    shard.write_bytes(shard.read_bytes() + b"0")
    with pytest.raises(ShardError) as caught:
        verify_embeddings(embedded)
    lines = str(caught.value).splitlines()
    assert lines[1].startswith(f"{embedded / 'image'}: the embedding store has no store.json: ")
    assert lines[2].startswith(f"{shard}: the file has sha256 ")


def test_a_directory_without_embeddings_is_named(tmp_path):
    with pytest.raises(NoEmbeddingsError) as caught:
        verify_embeddings(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds no embeddings, neither of images nor of spectra."
    )
