"""Pixels of single galaxies are those of their row group, of which only some pages are read."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import DatasetError
from galsearch.dataset import open_dataset, schema
from galsearch.dataset.pages.pixel_pages import read_pixel_rows
from galsearch.dataset.partition import ALL_MODALITIES, Partition
from galsearch.dataset.writer import _parquet_options
from galsearch.files.parquet_input import map_file, open_parquet
from tests.dataset.conftest import assert_same_galaxies, list_digest

PIXELS = [field for fields in schema.PIXEL_FIELDS.values() for field in fields]


def test_all_columns_of_a_dataset_are_read_by_their_pages(dataset: Any) -> None:
    for partition in dataset.partitions:
        mapped = map_file(partition.path, DatasetError)
        with open_parquet(partition.path, DatasetError) as file:
            table = file.read()
            for field in PIXELS:
                for row in range(len(table)):
                    found = read_pixel_rows(mapped, file, 0, field, np.array([row]))
                    assert found is not None
                    assert found.to_pylist() == table[field.name].slice(row, 1).to_pylist()


def test_galaxies_in_any_order_are_those_of_the_batches(dataset: Any, all_galaxies: Any) -> None:
    rng = np.random.default_rng(3)
    for n in range(1, len(all_galaxies) + 1):
        rows = rng.choice(len(all_galaxies), n)
        assert_same_galaxies(dataset.read(dataset.target_ids[rows]), all_galaxies.take(rows))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pages_of_any_size_and_missing_galaxies_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, 40), "pixels of a galaxy")
    n = data.draw(st.integers(1, 60), "galaxies")
    is_null = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n), "missing"))
    kind = data.draw(st.sampled_from([pa.float32(), pa.bool_()]), "kind")
    rng = np.random.default_rng(n)
    pixels = rng.normal(size=n * length).astype(np.float32)
    flat = pa.array(pixels > 0 if pa.types.is_boolean(kind) else pixels)
    listed = pa.list_(pa.field("element", kind, nullable=False), length)
    column = pa.FixedSizeListArray.from_arrays(flat, type=listed, mask=pa.array(is_null))
    field = pa.field("pixels", listed)
    path = tmp_path_factory.mktemp("pages") / "a.parquet"
    pq.write_table(
        pa.table([column], pa.schema([field])),
        path,
        use_dictionary=False,
        compression=data.draw(st.sampled_from(["NONE", "zstd"]), "compression"),
        data_page_size=data.draw(st.integers(1, 5000), "bytes of a page"),
        write_batch_size=data.draw(st.integers(1, 500), "values written together"),
        write_page_checksum=True,
        row_group_size=data.draw(st.integers(1, n), "rows of a group"),
    )
    mapped = map_file(path, DatasetError)
    with open_parquet(path, DatasetError) as file:
        group = data.draw(st.integers(0, file.num_row_groups - 1), "group")
        expected = file.read_row_group(group)["pixels"].combine_chunks()
        some = data.draw(st.sets(st.integers(0, len(expected) - 1), min_size=1), "rows")
        rows = np.array(sorted(some))
        found = read_pixel_rows(mapped, file, group, field, rows)
    if found is not None:  # None where a page ends within a galaxy, as some versions of Arrow write
        assert found.equals(expected.take(pa.array(rows)))


def test_damage_is_the_same_error_as_when_the_row_group_is_read(two_galaxies: Any) -> None:
    root, path = two_galaxies
    table = pq.read_table(path, partitioning=None)
    path.unlink()
    pq.write_table(table, path, **_parquet_options(table.schema))
    original = path.read_bytes()
    rng = np.random.default_rng(7)
    n_found = 0
    for at in rng.choice(len(original), 40, replace=False):
        damaged = bytearray(original)
        damaged[at] ^= 1 << int(rng.integers(8))
        _replace(path, bytes(damaged))
        list_digest(root, path)
        by_group, by_pages = (_outcome(root, by_pages=flag) for flag in (False, True))
        n_found += isinstance(by_group, str)
        assert type(by_group) is type(by_pages)
        if isinstance(by_group, str):
            assert by_pages == by_group
        else:
            assert_same_galaxies(by_group, by_pages)
    assert n_found > 20


def _replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def _outcome(root: Path, *, by_pages: bool) -> Any:
    """The galaxies of the only partition, or the message of the error."""
    try:
        partition: Partition = open_dataset(root).partitions[0]
        if by_pages:
            return partition.read(np.arange(2), modalities=ALL_MODALITIES)
        (batch,) = partition.batches(2)
    except DatasetError as error:
        return str(error)
    return batch
