"""Types of catalogue columns are refused or joined by one rule, before anything is written."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import ShardError
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE
from galsearch.index import add, build_index, compact, verify
from galsearch.index.build.catalogue_types import checked_catalogue, common_type, joined_tables
from tests.index.changing_index import RECIPE, part

PATH = Path("catalogue.parquet")
TABLE = pa.table({"target_id": [1, 2], "ra_deg": [1.0, 2.0], "dec_deg": [3.0, 4.0], "z": [0.5, 1]})


def with_column(name: str, values: Any) -> pa.Table:
    return TABLE.set_column(TABLE.column_names.index(name), name, values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.nulls(2), [None, None]),
        (pa.array([1, None]), [1.0, None]),
        (pa.array([Decimal("0.25"), None]), [0.25, None]),
        (pa.array([0.5, 0.25], pa.float32()), [0.5, 0.25]),
    ],
)
def test_redshifts_of_every_type_of_numbers_are_floats(values: Any, expected: Any) -> None:
    column = checked_catalogue(with_column("z", values), PATH)["z"]
    assert pa.types.is_floating(column.type)
    assert column.to_pylist() == expected


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("z", ["0.1", "0.2"], "'z' has the type string, not numbers."),
        ("ra_deg", ["1", "2"], "'ra_deg' has the type string, not numbers."),
        ("target_id", ["1", "2"], "'target_id' has the type string, not whole numbers."),
        ("target_id", [1.0, 2.0], "'target_id' has the type double, not whole numbers."),
        ("target_id", [1, None], "'target_id' is missing in 1 rows."),
        ("target_id", [-5, 2], "-5 is not the TARGETID of a galaxy."),
        (
            "target_id",
            np.array([1, 2**63], np.uint64),
            "'target_id' has numbers above 2^63, no TARGETIDs.",
        ),
    ],
)
def test_columns_of_other_types_are_refused(name: str, values: Any, message: str) -> None:
    with pytest.raises(ShardError) as caught:
        checked_catalogue(with_column(name, pa.array(values)), PATH)
    assert str(caught.value) == f"catalogue.parquet: {message}"


def test_a_column_that_occurs_twice_is_refused() -> None:
    with pytest.raises(ShardError) as caught:
        checked_catalogue(TABLE.append_column("z", pa.nulls(2)), PATH)
    assert str(caught.value) == "catalogue.parquet: has the column 'z' 2 times."


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array(["b", None], pa.string_view()), pa.string()),
        (pa.array([b"b", None], pa.binary_view()), pa.binary()),
        (pa.array([["b"], None], pa.list_(pa.string_view())), pa.list_(pa.string())),
        (pa.array([[1], None], pa.list_view(pa.int8())), pa.list_(pa.int8())),
        (
            pa.array([{"a": "b"}, None], pa.struct({"a": pa.string_view()})),
            pa.struct({"a": pa.string()}),
        ),
    ],
    ids=str,
)
def test_layouts_that_arrow_cannot_sort_become_usual_ones(values: Any, kind: Any) -> None:
    table = checked_catalogue(TABLE.append_column("c", values), PATH)
    assert table["c"].type == kind
    in_order = table.sort_by([("target_id", "descending")])["c"].to_pylist()
    assert in_order == values.to_pylist()[::-1]


def test_a_type_that_arrow_cannot_sort_is_refused() -> None:
    values = pa.array([["a"], ["b"]], pa.list_(pa.string_view(), 1))
    with pytest.raises(ShardError) as caught:
        checked_catalogue(TABLE.append_column("c", values), PATH)
    assert str(caught.value) == (
        "catalogue.parquet: 'c' has the type fixed_size_list<item: string_view>[1], whose values "
        "cannot be put in order."
    )


def test_unsigned_and_coded_targetids_are_int64() -> None:
    for values in (pa.array([1, 2], pa.uint64()), pa.array([1, 2]).dictionary_encode()):
        ids = checked_catalogue(with_column("target_id", values), PATH)["target_id"]
        assert (ids.type, ids.to_pylist()) == (pa.int64(), [1, 2])


CODED = pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (pa.string(), CODED, pa.string()),
        (pa.string(), pa.large_string(), pa.large_string()),
        (pa.string_view(), pa.string(), pa.string()),
        (CODED, CODED, CODED),
        (pa.null(), pa.float64(), pa.float64()),
        (pa.int16(), pa.int64(), pa.int64()),
        (pa.uint8(), pa.uint32(), pa.uint32()),
        (pa.uint8(), pa.int8(), pa.int16()),
        (pa.uint32(), pa.int32(), pa.int64()),
        (pa.int64(), pa.uint64(), None),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.int64(), pa.float64(), None),
        (pa.int64(), pa.bool_(), None),
        (pa.int64(), pa.string(), None),
        (pa.date32(), pa.timestamp("us"), None),
        (pa.decimal128(24, 2), pa.float64(), None),
    ],
)
def test_two_types_have_a_common_type_only_without_loss(
    one: Any, other: Any, expected: Any
) -> None:
    assert common_type(one, other) == common_type(other, one) == expected


def test_coded_texts_of_different_values_are_joined() -> None:
    tables = [pa.table({"c": pa.array(list(texts)).dictionary_encode()}) for texts in ("ab", "bc")]
    joined = joined_tables(tables, [PATH, PATH])
    assert joined.combine_chunks()["c"].to_pylist() == ["a", "b", "b", "c"]


def replace_column(embeddings: Path, name: str, values: Any) -> None:
    path = embeddings / CATALOGUE_FILE
    table = pq.read_table(path)
    table = table.drop_columns(name) if name in table.column_names else table
    pq.write_table(table.append_column(name, values), path)


def test_added_texts_of_another_encoding_are_joined_and_compacted(
    shuffled_sky: Any, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    build, n = tmp_path / "build", 60
    part(shuffled_sky, 0, 60).write(first)
    part(shuffled_sky, 60, 120).write(second)
    replace_column(first, "survey", pa.array(["BGS"] * n))
    replace_column(second, "survey", pa.array(["LRG"] * n).dictionary_encode())
    build_index(RECIPE, embeddings=first, out=build)
    add(second, index=build)
    compact(build)
    folder = build / "generation-000003"
    assert sorted(pq.read_table(folder / CATALOGUE_FILE)["survey"].to_pylist()) == sorted(
        ["BGS"] * n + ["LRG"] * n
    )
    third = part(shuffled_sky, 120, 180).write(tmp_path / "third")
    replace_column(third, "survey", pa.array([5] * n))
    with pytest.raises(ShardError) as caught:
        add(third, index=build)
    assert str(caught.value) == (
        f"column 'survey' has the type string in {folder / CATALOGUE_FILE} and int64 in "
        f"{third / CATALOGUE_FILE}; no type holds the values of both without loss."
    )
    assert verify(build).n_galaxies == 2 * n
