"""The rows of a result, in tables of a limited size."""

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.modality import Modality
from galsearch.query import NeighboursBatch, SearchEngine
from galsearch.query.results import result_rows
from galsearch.query.results.result_rows import ResultRows

FIRST = ["query_target_id", "rank", "target_id", "similarity", "ra_deg", "dec_deg", "z"]


class Source:
    """A catalogue of given columns, instead of that of an index."""

    class Index:
        class manifest:  # noqa: N801
            class recipe:  # noqa: N801
                name = "toy"

            fingerprint = "f" * 64

    index = Index

    def __init__(self, table: pa.Table) -> None:
        self._table = table.select(["target_id", "ra_deg", "dec_deg", "z"])
        self.columns = self
        self.schema = table.schema
        self.result_schemas: dict = {}

    def take(self, target_ids: np.ndarray) -> pa.Table:
        ids = self._table["target_id"].to_pylist()
        return self._table.take(pa.array([ids.index(one) for one in target_ids.tolist()]))


def some_rows(**changes: object) -> ResultRows:
    values: dict = {
        "query_target_ids": np.array([5, 5]),
        "ranks": np.array([1, 2]),
        "target_ids": np.array([8, 3]),
        "similarity": np.array([0.9, 0.5], np.float32),
        "ra_deg": np.array([1.0, np.nan]),
        "dec_deg": np.array([2.0, np.nan]),
        "z": np.array([0.25, np.nan]),
        "using": Modality.IMAGE,
        "among": Modality.SPECTRUM,
        "catalogue": None,
    }
    return ResultRows(**{**values, **changes})


def test_a_result_without_a_catalogue_has_its_own_columns() -> None:
    (table,) = some_rows().tables()
    assert table.to_pydict() == {
        "query_target_id": [5, 5],
        "rank": [1, 2],
        "target_id": [8, 3],
        "similarity": [pytest.approx(0.9), 0.5],
        "ra_deg": [1.0, None],
        "dec_deg": [2.0, None],
        "z": [0.25, None],
    }
    assert some_rows(query_target_ids=None).schema().names == FIRST
    (table,) = some_rows(query_target_ids=None).tables()
    assert table["query_target_id"].to_pylist() == [None, None]


def test_metadata_name_the_directions_the_index_and_the_encoder() -> None:
    catalogue = pa.table({name: [1.0] for name in ("target_id", "ra_deg", "dec_deg", "z")})
    metadata = some_rows(catalogue=Source(catalogue)).schema().metadata
    assert metadata[b"creator"].startswith(b"galsearch ")
    assert {key: metadata[key] for key in (b"using", b"among", b"index", b"encoder")} == {
        b"using": b"image",
        b"among": b"spectrum",
        b"index": b"toy",
        b"encoder": b"f" * 64,
    }


def test_chunks_are_the_whole_table(engine: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    batch: NeighboursBatch = engine.query_many(engine.index.ids[:6], k=4)
    whole = batch.to_arrow(links=True)
    monkeypatch.setattr(result_rows, "CHUNK_ROWS", 5)
    chunks = list(batch.rows().tables(links=True))
    assert [len(chunk) for chunk in chunks] == [5, 5, 5, 5, 4]
    assert pa.concat_tables(chunks).equals(whole)
    assert whole.schema.equals(batch.rows().schema(links=True), check_metadata=True)
    assert whole.column_names[-2:] == ["legacy_viewer_url", "desi_spectrum_url"]
