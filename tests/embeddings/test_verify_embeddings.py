"""Verification of embeddings reads every byte and names every bad file."""

import dataclasses

import pytest

from galsearch.core.errors import ShardError
from galsearch.core.modality import Modality
from galsearch.embeddings import open_store, verify_embeddings
from galsearch.embeddings.store import write_record


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
