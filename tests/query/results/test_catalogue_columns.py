"""All columns of the catalogue, for any galaxies in any order."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.files.held_files import OpenDirectory
from galsearch.formats.columns.plain_columns import plain_lists
from galsearch.index.build.pack_rows import write_packed_rows
from galsearch.index.vectors.catalogue_files import CatalogueFiles
from galsearch.index.vectors.packed_rows import PackedRows
from galsearch.query import SearchEngine
from galsearch.query.results.catalogue_columns import CatalogueColumns


class Segment:
    """The part of a `CatalogueSegment` that the reader uses."""

    def __init__(self, path: Path) -> None:
        self.parquet = path
        self.packed: PackedRows | None = None


class Index:
    """An index of catalogue files alone, in several segments."""

    def __init__(self, paths: list[Path], ids: np.ndarray) -> None:
        self.catalogue_segments = [Segment(path) for path in paths]
        with OpenDirectory(paths[0].parent) as opened:
            self.catalogue_files = CatalogueFiles(
                [opened.hold(p) for p in paths], [ids[:0]] * len(paths)
            )
        self._ids = ids

    def catalogue_rows(self, target_ids: np.ndarray) -> np.ndarray:
        return np.array([np.flatnonzero(self._ids == one)[0] for one in target_ids], np.int64)


@pytest.fixture(scope="module", params=["packed rows", "Parquet", "one of each"])
def index(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """Two segments in small row groups; the second one has another column, and wider numbers."""
    home = tmp_path_factory.mktemp("catalogue")
    ids = np.array([3, 5, 9, 12, 20, 4, 8, 30])
    place = {"ra_deg": 1.5, "dec_deg": -2.5}
    first = {"n": [1, 2, 3, 4, 5], "z": [0.1, None, 0.3, 0.4, 0.5], "target_id": ids[:5]}
    second = {"target_id": ids[5:], "z": [1.0, 2.0, 3.0], "rank": ["a", None, "c"]}
    first, second = (
        pa.table({**part, **{name: [value] * len(part["z"]) for name, value in place.items()}})
        for part in (first, second)
    )
    paths = [home / "first.parquet", home / "second.parquet"]
    pq.write_table(first.set_column(0, "n", first["n"].cast(pa.int8())), paths[0], row_group_size=2)
    pq.write_table(second, paths[1], row_group_size=2)
    index = Index(paths, ids)
    with_rows = {"packed rows": [0, 1], "Parquet": [], "one of each": [1]}[request.param]
    for number in with_rows:
        table = pq.read_table(paths[number])
        folder = home / str(number)
        folder.mkdir()
        write_packed_rows(table, folder, table.schema)
        index.catalogue_segments[number].packed = PackedRows.open(folder, n_galaxies=len(table))
    return index


@settings(max_examples=30)
@given(wanted=st.lists(st.sampled_from([3, 5, 9, 12, 20, 4, 8, 30]), max_size=12))
def test_rows_of_any_segments_come_in_the_order_of_the_request(index: Any, wanted: list) -> None:
    z = {3: 0.1, 5: None, 9: 0.3, 12: 0.4, 20: 0.5, 4: 1.0, 8: 2.0, 30: 3.0}
    n = {3: 1, 5: 2, 9: 3, 12: 4, 20: 5}
    found = CatalogueColumns(index).take(np.array(wanted, np.int64))
    assert found.to_pydict() == {
        "target_id": wanted,
        "ra_deg": [1.5] * len(wanted),
        "dec_deg": [-2.5] * len(wanted),
        "z": [z[one] for one in wanted],
        "n": [n.get(one) for one in wanted],
        "catalogue_rank": [{4: "a", 30: "c"}.get(one) for one in wanted],
    }
    lists = CatalogueColumns(index).lists(np.array(wanted, np.int64))
    assert repr(lists).replace("nan", "None") == repr(plain_lists(found)).replace("nan", "None")
    assert found.schema.types == [pa.int64(), *[pa.float64()] * 3, pa.int8(), pa.string()]
    assert found.schema.field("ra_deg").metadata[b"unit"] == b"deg"


def test_rows_of_other_galaxies_are_an_error(index: Any) -> None:
    class Wrong(Index):
        def catalogue_rows(self, target_ids: np.ndarray) -> np.ndarray:
            return super().catalogue_rows(target_ids) - 1

    paths = [segment.parquet for segment in index.catalogue_segments]
    with pytest.raises(ManifestError) as caught:
        CatalogueColumns(Wrong(paths, index._ids)).take(np.array([5]))  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"{paths[0]}: its rows are of other galaxies than ids.npy beside it states."
    )


@pytest.mark.parametrize("row", [-1, 8])
def test_a_galaxy_without_a_row_is_an_error(index: Any, row: int) -> None:
    class Short(Index):
        def catalogue_rows(self, target_ids: np.ndarray) -> np.ndarray:
            return np.full(len(target_ids), row)

    paths = [segment.parquet for segment in index.catalogue_segments]
    columns = CatalogueColumns(Short(paths, index._ids))  # type: ignore[arg-type]
    for read in (columns.take, columns.lists):
        with pytest.raises(ManifestError, match="its rows are of other galaxies than"):
            read(np.array([5, 3]))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.parquet"
    path.write_bytes(b"PAR1 and no more")
    index: Any = Index([path], np.array([1]))
    with pytest.raises(ManifestError, match=f"^{path}: is damaged"):
        CatalogueColumns(index).take(np.array([1]))


def test_an_engine_reads_the_catalogue_of_its_index(engine: SearchEngine) -> None:
    ids = engine.index.ids[[7, 3, 7]]
    found = CatalogueColumns(engine.index).take(ids)
    assert found["target_id"].to_pylist() == ids.tolist()
    records = engine.index.catalogue_records(ids)
    assert found["ra_deg"].to_pylist() == records["ra_deg"].tolist()


def test_columns_of_the_catalogue_never_have_the_names_of_a_result(tmp_path: Path) -> None:
    names = ["rank", "catalogue_rank", "similarity", "z", "dec_deg", "ra_deg", "target_id"]
    path = tmp_path / "catalogue.parquet"
    pq.write_table(pa.table([[name] for name in names[:3]] + [[1]] * 4, names=names), path)
    index: Any = Index([path], np.array([1]))
    found = CatalogueColumns(index).take(np.array([1])).to_pylist()[0]
    assert list(found)[4:] == ["catalogue_catalogue_rank", "catalogue_rank", "catalogue_similarity"]
    assert list(found.values())[4:] == ["rank", "catalogue_rank", "similarity"]
