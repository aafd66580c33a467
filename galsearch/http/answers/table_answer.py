"""Results as files: the format that a request asks for, and the answer with the file."""

import io
import re
from collections.abc import Iterable

import pyarrow as pa
from starlette.responses import Response

from galsearch.core.errors import TableFormatError
from galsearch.formats import TableFormat, export_table

MEDIA_TYPES = {
    TableFormat.JSONL: "application/x-ndjson",
    TableFormat.CSV: "text/csv",
    TableFormat.PARQUET: "application/vnd.apache.parquet",
    TableFormat.FITS: "application/fits",
    TableFormat.ECSV: "text/x-ecsv",
    TableFormat.VOTABLE: "application/x-votable+xml",
}
"""Media type of each format of tables; those of a header Accept are the same."""
_ENDINGS = {TableFormat.VOTABLE: "vot"}


def wanted_format(named: str | None, accept: str) -> TableFormat | None:
    """The format of tables that a request wants; None for JSON.

    Parameters
    ----------
    named
        The format in the URL, which precedes the header.
    accept
        The header Accept. What it names first of the known types is taken; weights are ignored.

    Raises
    ------
    TableFormatError
        Where the named format is not known.

    Examples
    --------
    >>> print(wanted_format(None, "text/csv, */*"), wanted_format("json", "text/csv"))
    csv None
    """
    if named is not None:
        if named == "json":
            return None
        try:
            return TableFormat(named)
        except ValueError:
            raise TableFormatError(f"format is {named[:100]!r}, which is not known.") from None
    by_type = {media_type: known for known, media_type in MEDIA_TYPES.items()}
    for part in accept.lower().split(",")[:20]:
        media_type = part.split(";")[0].strip()
        if media_type in by_type:
            return by_type[media_type]
        if media_type in ("application/json", "*/*"):
            return None
    return None


def table_response(
    schema: pa.Schema, chunks: Iterable[pa.Table], table_format: TableFormat, name: str
) -> Response:
    """The answer with a table as a file.

    Parameters
    ----------
    schema, chunks
        The rows; see `galsearch.formats.export_table`.
    table_format
        The format.
    name
        Name of the file without its ending; characters that a name may not have are left out.
    """
    sink = io.BytesIO()
    export_table(schema, chunks, sink, table_format)
    plain = re.sub(r"[^A-Za-z0-9_-]", "", name)[:80] or "galsearch"
    ending = _ENDINGS.get(table_format, table_format.value)
    headers = {"Content-Disposition": f'attachment; filename="{plain}.{ending}"'}
    return Response(sink.getvalue(), 200, headers, MEDIA_TYPES[table_format])
