"""Splits of paired embeddings do not overlap, and every galaxy has its catalogue row."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.retrieval.paired_embeddings import catalogue_of, read_bank, read_pairs
from galsearch.core.errors import DatasetError
from galsearch.dataset import split_of


def test_the_bank_never_holds_test_galaxies_nor_the_measured_split(
    make_sky, tmp_path: Path
) -> None:
    embeddings = make_sky(400).write(tmp_path / "sky")
    for split, allowed in (("test", {"validation", "train"}), ("train", {"validation"})):
        bank = read_bank(embeddings, split, 4000, seed=1)
        assert set(split_of(bank.target_ids).tolist()) == allowed
        assert not np.intersect1d(bank.target_ids, read_pairs(embeddings, split).target_ids).size
    few = read_bank(embeddings, "test", 10, seed=1)
    assert set(split_of(few.target_ids).tolist()) == {"validation"}


def test_the_catalogue_is_read_in_the_order_of_the_ids(make_sky, tmp_path: Path) -> None:
    sky = make_sky(20)
    embeddings = sky.write(tmp_path / "sky")
    table = pq.read_table(embeddings / "catalogue.parquet")
    pq.write_table(table.take(np.arange(20)[::-1]), embeddings / "catalogue.parquet")
    wanted = sky.ids[[7, 3]]
    found = catalogue_of(embeddings, wanted, ["ra_deg"])
    assert found["target_id"].to_pylist() == wanted.tolist()
    assert found["ra_deg"].to_pylist() == [7.0, 3.0]
    with pytest.raises(DatasetError) as caught:
        catalogue_of(embeddings, np.array([1, *wanted]), None)
    assert str(caught.value) == (
        f"{embeddings / 'catalogue.parquet'}: lacks 1 of 3 embedded galaxies."
    )
