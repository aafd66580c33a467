"""Columns of tables of embeddings are found by name and type, or named."""

from typing import Any

import pyarrow as pa
import pytest

from galsearch.core.errors import EmbeddingTableError
from galsearch.sources.published.embeddings_table.column_choice import choose_columns, is_vector

VECTOR = pa.list_(pa.float32(), 8)
TENSOR = pa.fixed_shape_tensor(pa.float32(), [8])


def choose(fields: dict[str, pa.DataType], **options: Any) -> Any:
    return choose_columns("t", pa.schema(fields), kind="image", **options)


@pytest.mark.parametrize(
    "kind", [VECTOR, pa.list_(pa.float16()), pa.large_list(pa.float64()), TENSOR], ids=str
)
def test_a_column_of_vectors_is_found_by_its_type(kind: pa.DataType) -> None:
    found = choose(
        {"object_id": pa.string(), "aion": kind, "RA": pa.float64(), "Dec": pa.float64()}
    )
    assert (found.id, found.vectors, found.ra, found.dec) == ("object_id", ("aion",), "RA", "Dec")
    assert found.others == ()


def test_a_vector_has_one_axis_of_floats() -> None:
    assert not is_vector(pa.list_(pa.int64()))
    assert not is_vector(pa.list_(pa.list_(pa.float32())))
    assert not is_vector(pa.float32())


def test_the_column_of_the_modality_is_taken_of_several() -> None:
    fields = {"TARGETID": pa.int64(), "image_embeddings": VECTOR, "spectrum_embeddings": VECTOR}
    assert choose(fields).vectors == ("image_embeddings",)
    fields = {"TARGETID": pa.int64(), "one": VECTOR, "two": VECTOR}
    with pytest.raises(EmbeddingTableError) as caught:
        choose(fields)
    assert str(caught.value) == (
        "t: several columns hold vectors: one, two; one of them is to be the image embedding."
    )
    assert choose(fields, vector_column="two").vectors == ("two",)


def test_a_pattern_names_a_column_for_each_dimension() -> None:
    fields = {"TARGETID": pa.int64(), **{f"feat_{n}": pa.float32() for n in (0, 1, 2)}}
    found = choose(fields, vector_column="feat_*")
    assert found.vectors == ("feat_0", "feat_1", "feat_2")
    assert found.all == ("TARGETID", "feat_0", "feat_1", "feat_2")


def test_columns_with_one_value_join_the_catalogue() -> None:
    fields = {
        "TARGETID": pa.int64(),
        "_healpix_29": pa.int64(),
        "v": VECTOR,
        "mag": pa.float32(),
        "type": pa.dictionary(pa.int8(), pa.string()),
        "bands": pa.list_(pa.string()),
        "rgb": pa.struct({"bytes": pa.binary()}),
        "png": pa.binary(),
    }
    assert choose(fields).others == ("mag", "type")
    assert choose(fields, columns=["mag"]).others == ("mag",)
    assert choose(fields, columns=[]).others == ()


def test_the_id_is_carried_where_positions_name_the_galaxies() -> None:
    fields = {"object_id": pa.string(), "ra": pa.float64(), "dec": pa.float64(), "v": VECTOR}
    found = choose(fields, ids_from_positions=True)
    assert (found.id, found.others) == (None, ("object_id",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id_column": "no"}, "t: no column no. Columns: TARGETID, v."),
        ({"vector_column": "no"}, "t: no column no. Columns: TARGETID, v."),
        ({"columns": ["v", "no"]}, "t: no column no. Columns: TARGETID, v."),
    ],
)
def test_a_missing_column_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(EmbeddingTableError) as caught:
        choose({"TARGETID": pa.int64(), "v": VECTOR}, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"name": pa.string(), "v": VECTOR},
            "t: no column of ids; expected one of target_id, targetid, object_id, specid. "
            "Columns: name, v.",
        ),
        ({"TARGETID": pa.int64()}, "t: no column holds lists of floats. Columns: TARGETID."),
    ],
)
def test_a_table_without_ids_or_vectors_is_refused(
    fields: dict[str, pa.DataType], message: str
) -> None:
    with pytest.raises(EmbeddingTableError) as caught:
        choose(fields)
    assert str(caught.value) == message
