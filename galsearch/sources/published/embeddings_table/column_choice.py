"""Choice of the columns of a table of embeddings: ids, positions, vectors and the rest."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from galsearch.core.errors import EmbeddingTableError

ID_COLUMNS = ("target_id", "targetid", "object_id", "specid")
"""Names of the columns in which ids are looked for, in lower case and in this order."""
POSITION_COLUMNS = (("ra_deg", "dec_deg"), ("ra", "dec"), ("target_ra", "target_dec"))
"""Names of columns of positions in degrees, in lower case and in the order of preference."""
_VECTOR_COLUMNS = ("embedding", "embeddings")


@dataclass(frozen=True)
class EmbeddingColumns:
    """Names of the columns of a table of embeddings."""

    id: str | None
    """Column of the ids; None where the galaxies are named by their positions."""
    ra: str | None
    dec: str | None
    """Columns of the positions in degrees; None where the table has none."""
    vectors: tuple[str, ...]
    """The column of vectors, or one column for each dimension."""
    others: tuple[str, ...]
    """Columns that are carried to the catalogue."""

    @property
    def all(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        named = (self.id, self.ra, self.dec)
        wanted = (*(name for name in named if name), *self.vectors, *self.others)
        return tuple(dict.fromkeys(wanted))


def choose_columns(
    url: str,
    schema: pa.Schema,
    *,
    kind: str,
    id_column: str | None = None,
    vector_column: str | None = None,
    columns: Sequence[str] | None = None,
    ids_from_positions: bool = False,
) -> EmbeddingColumns:
    """The columns of a table of embeddings that are read.

    Parameters
    ----------
    url
        Name of the file in messages.
    schema
        Arrow schema of the table.
    kind
        What was embedded, 'image' or 'spectrum'. Where a table has several columns of vectors, the
        one whose name begins with it is taken.
    id_column, vector_column
        Names of columns; by default they are found by name and type. A pattern such as 'feat_*'
        names one column of numbers for each dimension.
    columns
        Columns that are carried to the catalogue; by default all with one value in each row.
    ids_from_positions
        Galaxies are named by their positions, and need no id.

    Raises
    ------
    EmbeddingTableError
        Where a column is missing, or several could be meant.

    Examples
    --------
    >>> schema = pa.schema({"TARGETID": pa.int64(), "vector": pa.list_(pa.float32(), 8)})
    >>> choose_columns("a.parquet", schema, kind="image").all
    ('TARGETID', 'vector')
    """
    names = schema.names
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise EmbeddingTableError(f"{url}: has several columns {repeated[0]}.")
    id_name = _id_column(url, names, id_column, required=not ids_from_positions)
    lower = {name.lower(): name for name in reversed(names)}
    pair = next((p for p in POSITION_COLUMNS if all(name in lower for name in p)), None)
    ra, dec = (lower[pair[0]], lower[pair[1]]) if pair else (None, None)
    vectors = _vector_columns(url, schema, kind, vector_column)
    missing = [name for name in columns or () if name not in names]
    if missing:
        raise EmbeddingTableError(f"{url}: no column {', '.join(missing)}. {_listed(names)}")
    own = {ra, dec, *vectors} | ({id_name} if not ids_from_positions else set())
    wanted = names if columns is None else columns
    others = [
        name
        for name in wanted
        if name not in own and not name.startswith("_") and is_one_value(schema.field(name).type)
    ]
    return EmbeddingColumns(
        id=None if ids_from_positions else id_name,
        ra=ra,
        dec=dec,
        vectors=vectors,
        others=tuple(others),
    )


def _id_column(
    url: str, names: Sequence[str], id_column: str | None, *, required: bool
) -> str | None:
    if id_column is not None:
        if id_column not in names:
            raise EmbeddingTableError(f"{url}: no column {id_column}. {_listed(names)}")
        return id_column
    lower = {name.lower(): name for name in reversed(names)}
    found = next((lower[name] for name in ID_COLUMNS if name in lower), None)
    if found is None and required:
        raise EmbeddingTableError(
            f"{url}: no column of ids; expected one of {', '.join(ID_COLUMNS)}. {_listed(names)}"
        )
    return found


def _vector_columns(
    url: str, schema: pa.Schema, kind: str, vector_column: str | None
) -> tuple[str, ...]:
    names = schema.names
    if vector_column is not None:
        found = [name for name in names if name == vector_column]
        found = found or [name for name in names if fnmatch.fnmatchcase(name, vector_column)]
        if not found:
            raise EmbeddingTableError(f"{url}: no column {vector_column}. {_listed(names)}")
        return tuple(found)
    candidates = [name for name in names if is_vector(schema.field(name).type)]
    named = [name for name in candidates if name.lower() in _VECTOR_COLUMNS]
    own = [name for name in candidates if name.lower().startswith(kind)]
    for found in (named, own, candidates):
        if len(found) == 1:
            return (found[0],)
    if candidates:
        raise EmbeddingTableError(
            f"{url}: several columns hold vectors: {', '.join(candidates)}; one of them is to be "
            f"the {kind} embedding."
        )
    raise EmbeddingTableError(f"{url}: no column holds lists of floats. {_listed(names)}")


def is_vector(kind: pa.DataType) -> bool:
    """True for the type of a column with a list of floats, or a tensor of one axis, in each row.

    Examples
    --------
    >>> is_vector(pa.list_(pa.float16(), 8)), is_vector(pa.list_(pa.list_(pa.float32())))
    (True, False)
    """
    stored = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    is_list = (
        pa.types.is_fixed_size_list(stored)
        or pa.types.is_list(stored)
        or pa.types.is_large_list(stored)
    )
    return bool(is_list and pa.types.is_floating(stored.value_type))


def is_one_value(kind: pa.DataType) -> bool:
    """True for the type of a column with one number, text, date, time or logical in each row.

    Examples
    --------
    >>> is_one_value(pa.timestamp("us")), is_one_value(pa.binary()), is_one_value(pa.null())
    (True, False, False)
    """
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return not (pa.types.is_nested(kind) or pa.types.is_null(kind)) and not (
        isinstance(kind, pa.BaseExtensionType)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def _listed(names: Sequence[str]) -> str:
    return f"Columns: {', '.join(names) or '(none)'}."
