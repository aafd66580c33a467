"""Imported embeddings are divided into pixels of limited size."""

import numpy as np
import pyarrow as pa
import pytest

from galsearch.dataset.healpix import healpix_29
from galsearch.embeddings.imported import partition_shards
from galsearch.embeddings.imported.partition_shards import plan_shards


def test_every_row_is_in_one_shard_of_limited_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_shards, "_SHARD_BYTES", 4 * 8 * 10)
    rng = np.random.default_rng(1)
    healpix = healpix_29(rng.uniform(0, 9, 200), rng.uniform(0, 9, 200))
    catalogue = pa.table({"_healpix_29": healpix})
    plan = plan_shards(catalogue, dim=8)
    assert sorted(np.concatenate(plan.rows).tolist()) == list(range(200))
    assert max(len(rows) for rows in plan.rows) <= 10
    assert all((np.diff(rows) > 0).all() for rows in plan.rows)
    assert len(set(plan.names)) == len(plan.names) == len(plan.partitions)


def test_without_positions_shards_follow_the_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_shards, "_SHARD_BYTES", 4 * 8 * 10)
    plan = plan_shards(pa.table({"target_id": np.arange(25)}), dim=8)
    assert plan.names == ("part-00000.parquet", "part-00001.parquet", "part-00002.parquet")
    assert [len(rows) for rows in plan.rows] == [10, 10, 5]
