"""A table holds the neighbours of every galaxy, however often its writing is interrupted."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import ChangedMeanwhileError, OutputFileExistsError, QueryError
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.query import SearchEngine, all_neighbours
from galsearch.query.all_neighbours import write_neighbours

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_neighbours._Request, "__init__", _with_parts_of_200)


def _with_parts_of_200(self: Any, **values: Any) -> None:
    for name, value in {**values, "n_per_part": 200}.items():
        object.__setattr__(self, name, value)


@pytest.fixture
def index(home: Path) -> Path:
    return home / "index_builds" / "toy"


@pytest.mark.parametrize(("using", "among"), DIRECTIONS)
def test_the_table_has_the_neighbours_of_each_query(
    engine: SearchEngine, index: Path, tmp_path: Path, using: Modality, among: Modality
) -> None:
    seen: list[tuple[str, int, int]] = []
    report = write_neighbours(
        tmp_path / "table.parquet",
        using=using,
        among=among,
        k=4,
        index=index,
        progress=lambda *some: seen.append(some),
    )
    table = pq.read_table(report.path)
    ids = np.asarray(engine.index.stored(using).ids)
    assert table["target_id"].to_pylist() == ids.tolist()
    assert (report.n_galaxies, report.n_neighbours, report.n_short) == (len(ids), 4 * len(ids), 0)
    assert seen[-1] == ("searching neighbours", len(ids), len(ids))
    some = np.arange(0, len(ids), 97)
    batch = engine.query_many(ids[some], using=using, among=among, k=4)
    for row, found in zip(some, batch, strict=True):
        assert table["neighbour_target_id"][int(row)].as_py() == found.target_ids.tolist()
        assert table["similarity"][int(row)].as_py() == found.similarity.tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
    assert pq.read_schema(report.path).metadata[b"galsearch.k"] == b"4"


def test_an_interrupted_table_is_continued(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: dict[str, Any] = {"using": IMAGE, "among": IMAGE, "k": 3, "index": index}
    whole = write_neighbours(tmp_path / "whole.parquet", **words)
    search, n_calls = all_neighbours._search, 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 3:
            raise KeyboardInterrupt
        return search(*arguments)

    monkeypatch.setattr(all_neighbours, "_search", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_neighbours(tmp_path / "table.parquet", **words)
    assert not (tmp_path / "table.parquet").exists()
    with pytest.raises(ChangedMeanwhileError) as caught:
        write_neighbours(tmp_path / "table.parquet", **{**words, "k": 5})
    assert str(caught.value) == (
        f"{tmp_path}/table.parquet.parts holds parts of another table: of another index, or with "
        "other arguments."
    )
    report = write_neighbours(tmp_path / "table.parquet", **words)
    assert (report.n_parts_kept, report.n_galaxies) == (2, whole.n_galaxies)
    assert report.path.read_bytes() == whole.path.read_bytes()


def test_short_lists_are_counted(index: Path, tmp_path: Path, engine: SearchEngine) -> None:
    n = len(engine.index.stored(SPECTRUM))
    report = write_neighbours(
        tmp_path / "all.parquet", using=SPECTRUM, among=SPECTRUM, k=n, index=index
    )
    assert (report.n_short, report.n_neighbours) == (n, n * (n - 1))
    assert str(report) == (
        f"{tmp_path}/all.parquet: {n * (n - 1)} neighbours of {n} galaxies ({n} galaxies have "
        "fewer than requested); 0 parts kept from an earlier run"
    )


def test_wrong_requests_are_refused_before_anything_is_written(index: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.parquet"
    with pytest.raises(QueryError) as caught:
        write_neighbours(out, using="both", among=IMAGE, index=index)
    assert str(caught.value) == "using is 'both'; expected 'image' or 'spectrum'."
    out.write_bytes(b"kept")
    with pytest.raises(OutputFileExistsError):
        write_neighbours(out, using=IMAGE, among=IMAGE, index=index)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"kept"]
