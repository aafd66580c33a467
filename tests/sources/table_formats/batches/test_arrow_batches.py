"""Arrow files and streams are read by columns and batches."""

import io

import pyarrow as pa
import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.table_formats.batches.arrow_batches import ArrowBatches


def test_a_stream_that_is_cut_short_is_an_error() -> None:
    sink = io.BytesIO()
    table = pa.table({"id": range(1000)})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    whole = ArrowBatches("t", io.BytesIO(sink.getvalue()), is_stream=True)
    assert sum(batch.num_rows for batch in whole.batches(["id"], 300)) == 1000
    cut = ArrowBatches("t", io.BytesIO(sink.getvalue()[:3000]), is_stream=True)
    with pytest.raises(SourceError, match=r"^t: is damaged"):
        list(cut.batches(["id"], 300))
