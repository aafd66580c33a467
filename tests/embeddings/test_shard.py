"""A shard is read as it was written; an invalid or damaged one is refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ShardError
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingShard, read_shard, write_shard
from galsearch.embeddings.shard import read_header, read_ids, read_quality
from tests.damaged_files import assert_only_galsearch_errors


def make(ids, *, dim=4, seed=0, **changes):
    rng = np.random.default_rng(seed)
    given_ = {
        "target_ids": np.array(ids, np.int64),
        "ra_deg": rng.uniform(0, 360, len(ids)),
        "dec_deg": rng.uniform(-90, 90, len(ids)),
        "embeddings": unit_rows(rng.normal(size=(len(ids), dim))),
        "modality": Modality.IMAGE,
        "fingerprint": "f" * 64,
        "partition": "Norder=0/Npix=4",
        "digest": "d" * 64,
    }
    return EmbeddingShard(**(given_ | changes))


@given(
    st.lists(st.integers(1, 2**63 - 1), unique=True, max_size=20).map(sorted),
    st.integers(1, 9),
    st.integers(0, 99),
)
def test_a_shard_is_read_as_it_was_written(tmp_path_factory, ids, dim, seed):
    path = tmp_path_factory.mktemp("shard") / "part-1.parquet"
    shard = make(ids, dim=dim, seed=seed)
    write_shard(path, shard)
    again = read_shard(path)
    assert again.header == shard.header == read_header(path)
    for name in ("target_ids", "ra_deg", "dec_deg", "embeddings"):
        np.testing.assert_array_equal(getattr(again, name), getattr(shard, name))
    assert read_ids(path).tolist() == ids
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_quality_is_a_column_where_it_is_known(tmp_path):
    path = tmp_path / "a.parquet"
    write_shard(path, make([3, 5], quality=np.array([0, 65])))
    assert str(pq.read_schema(path).field("quality").type) == "uint16"
    assert read_shard(path).quality.tolist() == [0, 65]
    ids, quality = read_quality(path)
    assert (ids.tolist(), quality.tolist()) == ([3, 5], [0, 65])
    write_shard(path, make([3, 5]))
    assert read_shard(path).quality is None
    assert read_quality(path)[1] is None


def test_the_file_is_plain_parquet(tmp_path):
    write_shard(tmp_path / "a.parquet", make([3, 2**60]))
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert [f"{f.name}: {f.type}" for f in schema] == [
        "target_id: int64",
        "ra_deg: double",
        "dec_deg: double",
        "embedding: fixed_size_list<element: float not null>[4]",
    ]
    assert schema.metadata[b"galsearch.fingerprint"] == b"f" * 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"target_ids": [1, 3, 2]},
            "the TARGETIDs of a shard must ascend, each once; 2 follows 3.",
        ),
        (
            {"target_ids": [1, 2, 2]},
            "the TARGETIDs of a shard must ascend, each once; 2 follows 2.",
        ),
        (
            {"embeddings": np.array([[1.0, 0], [0, 0.5], [0, 1]])},
            "1 of 3 image embeddings are not of unit length, first TARGETID 2 with |v| = 0.5.",
        ),
        (
            {"embeddings": np.array([[1.0, 0], [0, 1], [np.nan, 1]])},
            "1 of 3 image embeddings are not of unit length, first TARGETID 3 with |v| = nan.",
        ),
        (
            {"ra_deg": np.zeros(2)},
            "each row of a shard has an id, a position and a (d,) vector; found arrays target_ids "
            "(3,), ra_deg (2,), dec_deg (3,), embeddings (3, 4).",
        ),
    ],
)
def test_an_invalid_shard_is_refused(changes, message):
    with pytest.raises(ShardError) as caught:
        make([1, 2, 3], **changes)
    assert str(caught.value) == message


def test_the_arrays_of_the_caller_are_not_changed():
    vectors = unit_rows(np.eye(3))
    shard = make([1, 2, 3], embeddings=vectors)
    vectors[0] = 7
    assert shard.embeddings[0].tolist() == [1, 0, 0]
    assert not shard.embeddings.flags.writeable


def test_a_failing_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(table, where, **options):
        where.write_bytes(b"half")
        raise OSError("disk full")

    write_shard(tmp_path / "a.parquet", make([1]))
    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        write_shard(tmp_path / "a.parquet", make([1, 2]))
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]
    assert len(read_shard(tmp_path / "a.parquet")) == 1


def test_a_truncated_shard(tmp_path):
    path = tmp_path / "a.parquet"
    write_shard(path, make([1, 2]))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ShardError, match=r"a\.parquet: cannot be read as Parquet \("):
        read_shard(path)


def test_a_flipped_byte_is_detected(tmp_path):
    path = tmp_path / "a.parquet"
    write_shard(path, make(range(1, 200), dim=64))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(ShardError, match=r"a\.parquet: is damaged \(.*\)\.\n"):
        read_shard(path)


def test_parquet_of_something_else(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ShardError) as caught:
        read_shard(path)
    assert str(caught.value) == (
        f"{path}: not an embedding shard: its metadata lacks galsearch.modality."
    )


def test_a_shard_with_an_invalid_fingerprint_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    write_shard(path, make([1, 2]))
    path.write_bytes(path.read_bytes().replace(b"f" * 64, b"x" * 64))
    with pytest.raises(ShardError, match=r"'xxx.*x' is not an encoder fingerprint"):
        read_header(path)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("modality", "Image", "its metadata cannot be read ('Image' is not a valid Modality)."),
        ("dim", "-4", "its metadata states vectors of -4 dimensions."),
        ("dim", "0", "its metadata states vectors of 0 dimensions."),
        ("n_rows", "5", "holds 2 rows, its header states 5."),
    ],
)
def test_a_header_with_a_wrong_value_is_refused(tmp_path, name, value, reason):
    path = tmp_path / "a.parquet"
    write_shard(path, make([1, 2]))
    table = pq.read_table(path)
    metadata = {**table.schema.metadata, f"galsearch.{name}".encode(): value.encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(ShardError) as caught:
        read_header(path)
    assert str(caught.value) == f"{path}: {reason}"


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    write_shard(path, make([1, 2]))
    pq.write_table(pq.read_table(path).drop_columns(["ra_deg", "embedding"]), path)
    with pytest.raises(ShardError) as caught:
        read_shard(path)
    assert str(caught.value) == f"{path}: has no column ra_deg, embedding."


def test_a_shard_of_another_digest_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    sha256 = write_shard(path, make([1, 2]))
    assert read_shard(path, sha256=sha256).target_ids.tolist() == [1, 2]
    write_shard(path, make([1, 2], seed=1))
    with pytest.raises(ShardError, match=rf"{sha256[:16]}\. It is not the file that was written"):
        read_shard(path, sha256=sha256)


def test_damaged_shards_raise_only_errors_of_galsearch(tmp_path):
    path = tmp_path / "a.parquet"
    write_shard(path, make([3, 2**60, 2**61]))

    def read(content):
        path.write_bytes(content)
        read_shard(path)

    assert_only_galsearch_errors(read, [path.read_bytes()])
