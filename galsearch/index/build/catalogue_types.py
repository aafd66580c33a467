"""Types of catalogue columns: which are refused, and to which common type two of them convert.

Types are checked before an index is built, added to or merged, so that no index ever holds columns
that cannot be joined. Columns of two catalogues have a common type where every value keeps its
meaning and all its digits: texts of any encoding, whole numbers of any width, floats of any width,
and columns without any value together with every type.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.errors import ShardError
from galsearch.index.vectors.array_files import CATALOGUE_DTYPE

_ID = "target_id"
_SIGNED = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
_FLOATS = (pa.float16(), pa.float32(), pa.float64())


def checked_catalogue(table: pa.Table, path: Path) -> pa.Table:
    """A catalogue whose TARGETIDs are int64, and whose positions and redshifts are numbers.

    Other columns keep their values. Whole and decimal numbers, and columns without any value,
    become float64 where positions or redshifts are expected; layouts that Arrow cannot sort, such
    as `string_view` of polars and DuckDB, become the usual ones.

    Parameters
    ----------
    table
        Catalogue with every column that results show.
    path
        Its file, for messages.

    Raises
    ------
    ShardError
        Where a column occurs twice, a TARGETID is missing, negative or no whole number, or a
        position or redshift is no number, or Arrow cannot sort a column.
    """
    names = table.column_names
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ShardError(f"{path}: has the column '{twice[0]}' {names.count(twice[0])} times.")
    for name in CATALOGUE_DTYPE.names or ():
        column = _target_ids(table, path) if name == _ID else _numbers(table, name, path)
        table = table.set_column(names.index(name), name, column)
    for number, name in enumerate(names):
        kind = _usual_layout(table[name].type)
        if kind != table[name].type:
            table = table.set_column(number, name, table[name].cast(kind))
        try:
            table[name].slice(0, 0).take(pa.array([], pa.int64()))
        except pa.ArrowNotImplementedError:
            raise ShardError(
                f"{path}: '{name}' has the type {kind}, whose values cannot be put in order."
            ) from None
    return table


def _usual_layout(kind: pa.DataType) -> pa.DataType:
    """The type with the same values whose layout every function of Arrow reads.

    Examples
    --------
    >>> print(_usual_layout(pa.list_(pa.string_view())), _usual_layout(pa.int8()))
    list<item: string> int8
    """
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_list(kind) or pa.types.is_list_view(kind):
        return pa.list_(kind.value_field.with_type(_usual_layout(kind.value_type)))
    if pa.types.is_large_list(kind) or pa.types.is_large_list_view(kind):
        return pa.large_list(kind.value_field.with_type(_usual_layout(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_usual_layout(field.type)) for field in kind])
    return kind


def _target_ids(table: pa.Table, path: Path) -> pa.ChunkedArray:
    column = table[_ID]
    if not pa.types.is_integer(_value_type(column.type)):
        raise ShardError(f"{path}: 'target_id' has the type {column.type}, not whole numbers.")
    if column.null_count:
        raise ShardError(f"{path}: 'target_id' is missing in {column.null_count:,} rows.")
    try:
        ids = column.cast(pa.int64())
    except pa.ArrowInvalid:
        raise ShardError(f"{path}: 'target_id' has numbers above 2^63, no TARGETIDs.") from None
    least = pc.min(ids).as_py()
    if least is not None and least <= 0:
        raise ShardError(f"{path}: {least} is not the TARGETID of a galaxy.", target_id=least)
    return ids


def _numbers(table: pa.Table, name: str, path: Path) -> pa.ChunkedArray:
    column = table[name]
    kind = _value_type(column.type)
    if pa.types.is_floating(column.type):
        return column
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(kind).cast(pa.float64(), safe=False)
    raise ShardError(f"{path}: '{name}' has the type {column.type}, not numbers.")


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type to which columns of both types convert without loss; None where there is none.

    Examples
    --------
    >>> print(common_type(pa.int32(), pa.uint32()), common_type(pa.int64(), pa.string()))
    int64 None
    """
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    one, other = _value_type(one), _value_type(other)
    if one == other:
        return one
    if _is_text(one) and _is_text(other):
        return pa.large_string() if pa.large_string() in (one, other) else pa.string()
    if pa.types.is_floating(one) and pa.types.is_floating(other):
        return _FLOATS[max(_FLOATS.index(one), _FLOATS.index(other))]
    if pa.types.is_integer(one) and pa.types.is_integer(other):
        wider = max(one, other, key=lambda kind: kind.bit_width)
        if pa.types.is_signed_integer(one) == pa.types.is_signed_integer(other):
            return wider
        # A signed type holds all values of an unsigned one of half its width.
        wide_enough = [
            kind
            for kind in _SIGNED
            if all(
                kind.bit_width >= each.bit_width + pa.types.is_unsigned_integer(each)
                for each in (one, other)
            )
        ]
        return wide_enough[0] if wide_enough else None
    return None


def common_types(schemas: Mapping[str, pa.Schema]) -> dict[str, pa.DataType]:
    """The common type of each column of several catalogues.

    Parameters
    ----------
    schemas
        Schema of each catalogue, by the path of its file.

    Raises
    ------
    ShardError
        Where a column has types in two files that have no common type.
    """
    found: dict[str, tuple[pa.DataType, str]] = {}
    for path, schema in schemas.items():
        for column in schema:
            before, where = found.get(column.name, (pa.null(), path))
            kind = common_type(before, column.type)
            if kind is None:
                raise ShardError(
                    f"column '{column.name}' has the type {before} in {where} and {column.type} in "
                    f"{path}; no type holds the values of both without loss.",
                    column=column.name,
                )
            found[column.name] = (kind, where if kind == before else path)
    return {name: kind for name, (kind, _) in found.items()}


def joined_tables(tables: Sequence[pa.Table], paths: Sequence[Path]) -> pa.Table:
    """The rows of several catalogues in one table; columns that one of them lacks are null there.

    A catalogue without rows does not determine types.

    Raises
    ------
    ShardError
        Where a column has types in two files that have no common type.
    """
    pairs = list(zip(tables, paths, strict=True))
    pairs = [(table, path) for table, path in pairs if len(table)] or pairs[:1]
    types = common_types({f"{path}": table.schema for table, path in pairs})
    cast = []
    for table, _ in pairs:
        for number, name in enumerate(table.column_names):
            if table.schema.field(number).type != types[name]:
                table = table.set_column(number, name, table[name].cast(types[name]))
        cast.append(table)
    return pa.concat_tables(cast, promote_options="default").unify_dictionaries()


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
