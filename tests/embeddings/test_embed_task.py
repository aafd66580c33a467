"""A run recognises which shards are missing, and refuses a directory with foreign embeddings."""

import dataclasses

import pytest

from galsearch.core.errors import EncoderMismatchError, StoreMismatchError
from galsearch.dataset import open_dataset
from galsearch.embeddings import embed_dataset
from galsearch.embeddings.embed_task import tasks_of


def files(out):
    return {p.relative_to(out).as_posix(): p.stat().st_mtime_ns for p in out.rglob("*.parquet")}


def test_another_encoder_is_refused_by_name(dataset_dir, make_pair, embedded):
    before = files(embedded)
    with pytest.raises(EncoderMismatchError) as caught:
        embed_dataset(dataset_dir, embedded, encoder=make_pair("b" * 64))
    assert str(caught.value) == (
        f"{embedded / 'image'} has embeddings of encoder aaaaaaaaaaaaaaaa, this run of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning."
    )
    assert files(embedded) == before


def test_shards_of_another_encoder_are_refused_in_an_unfinished_store(
    dataset_dir, make_pair, embedded
):
    for record in embedded.glob("*/store.json"):
        record.unlink()
    with pytest.raises(EncoderMismatchError, match=r"\.parquet has embeddings of encoder aaaa"):
        embed_dataset(dataset_dir, embedded, encoder=make_pair("b" * 64))


def test_shards_of_another_dataset_are_refused(dataset_dir, make_pair, embedded):
    shard = next(embedded.glob("image/part-*.parquet"))
    stray = shard.with_name("part-07-000000001.parquet")
    stray.write_bytes(shard.read_bytes())
    with pytest.raises(StoreMismatchError) as caught:
        embed_dataset(dataset_dir, embedded, encoder=make_pair())
    assert str(caught.value) == f"{stray} belongs to no partition of {dataset_dir}."


def test_embeddings_of_another_precision_are_refused(dataset_dir, make_pair, embedded):
    pair = make_pair()
    pair.image.precision = "int8"
    with pytest.raises(StoreMismatchError) as caught:
        embed_dataset(dataset_dir, embedded, encoder=pair)
    assert str(caught.value) == (
        f"{embedded / 'image'} has embeddings of precision fp32; requested is int8. A store holds "
        "embeddings of one precision."
    )


def test_checking_whether_a_shard_is_needed_changes_no_file(changed_dataset_dir, pair, embedded):
    dataset = open_dataset(changed_dataset_dir)
    image = tasks_of(dataset, embedded, pair)[0]
    assert [image.needs_shard(partition) for partition in dataset.partitions].count(True) == 1
    assert (embedded / "image/store.json").exists()
    image.mark_unfinished()
    assert not (embedded / "image/store.json").exists()


def test_a_finished_task_has_a_record_that_counts_every_galaxy(dataset_dir, pair, embedded):
    task = tasks_of(open_dataset(dataset_dir), embedded, pair)[1]
    record = task.finish()
    assert (record.n_rows, record.n_missing) == (7, 1)
    assert dataclasses.asdict(record)["precision"] == "fp32"
