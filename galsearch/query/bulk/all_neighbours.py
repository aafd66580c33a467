"""The nearest neighbours of every galaxy of an index, as one table that is written in parts."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ChangedMeanwhileError, QueryError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.files.atomic import new_file, write_text
from galsearch.files.lock import locked_directory
from galsearch.files.parquet_input import damage_named, open_parquet
from galsearch.formats.table_files import require_writable
from galsearch.index.search.device import Device
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.search.search_result import SearchResult
from galsearch.query.inputs.argument_checks import checked_count, checked_modality

GALAXIES_PER_PART = 65_536
"""Largest number of galaxies that are searched together; their neighbours are one part of a
table."""
NEIGHBOURS_PER_PART = 2**24
"""Largest number of neighbours in one part, about 200 MB of memory."""
_LOCK_NAME = "neighbours.lock"
_REQUEST_NAME = "request.json"


@dataclass(frozen=True)
class NeighbourTableReport:
    """Numbers of galaxies and neighbours of a table."""

    path: Path
    n_galaxies: int
    """Number of rows of the table: galaxies with an embedding of the modality `using`."""
    n_neighbours: int
    """Number of neighbours of all galaxies together."""
    n_short: int
    """Number of galaxies with fewer neighbours than requested."""
    n_parts_kept: int
    """Number of parts that an earlier, interrupted run had finished."""

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.n_neighbours} neighbours of {self.n_galaxies} galaxies "
            f"({self.n_short} galaxies have fewer than requested); {self.n_parts_kept} parts kept "
            "from an earlier run"
        )


def write_neighbours(
    out: str | Path,
    *,
    using: Modality | str,
    among: Modality | str,
    k: int = 10,
    index: str | Path | None = None,
    device: Device = "cpu",
    n_probe: int | None = None,
    exact: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> NeighbourTableReport:
    """Write the `k` nearest neighbours of every galaxy of an index to a Parquet table.

    The table has a row for each galaxy with an embedding of the modality `using`, by ascending
    TARGETID: `target_id`, and the lists `neighbour_target_id` and `similarity`, the most similar
    first and without the galaxy itself. Galaxies are searched and written some at a time, so that
    the memory does not grow with the index. A second call continues an interrupted one.

    Parameters
    ----------
    out
        Parquet file of the table. Its parts are in a directory beside it until it is complete.
    using, among
        Modality of the query galaxies, and modality that is searched.
    k
        Number of neighbours of each galaxy.
    index
        Directory of an index; by default the only one in `index_builds`.
    device
        Device that proposes candidates: `cpu`, `gpu` or `auto`.
    n_probe
        Number of inverted lists to probe, in place of the tuned one.
    exact
        Compare every vector.
    overwrite
        Replace a table that is there.
    progress
        Function that is called with stage, done and total.

    Raises
    ------
    OutputFileExistsError
        Where `out` exists and may not be replaced.
    ChangedMeanwhileError
        Where the parts beside `out` were made from another index or request, or are damaged.
    """
    target, parts = Path(out), Path(f"{out}.parts")
    _remove_parts_of_complete(target, parts)
    require_writable(target, overwrite=overwrite)
    opened = open_build(index, device=device)
    request = _Request(
        index=opened.digest(),
        using=_one_modality(using, "using"),
        among=_one_modality(among, "among"),
        k=checked_count(k, "k"),
        n_probe=n_probe,
        exact=exact,
        n_per_part=max(1, min(GALAXIES_PER_PART, NEIGHBOURS_PER_PART // k)),
    )
    with locked_directory(parts, _LOCK_NAME):
        # Another run may have written the table before this one had the lock.
        require_writable(target, overwrite=overwrite)
        _require_same_request(parts, request)
        n_kept = _write_parts(opened, request, parts, progress or no_progress)
        report = _join(opened, request, parts, target)
        _remove_parts(parts)
    with suppress(OSError):  # files of others may be in it, and another run may have removed it
        parts.rmdir()
    return dataclasses.replace(report, n_parts_kept=n_kept)


@dataclass(frozen=True)
class _Request:
    """The request of a table, by which its parts are recognised."""

    index: str
    """Digest of the manifest of the index."""
    using: Modality
    among: Modality
    k: int
    n_probe: int | None
    exact: bool
    n_per_part: int


def _remove_parts_of_complete(target: Path, parts: Path) -> None:
    """Remove what a run left that was killed after its table was complete.

    Parts of another table stay: they are those of a run that shall replace the table.
    """
    if not (target.is_file() and parts.is_dir()):
        return
    with locked_directory(parts, _LOCK_NAME):
        request = parts / _REQUEST_NAME
        if request.exists() and not _is_described_by(target, request.read_bytes()):
            return
        _remove_parts(parts)
    with suppress(OSError):  # files of others may be in it
        parts.rmdir()


def _remove_parts(parts: Path) -> None:
    """Remove all parts of a table, and then the record of its request."""
    for path in (*sorted(parts.glob("part-*.parquet")), parts / _REQUEST_NAME):
        path.unlink(missing_ok=True)


def _is_described_by(target: Path, request: bytes) -> bool:
    """True where a file is the table of a recorded request."""
    try:
        metadata = pq.read_schema(target).metadata or {}
        described = _described(json.loads(request))
    except (OSError, ValueError):
        return False
    return all(metadata.get(name.encode()) == text.encode() for name, text in described.items())


def _described(request: dict[str, Any]) -> dict[str, str]:
    """The request of a table as metadata of its file."""
    return {f"galsearch.{name}": str(value) for name, value in request.items()}


def _one_modality(value: Modality | str, name: str) -> Modality:
    found = checked_modality(value, name)
    if not isinstance(found, Modality):
        raise QueryError(f"{name} is {value!r}; expected 'image' or 'spectrum'.")
    return found


def _require_same_request(parts: Path, request: _Request) -> None:
    """Record the request in the directory of the parts, or compare it with the recorded one."""
    path, text = parts / _REQUEST_NAME, json.dumps(dataclasses.asdict(request), indent=2)
    if not path.exists():
        write_text(path, text)
    elif path.read_bytes() != text.encode():
        raise ChangedMeanwhileError(
            f"{parts} holds parts of another table: of another index, or with other arguments."
        )


def _part_paths(index: GalaxyIndex, request: _Request, parts: Path) -> list[Path]:
    n_parts = -(-len(index.stored(request.using)) // request.n_per_part)
    return [parts / f"part-{number:06d}.parquet" for number in range(n_parts)]


def _write_parts(index: GalaxyIndex, request: _Request, parts: Path, progress: Progress) -> int:
    """Write the parts that are missing; returns how many were there."""
    n_kept = n_done = 0
    for number, path in enumerate(_part_paths(index, request, parts)):
        ids = _ids_of_part(index, request, number)
        if path.exists():
            n_kept += 1
        else:
            _write_table(path, iter([_table(ids, _search(index, request, ids))]))
        n_done += len(ids)
        progress("searching neighbours", n_done, len(index.stored(request.using)))
    return n_kept


def _ids_of_part(index: GalaxyIndex, request: _Request, number: int) -> TargetIds:
    start = number * request.n_per_part
    return np.asarray(index.stored(request.using).ids[start : start + request.n_per_part])


def _search(index: GalaxyIndex, request: _Request, ids: TargetIds) -> SearchResult:
    """The neighbours of some galaxies of the index."""
    stored = index.stored(request.using)
    return index.search(
        stored.take(stored.rows_of(ids)),
        using=request.using,
        among=request.among,
        k=request.k,
        exclude_rows=index.stored(request.among).rows_of(ids),
        n_probe=request.n_probe,
        exact=request.exact,
    )


def _table(ids: TargetIds, found: SearchResult) -> pa.Table:
    """The rows of some galaxies; a galaxy with fewer neighbours has shorter lists."""
    present = found.rows >= 0
    offsets = np.concatenate([[0], np.cumsum(found.counts)]).astype(np.int32)
    lists = (
        pa.ListArray.from_arrays(offsets, pa.array(values[present]))
        for values in (found.target_ids, found.similarity)
    )
    return pa.table([pa.array(ids), *lists], schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        pa.field("target_id", pa.int64(), nullable=False),
        pa.field("neighbour_target_id", pa.list_(pa.int64())),
        pa.field("similarity", pa.list_(pa.float32())),
    ]
)


def _write_table(path: Path, tables: Iterator[pa.Table], metadata: Any = None) -> None:
    """Write tables of neighbours to one Parquet file, atomically."""
    with new_file(path) as temporary:
        schema = _SCHEMA.with_metadata(metadata)
        with pq.ParquetWriter(temporary, schema, write_page_checksum=True) as writer:
            for table in tables:
                writer.write_table(table.cast(schema))


def _read_part(path: Path, ids: TargetIds) -> pa.Table:
    """A part whose galaxies are those with the given TARGETIDs, in the same order."""
    with (
        open_parquet(path, ChangedMeanwhileError) as file,
        damage_named(path, ChangedMeanwhileError),
    ):
        table = file.read()
        if table.schema != _SCHEMA or not np.array_equal(table["target_id"].to_numpy(), ids):
            raise ChangedMeanwhileError(f"{path}: holds other galaxies or columns than this part.")
    return table


def _join(index: GalaxyIndex, request: _Request, parts: Path, target: Path) -> NeighbourTableReport:
    """Write the table from its parts, and count its rows and neighbours."""
    n_galaxies = n_neighbours = n_short = 0

    def tables() -> Iterator[pa.Table]:
        nonlocal n_galaxies, n_neighbours, n_short
        for number, path in enumerate(_part_paths(index, request, parts)):
            table = _read_part(path, _ids_of_part(index, request, number))
            lengths = np.diff(_offsets(table["neighbour_target_id"]))
            n_galaxies += len(table)
            n_neighbours += int(lengths.sum())
            n_short += int((lengths < request.k).sum())
            yield table

    _write_table(target, tables(), _described(dataclasses.asdict(request)))
    if n_galaxies != len(index.stored(request.using)):
        raise ChangedMeanwhileError(
            f"{parts} holds the neighbours of {n_galaxies} galaxies; expected "
            f"{len(index.stored(request.using))}."
        )
    return NeighbourTableReport(target, n_galaxies, n_neighbours, n_short, 0)


def _offsets(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks().offsets.to_numpy()
