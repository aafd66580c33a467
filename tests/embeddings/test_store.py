"""A store is opened if it is complete, and read by TARGETID."""

import json

import numpy as np
import pytest

from galsearch.core.errors import (
    EncoderMismatchError,
    NoEmbeddingsError,
    ShardError,
    UnknownTargetError,
)
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings import open_store

FIRST_ID = 39627848784286003
IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def test_the_record_names_encoder_and_dataset(dataset_dir, embedded):
    store = open_store(embedded, "spectrum")
    record = json.loads((embedded / "spectrum/store.json").read_text())
    assert (store.dim, store.fingerprint, store.modality) == (8, "a" * 64, SPECTRUM)
    assert store.dataset == record["dataset"] == str(dataset_dir.resolve())
    assert record["dataset_digest"] == open_dataset(dataset_dir).digest
    assert sum(record["shards"].values()) == record["n_rows"] == 7


def test_reading_a_galaxy_without_that_modality_names_it(embedded):
    with pytest.raises(UnknownTargetError) as caught:
        open_store(embedded, IMAGE).read([FIRST_ID + 1, FIRST_ID])
    assert str(caught.value) == (
        f"{embedded / 'image'}: no image embedding of 1 of 2 galaxies, first TARGETID "
        f"{FIRST_ID} (6 are stored)."
    )


def test_a_missing_shard_is_noticed_on_opening(embedded):
    victim = sorted(embedded.glob("image/part-*.parquet"))[0]
    n = len(list(embedded.glob("image/part-*.parquet")))
    victim.unlink()
    with pytest.raises(ShardError) as caught:
        open_store(embedded, IMAGE)
    assert str(caught.value) == (
        f"{embedded / 'image'}: store.json lists {n} shards, the directory holds {n - 1}; they "
        f"differ in {victim.name}."
    )


def test_a_directory_without_embeddings(tmp_path):
    with pytest.raises(NoEmbeddingsError) as caught:
        open_store(tmp_path, IMAGE)
    assert str(caught.value) == (
        f"{tmp_path / 'image'}: the embedding store has no store.json: it does not exist."
    )


def test_an_unfinished_store_is_not_opened(embedded):
    (embedded / "image/store.json").unlink()
    n = len(list(embedded.glob("image/part-*.parquet")))
    with pytest.raises(NoEmbeddingsError) as caught:
        open_store(embedded, IMAGE)
    assert str(caught.value) == (
        f"{embedded / 'image'}: the embedding store has no store.json: it is unfinished ({n} "
        "shards)."
    )


def test_a_store_whose_shards_are_of_another_encoder_is_not_opened(embedded):
    path = embedded / "image/store.json"
    path.write_text(path.read_text().replace("a" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        open_store(embedded, IMAGE)
    shard = sorted(embedded.glob("image/part-*.parquet"))[0]
    assert str(caught.value) == (
        f"{shard} has embeddings of encoder aaaaaaaaaaaaaaaa, store.json of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning."
    )


def test_vectors_come_in_the_order_of_the_target_ids(embedded):
    store = open_store(embedded, SPECTRUM)
    ids = np.concatenate(list(store.iter_ids()))
    vectors = store.read(ids)
    np.testing.assert_array_equal(store.read(ids[::-1]), vectors[::-1])
    assert store.read(ids[:0]).shape == (0, 8)


def test_a_modality_that_there_is_not(embedded):
    with pytest.raises(ShardError) as caught:
        open_store(embedded, "radio")
    assert str(caught.value) == "'radio' is not a modality; there are image and spectrum."
