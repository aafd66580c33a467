"""The record of a store: its digests, and values that no store has."""

import json

import pytest

from galsearch.core.errors import ShardError
from galsearch.core.modality import Modality
from galsearch.embeddings import open_store
from galsearch.files.digest import sha256_of_file
from tests.damaged_files import assert_only_galsearch_errors

IMAGE = Modality.IMAGE


def test_the_record_has_the_digest_of_every_shard_and_of_the_catalogue(embedded):
    for modality in Modality:
        record = open_store(embedded, modality).record
        digests = {p.name: sha256_of_file(p) for p in (embedded / modality).glob("*.parquet")}
        assert record.digests == digests
        assert record.catalogue_sha256 == sha256_of_file(embedded / "catalogue.parquet")
        assert not (embedded / modality / "sha256sums.txt").exists()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"shards": None}, "no valid value of 'shards'"),
        ({"shards": ["part-1.parquet"]}, "no valid value of 'shards'"),
        ({"shards": {"part-1.parquet": "3"}}, "no valid value of 'shards'"),
        ({"fingerprint": None}, "no valid value of 'fingerprint'"),
        ({"modality": ["image"]}, "no valid value of 'modality'"),
        ({"dim": 8.0}, "no valid value of 'dim'"),
        ({"n_rows": -1}, "no valid value of 'n_rows'"),
        ({"n_missing": True}, "no valid value of 'n_missing'"),
        ({"dataset": 5}, "no valid value of 'dataset'"),
        ({"digests": {"part-1.parquet": "a" * 64}}, "no valid value of 'digests'"),
        ({"catalogue_sha256": "abc"}, "no valid value of 'catalogue_sha256'"),
        ({"colour": 1}, "unknown key 'colour'"),
    ],
)
def test_a_record_with_a_wrong_value_is_refused(embedded, values, reason):
    path = embedded / "image/store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    with pytest.raises(ShardError) as caught:
        open_store(embedded, IMAGE)
    assert str(caught.value) == f"{path}: not the record of a store ({reason})."


def test_a_record_without_a_value_or_nested_deep_is_refused(embedded):
    path = embedded / "image/store.json"
    table = json.loads(path.read_text())
    del table["dim"]
    for text, reason in (
        (json.dumps(table), "not the record of a store (no key 'dim')."),
        ("[1]", "not the record of a store (expected an object)."),
        ("[" * 100_000, "its lists or objects are nested too deep."),
    ):
        path.write_text(text)
        with pytest.raises(ShardError) as caught:
            open_store(embedded, IMAGE)
        assert str(caught.value) == f"{path}: {reason}"


def test_damaged_records_raise_only_errors_of_galsearch(embedded):
    path = embedded / "image/store.json"

    def read(content):
        path.write_bytes(content)
        open_store(embedded, IMAGE)

    assert_only_galsearch_errors(read, [path.read_bytes()])
