"""Partitions are embedded completely and in order while threads read ahead."""

import shutil
import threading

import numpy as np
import pytest

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings import embed_dataset, open_store
from galsearch.embeddings.embed_run import embed_partitions as embed_partitions_module
from galsearch.embeddings.embed_run.embed_partitions import default_batch_size, embed_partitions
from galsearch.embeddings.embed_task import tasks_of
from galsearch.embeddings.shard import read_header
from tests.embeddings.staged_pair import StagedPair
from tests.second_device import second_device


def test_a_pair_on_a_gpu_gives_the_same_vectors_and_is_named(dataset_dir, pair, embedded, tmp_path):
    staged = StagedPair(pair)
    embed_dataset(dataset_dir, tmp_path / "other", encoder=staged, batch_size=1)
    for modality in Modality:
        one, other = open_store(embedded, modality), open_store(tmp_path / "other", modality)
        ids = np.concatenate(list(one.iter_ids()))
        np.testing.assert_allclose(one.read(ids), other.read(ids), atol=1e-6)
        assert one.record.device == "cpu"
        assert other.record.device == "cuda (NVIDIA H100 80GB HBM3)"
        name = next(iter(other.record.shards))
        assert read_header(other.directory / name) == read_header(one.directory / name)
    assert threading.get_ident() not in staged.image.threads
    assert staged.image.n_fetched == staged.image.n_started
    assert 1 < staged.image.most_in_flight <= 3


def test_shards_of_a_gpu_are_kept_by_a_run_on_a_cpu(dataset_dir, pair, make_pair, tmp_path):
    embed_dataset(dataset_dir, tmp_path / "other", encoder=StagedPair(pair))
    report = embed_dataset(dataset_dir, tmp_path / "other", encoder=make_pair())
    assert report.n_shards_written == 0
    device = open_store(tmp_path / "other", Modality.IMAGE).record.device
    assert device == "cuda (NVIDIA H100 80GB HBM3)"


def test_the_batch_size_follows_the_device(dataset_dir, pair, tmp_path):
    source = open_dataset(dataset_dir)
    assert default_batch_size(tasks_of(source, tmp_path, pair)) == 64
    assert default_batch_size(tasks_of(source, tmp_path, StagedPair(pair))) == 2


@pytest.mark.parametrize("staged", [False, True])
def test_shards_before_a_damaged_partition_are_written(dataset_dir, pair, tmp_path, staged):
    source = open_dataset(shutil.copytree(dataset_dir, tmp_path / "damaged"))
    victim, done = source.partitions[2], []
    content = bytearray(victim.path.read_bytes())
    content[len(content) // 2] ^= 1
    victim.path.write_bytes(content)
    tasks = tasks_of(source, tmp_path / "other", StagedPair(pair) if staged else pair)
    with pytest.raises(DatasetError):
        embed_partitions(source.partitions, tasks, None, lambda n, shards: done.append((n, shards)))
    written = {path.name for path in (tmp_path / "other").rglob("part-*.parquet")}
    expected = {t.path(p).name for t in tasks for p in source.partitions[:2] if t.header(p).n_rows}
    assert written == expected if not staged else written <= expected
    assert all(n > 0 for n, _ in done)


@pytest.mark.filterwarnings("ignore:User provided device_type of 'cuda'")
def test_a_gpu_is_used_where_there_is_one(dataset_dir, tmp_path, monkeypatch):
    def map_now(function, items, **_):
        yield from map(function, items)

    # The stand-in for a GPU exists in the thread of the test only.
    monkeypatch.setattr(embed_partitions_module, "map_ahead", map_now)
    embed_dataset(dataset_dir, tmp_path / "one", device="cpu")
    with second_device():
        embed_dataset(dataset_dir, tmp_path / "two")
    for modality in Modality:
        one, two = (open_store(tmp_path / name, modality) for name in ("one", "two"))
        assert (one.record.device, one.record.precision) == ("cpu", "fp32")
        assert (two.record.device, two.record.precision) == ("cuda (a second device)", "bf16")
        assert one.fingerprint == two.fingerprint
        ids = np.concatenate(list(one.iter_ids()))
        assert (one.read(ids) * two.read(ids)).sum(axis=1).min() > 0.9999
