"""Pages of Parquet columns, read one by one, hold what Arrow reads from the column."""

import mmap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import DatasetError
from galsearch.dataset.pages.parquet_pages import column_pages, decode_levels, plain_values
from galsearch.files.parquet_input import map_file


def written(
    tmp_path: Path, column: pa.Array, **options: object
) -> tuple[mmap.mmap, pq.FileMetaData]:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": column}), path, **{"write_page_checksum": True, **options})
    return map_file(path, DatasetError), pq.read_metadata(path)


PLAIN = {"use_dictionary": False, "compression": "NONE"}
LISTS = pa.array([[1.5, 2.5], None, [3.5, 4.5]], pa.list_(pa.field("e", pa.float32(), False), 2))


def test_pages_have_the_levels_and_values_of_their_column(tmp_path: Path) -> None:
    mapped, metadata = written(tmp_path, LISTS, **PLAIN)
    pages = column_pages(mapped, metadata.row_group(0).column(0))
    assert pages is not None
    (page,) = pages
    levels, values = page.parts()
    assert page.is_intact()
    assert decode_levels(levels, page.n_entries) == [(2, 2), (0, 1), (2, 2)]
    assert plain_values(values, np.float32, 1, 2).tolist() == [2.5, 3.5]


@pytest.mark.parametrize(
    "options",
    [
        {"use_dictionary": True, "compression": "NONE"},
        {**PLAIN, "compression": "snappy"},
        {**PLAIN, "data_page_version": "2.0"},
        {**PLAIN, "write_page_checksum": False},
        {"use_dictionary": False, "column_encoding": {"a.list.e": "BYTE_STREAM_SPLIT"}},
    ],
)
def test_columns_that_are_stored_in_another_way_are_left_to_arrow(
    tmp_path: Path, options: dict[str, object]
) -> None:
    mapped, metadata = written(tmp_path, LISTS, **options)
    assert column_pages(mapped, metadata.row_group(0).column(0)) is None


def test_a_changed_byte_of_a_page_is_noticed(tmp_path: Path) -> None:
    mapped, metadata = written(tmp_path, LISTS, **PLAIN)
    path = tmp_path / "a.parquet"
    original = column_pages(mapped, metadata.row_group(0).column(0))
    assert original is not None
    at = original[0].start + original[0].n_stored - 1
    damaged = bytearray(path.read_bytes())
    damaged[at] ^= 1
    path.unlink()
    path.write_bytes(damaged)
    pages = column_pages(map_file(path, DatasetError), metadata.row_group(0).column(0))
    assert pages is not None
    assert not pages[0].is_intact()


def test_levels_that_are_packed_in_bits_are_read_beside_runs() -> None:
    # Eight levels of two bits in two bytes, and then a run of three.
    assert decode_levels(bytes([3, 0b00001010, 0b10100000, 6, 0]), 11) == [
        (2, 2),
        (0, 4),
        (2, 2),
        (0, 3),
    ]


@pytest.mark.parametrize("encoded", [b"", b"\x04", b"\x00\x02", b"\x01", b"\xff" * 12])
def test_damaged_levels_are_an_error(encoded: bytes) -> None:
    with pytest.raises((IndexError, ValueError)):
        decode_levels(encoded, 3)


def test_values_of_one_bit_may_begin_within_a_byte() -> None:
    bits = np.random.default_rng(0).random(64) < 0.5
    packed = memoryview(np.packbits(bits, bitorder="little").tobytes())
    for start in range(20):
        assert plain_values(packed, bool, start, 30).tolist() == bits[start : start + 30].tolist()
