"""Tables of every plain type, with missing values, extreme numbers and texts of any characters."""

import io
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

import pyarrow as pa
from hypothesis import strategies as st

from galsearch.formats.columns.column_descriptions import described

SCHEMA = pa.schema(
    [
        described(field)
        for field in (
            pa.field("target_id", pa.int64()),
            pa.field("z", pa.float64()),
            pa.field("similarity", pa.float32()),
            pa.field("ra_deg", pa.float64()),
            pa.field("seen", pa.bool_()),
            pa.field("morphology", pa.string()),
            pa.field("count_8", pa.uint8()),
            pa.field("count_16", pa.int16()),
            pa.field("count_32", pa.uint32()),
            pa.field('a name, with <odd> "marks" & blanks', pa.int64()),
        )
    ],
    metadata={"using": "image", "among": "spectrum"},
)
WHOLE = {pa.int64(): (-(2**63), 2**63 - 1), pa.uint8(): (0, 255), pa.int16(): (-(2**15), 2**15 - 1)}
WHOLE[pa.uint32()] = (0, 2**32 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def values_of(kind: pa.DataType, text: st.SearchStrategy[str] = TEXT) -> st.SearchStrategy[Any]:
    """Values of a type, among them None."""
    if pa.types.is_string(kind):
        return st.none() | text
    if pa.types.is_boolean(kind):
        return st.none() | st.booleans()
    if pa.types.is_floating(kind):
        return st.none() | st.floats(width=kind.bit_width)
    low, high = WHOLE[kind]
    return (
        st.none()
        | st.sampled_from([low, high, 2**53 + 1 if high > 2**53 else 7])
        | (st.integers(low, high))
    )


@st.composite
def tables(draw: st.DrawFn, text: st.SearchStrategy[str] = TEXT) -> pa.Table:
    """A table of `SCHEMA` of up to four rows."""
    n = draw(st.integers(0, 4))
    columns = [
        pa.array(draw(st.lists(values_of(field.type, text), min_size=n, max_size=n)), field.type)
        for field in SCHEMA
    ]
    return pa.table(columns, schema=SCHEMA)


def written(
    writer: Callable[[pa.Schema, Iterable[pa.Table], BinaryIO], None], *tables: pa.Table
) -> io.BytesIO:
    """The file with the rows of tables, at its begin."""
    sink = io.BytesIO()
    writer(tables[0].schema, iter(tables), sink)
    return io.BytesIO(sink.getvalue())


def same(found: Any, wanted: Any) -> bool:
    """True for equal values; NaN equals NaN, and numbers are equal only to numbers."""
    if isinstance(found, float) and isinstance(wanted, float):
        return found == wanted or (found != found and wanted != wanted)
    return type(found) is type(wanted) and found == wanted
