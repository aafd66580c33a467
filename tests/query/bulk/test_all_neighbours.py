"""A table holds the neighbours of every galaxy, however often its writing is interrupted."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import ChangedMeanwhileError, OutputFileExistsError, QueryError
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index.search.open_build import open_build
from galsearch.query import SearchEngine
from galsearch.query.bulk import all_neighbours
from galsearch.query.bulk.all_neighbours import write_neighbours
from tests.damaged_files import assert_only_galsearch_errors

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_neighbours, "GALAXIES_PER_PART", 200)


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


@pytest.mark.parametrize(("k", "is_left"), [(3, False), (4, True)])
def test_parts_of_a_table_that_was_complete_are_removed_and_those_of_another_are_kept(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, k: int, is_left: bool
) -> None:
    """A run is killed when its table is in place; another is to replace it by one with more
    neighbours.
    """
    table, parts = tmp_path / "table.parquet", tmp_path / "table.parquet.parts"
    words: dict[str, Any] = {"using": IMAGE, "among": IMAGE, "index": index}
    write_neighbours(table, k=3, **words)
    whole = table.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(all_neighbours, "_remove_parts", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_neighbours(table, k=k, **words, overwrite=True)
    table.write_bytes(whole)
    assert (parts / "part-000000.parquet").exists()
    with pytest.raises(OutputFileExistsError):
        write_neighbours(table, k=3, **words)
    assert parts.exists() == is_left
    assert table.read_bytes() == whole


def _interrupt(_: Path) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def half_done(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Callable[[], object]]:
    """Directory of the parts of a table that was interrupted before they were joined, and a
    function that continues it."""

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    out = tmp_path / "table.parquet"
    write = partial(write_neighbours, out, using=IMAGE, among=IMAGE, k=3, index=index)
    with monkeypatch.context() as patch:
        patch.setattr(all_neighbours, "_join", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write()
    return Path(f"{out}.parts"), write


def test_damaged_parts_raise_only_errors_of_galsearch(
    half_done: tuple[Path, Callable[[], object]], index: Path
) -> None:
    part = half_done[0] / "part-000000.parquet"
    ids = open_build(index).stored(IMAGE).ids[:200]

    def read(content: bytes) -> None:
        part.write_bytes(content)
        all_neighbours._read_part(part, ids)

    assert_only_galsearch_errors(read, [part.read_bytes()], copies=100)


def test_parts_that_were_exchanged_or_belong_to_a_damaged_request_are_refused(
    half_done: tuple[Path, Callable[[], object]],
) -> None:
    parts, continue_writing = half_done
    first, second = parts / "part-000000.parquet", parts / "part-000001.parquet"
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(ChangedMeanwhileError) as caught:
        continue_writing()
    assert str(caught.value) == f"{first}: holds other galaxies or columns than this part."
    first.write_bytes(content)
    request = parts / "request.json"
    text = request.read_bytes()
    request.write_bytes(text[:-9] + b"\xff")
    with pytest.raises(ChangedMeanwhileError, match="holds parts of another table"):
        continue_writing()
    request.write_bytes(text)
    continue_writing()
    assert not parts.exists()


def test_a_part_holds_a_bounded_number_of_neighbours(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_neighbours, "NEIGHBOURS_PER_PART", 1000)
    sizes = []
    write = all_neighbours._write_table

    def counted(path: Path, tables: Iterator[pa.Table], metadata: Any = None) -> None:
        found = list(tables)
        sizes.append((path.name, *map(len, found)))
        write(path, iter(found), metadata)

    monkeypatch.setattr(all_neighbours, "_write_table", counted)
    write_neighbours(tmp_path / "a.parquet", using=IMAGE, among=IMAGE, k=10, index=index)
    assert max(rows for name, rows, *_ in sizes if name.startswith("part-")) == 100


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
