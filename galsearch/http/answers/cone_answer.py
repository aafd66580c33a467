"""Answers of Simple Cone Search 1.03: a VOTable of galaxies, or one of an error.

The protocol asks for UCDs of an older version for three columns, and for the TARGETID as text.
"""

import io
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.formats import TableFormat, export_table
from galsearch.http.state.served_index import ServedIndex
from galsearch.http.words.cone_request import ConeRequest

MEDIA_TYPE = "text/xml;content=x-votable"
_UCDS = {"target_id": "ID_MAIN", "ra_deg": "POS_EQ_RA_MAIN", "dec_deg": "POS_EQ_DEC_MAIN"}
_SEPARATION = pa.field(
    "separation_arcsec",
    pa.float64(),
    metadata={"unit": "arcsec", "ucd": "pos.angDistance", "description": "distance from the axis"},
)
_SOME = 12
"""Number of columns of the catalogue that VERB=2 gives."""


def cone_answer(served: ServedIndex, wanted: ConeRequest, most: int) -> bytes:
    """The VOTable of the galaxies in a cone, the nearest to its axis first.

    Parameters
    ----------
    served
        The index.
    wanted
        The request.
    most
        Largest number of rows; an INFO element says where there are more.
    """
    ids = np.empty(0, np.int64)
    separations: Float64Array = np.empty(0)
    if wanted.radius_deg:
        cone = (wanted.ra_deg, wanted.dec_deg, wanted.radius_deg * 60)
        ids, separations = served.engine.galaxies_within(cone)
    limit = most if wanted.most is None else min(most, wanted.most)
    overflow = len(ids) > limit
    table = _table(served, ids[:limit], separations[:limit], wanted.verbosity)
    sink = io.BytesIO()
    export_table(table.schema, [table], sink, TableFormat.VOTABLE)
    return _finished(sink.getvalue(), "OVERFLOW" if overflow else "OK")


def _table(
    served: ServedIndex, ids: TargetIds, separations: Float64Array, verbosity: int
) -> pa.Table:
    rows = served.engine.catalogue.columns.take(ids)
    n_columns = {1: len(_UCDS), 2: _SOME, 3: len(rows.schema)}[verbosity]
    names = rows.column_names[:n_columns]
    columns, fields = [], []
    for name in names:
        column, field = rows[name], rows.schema.field(name)
        if name == "target_id":
            column, field = column.cast(pa.string()), field.with_type(pa.string())
        if name in _UCDS:
            field = field.with_metadata({**(field.metadata or {}), b"ucd": _UCDS[name].encode()})
        columns.append(column)
        fields.append(field)
    if verbosity > 1:
        columns.append(pa.chunked_array([pa.array(separations)]))
        fields.append(_SEPARATION)
    return pa.table(columns, schema=pa.schema(fields, metadata={"index": served.name}))


def _finished(content: bytes, status: str) -> bytes:
    """The document with its status, which stands before the table in its RESOURCE."""
    start = content.index(b">", content.index(b"<RESOURCE")) + 1
    info = f'\n<INFO name="QUERY_STATUS" value="{status}"/>'.encode()
    return content[:start] + info + content[start:]


def cone_error(message: str) -> bytes:
    """The VOTable that tells of an error, which the protocol wants in place of a status.

    Examples
    --------
    >>> b'<INFO ID="Error" name="Error" value="RA is missing."/>' in cone_error("RA is missing.")
    True
    """
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        f'<INFO ID="Error" name="Error" value={quoteattr(message)}/>\n'
        '<RESOURCE type="results">\n'
        f'<INFO name="QUERY_STATUS" value="ERROR">{escape(message)}</INFO>\n'
        "</RESOURCE>\n</VOTABLE>\n"
    ).encode()
