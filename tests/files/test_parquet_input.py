"""A Parquet file is read, or refused in one sentence that names it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import DatasetError, ShardError
from galsearch.files.parquet_input import damage_named, map_file, open_parquet, require_columns
from tests.damaged_files import assert_only_galsearch_errors


def write(path: Path) -> Path:
    columns = {"target_id": np.arange(300), "name": [f"galaxy {n % 7}" for n in range(300)]}
    table = pa.table({**columns, "vectors": [[0.5, 0.25]] * 300})
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    file = open_parquet(path, ShardError)
    assert file.read(columns=["target_id"])["target_id"].to_pylist() == list(range(300))


def test_what_is_not_parquet_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShardError) as missing:
        open_parquet(tmp_path / "a.parquet", ShardError)
    assert str(missing.value) == f"{tmp_path / 'a.parquet'}: no such file."
    (tmp_path / "a.parquet").write_text("not Parquet")
    with pytest.raises(DatasetError, match=r"a\.parquet: cannot be read as Parquet \(.*\)\.\n"):
        open_parquet(tmp_path / "a.parquet", DatasetError)


def test_a_page_that_differs_from_its_checksum_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    file = open_parquet(path, ShardError)
    with (
        pytest.raises(ShardError, match=r"a\.parquet: is damaged \(.*CRC.*\)\.\n"),
        damage_named(path, ShardError),
    ):
        file.read()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "'utf-8' codec can't decode byte"),
        (MemoryError(), "MemoryError"),
        (pa.ArrowNotImplementedError("no\nsuch\0type."), r"no such type\)"),
        (KeyError("z"), "'z'"),
    ],
)
def test_any_exception_of_arrow_names_the_file(error: Exception, reason: str) -> None:
    with (
        pytest.raises(ShardError, match=rf"^b: is damaged \({reason}"),
        damage_named("b", ShardError),
    ):
        raise error


def test_an_error_of_galsearch_is_not_changed() -> None:
    with (
        pytest.raises(DatasetError, match=r"^TARGETID 5 occurs twice"),
        damage_named("b", ShardError),
    ):
        raise DatasetError("TARGETID 5 occurs twice.")


def test_missing_and_repeated_columns_are_named() -> None:
    schema = pa.schema([("z", pa.float64()), ("ra", pa.float64()), ("z", pa.int64())])
    with pytest.raises(ShardError) as missing:
        require_columns("a", schema, ["z", "dec", "ra", "id"], ShardError)
    assert str(missing.value) == "a: has no column dec, id."
    assert missing.value.facts == {"missing": ["dec", "id"]}
    with pytest.raises(ShardError) as repeated:
        require_columns("a", schema, ["z", "ra"], ShardError)
    assert str(repeated.value) == "a: has several columns z."
    assert repeated.value.facts == {"repeated": ["z"]}
    require_columns("a", schema, ["ra"], ShardError)


def test_damaged_files_raise_only_errors_of_galsearch(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")

    def read(content: bytes) -> None:
        path.write_bytes(content)
        file = open_parquet(path, ShardError)
        with damage_named(path, ShardError):
            file.read()

    assert_only_galsearch_errors(read, [path.read_bytes()])


def test_a_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(ShardError) as caught:
        map_file(path, ShardError)
    assert str(caught.value) == f"{path}: no such file."
    path.write_bytes(b"")
    with pytest.raises(ShardError) as caught:
        map_file(path, ShardError)
    assert str(caught.value) == f"{path}: cannot be read as Parquet (cannot mmap an empty file)."
    with pytest.raises(ShardError, match=r": cannot be read as Parquet \(.*Is a directory"):
        map_file(tmp_path, ShardError)
    path.write_bytes(b"abc")
    mapped = map_file(path, ShardError)
    path.unlink()
    assert mapped[:] == b"abc"
    with pytest.raises(TypeError):
        mapped[0] = 0


def test_a_long_reason_is_cut_and_bytes_in_memory_have_a_name() -> None:
    for text, shown in (("a" * 200, "a" * 200), ("a" * 201, "a" * 200)):
        with pytest.raises(ShardError) as caught, damage_named("b", ShardError):
            raise OSError(text)
        assert str(caught.value) == f"b: is damaged ({shown})."
    with pytest.raises(ShardError, match=r"^upload: cannot be read as Parquet \("):
        open_parquet(pa.BufferReader(b"PAR1"), ShardError, name="upload")


@pytest.mark.parametrize("memory_map", [False, True])
def test_a_file_may_be_mapped_when_it_is_opened(tmp_path: Path, memory_map: bool) -> None:
    path = write(tmp_path / "a.parquet")
    assert open_parquet(path, ShardError, memory_map=memory_map).read().num_rows == 300
