"""A run recognises which shards are missing, and refuses a directory with foreign embeddings."""

import dataclasses
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import DatasetError, EncoderMismatchError, StoreMismatchError
from galsearch.dataset import open_dataset
from galsearch.embeddings import EmbeddingShard, embed_dataset, read_shard, write_shard
from galsearch.embeddings.embed_task import tasks_of
from galsearch.embeddings.store_record import read_record


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


def test_a_shard_that_changed_after_it_was_finished_is_made_again(dataset_dir, make_pair, embedded):
    pair = make_pair()
    path = max((embedded / "image").glob("*.parquet"), key=lambda p: len(read_shard(p)))
    shard = read_shard(path)
    values = {name: value for name, value in vars(shard).items() if name != "embeddings"}
    write_shard(path, EmbeddingShard(**values, embeddings=shard.embeddings[::-1]))
    report = embed_dataset(dataset_dir, embedded, encoder=pair)
    assert report.n_shards_written == 1
    np.testing.assert_allclose(read_shard(path).embeddings, shard.embeddings, atol=1e-6)


def test_the_digests_of_an_interrupted_run_are_kept(dataset_dir, make_pair, embedded):
    image = tasks_of(open_dataset(dataset_dir), embedded, make_pair())[0]
    digests = read_record(embedded / "image").digests
    image.mark_unfinished()
    finished = embedded / "image/sha256sums.txt"
    finished.write_text(finished.read_text() + "0123  part-00")
    again = tasks_of(open_dataset(dataset_dir), embedded, make_pair())[0]
    assert not any(map(again.needs_shard, again.dataset.partitions))
    assert again.digests == digests
    path = sorted((embedded / "image").glob("*.parquet"))[0]
    write_shard(path, read_shard(path))
    finished.write_text(finished.read_text().replace(digests[path.name], "0" * 64))
    last = tasks_of(open_dataset(dataset_dir), embedded, make_pair())[0]
    assert [last.needs_shard(p) for p in last.dataset.partitions].count(True) == 1


def test_a_partition_that_is_not_the_ingested_one_is_refused(dataset_dir, pair, tmp_path):
    copy = shutil.copytree(dataset_dir, tmp_path / "copy")
    victim = max(copy.glob("dataset/N*/**/*.parquet"), key=lambda p: p.stat().st_size)
    table = pq.read_table(victim, partitioning=None)
    column = table.schema.get_field_index("spectrum_flux")
    rolled = pa.concat_tables([table.slice(1), table.slice(0, 1)])["spectrum_flux"]
    pq.write_table(table.set_column(column, table.schema.field(column), rolled), victim)
    with pytest.raises(DatasetError) as caught:
        embed_dataset(copy, tmp_path / "out", encoder=pair)
    assert str(caught.value).startswith(f"{victim}: the file has sha256 ")
    assert "; sha256sums.txt says " in str(caught.value)
    assert not list((tmp_path / "out").rglob("store.json"))
