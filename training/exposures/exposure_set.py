"""A directory with the exposures of many simulated objects: its making and its reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows
from galsearch.core.errors import DatasetError, SimulationError, SimulationSettingError
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import split_of
from galsearch.files.atomic import write_json
from galsearch.files.digest import sha256_of_text
from galsearch.files.json_input import read_json
from galsearch.files.lock import locked_directory
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.wide_exposures import WIDE_VERSION
from galsearch.simulate.survey.worker_pool import make_in_workers
from training.exposures.exposure_record import EXPOSURES, preparation
from training.exposures.make_exposures import OBJECTS_PER_CHUNK, chunk_path, make_exposures

RECORD_NAME, _LOCK_NAME = "exposures.json", "exposures.lock"


def simulate_exposure_set(
    out: Path,
    *,
    n: int,
    seed: int,
    workers: int,
    ordinary_share: float = 0.0,
    progress: Progress = no_progress,
) -> int:
    """Simulate `n` objects with two exposures each, in whole chunks of 200; returns how many the
    set holds.

    The same seed makes the same bytes, whatever the number of workers and interruptions. Finished
    chunks are kept, and a larger `n` continues the set.

    Parameters
    ----------
    out
        Directory of the set; it is made where it does not exist.
    n, seed, workers
        Number of objects, seed of all random numbers, number of worker processes.
    ordinary_share : 0 to 1
        Share of the exposures that are taken in ordinary conditions.
    progress
        Called as progress("exposures", objects done, n).

    Raises
    ------
    SimulationSettingError
        Where a number is out of range.
    SimulationError
        Where `out` holds a set of another seed, version, preparation or share of ordinary
        exposures, or a larger one.
    """
    if not 0 <= ordinary_share <= 1:
        raise SimulationSettingError(f"ordinary_share = {ordinary_share}: expected 0 to 1.")
    for name, value, least in (("n", n, 1), ("seed", seed, 0), ("workers", workers, 1)):
        if value < least:
            raise SimulationSettingError(
                f"{name} = {value}: a set of exposures needs {name} of at least {least}."
            )
    chunks = [Chunk(i, 0, OBJECTS_PER_CHUNK) for i in range(-(-n // OBJECTS_PER_CHUNK))]
    total = len(chunks) * OBJECTS_PER_CHUNK
    with locked_directory(out, _LOCK_NAME):
        _start_or_continue(out, seed, total, ordinary_share)
        missing = [chunk for chunk in chunks if not chunk_path(out, chunk).exists()]
        done = [total - len(missing) * OBJECTS_PER_CHUNK]
        progress("exposures", done[0], total)

        def report(_chunk: Chunk) -> None:
            done[0] += OBJECTS_PER_CHUNK
            progress("exposures", done[0], total)

        if missing:
            make_in_workers(
                missing,
                partial(make_exposures, out, seed, ordinary_share),
                workers=workers,
                done=report,
                exists=lambda chunk: chunk_path(out, chunk).exists(),
            )
    return total


def _start_or_continue(out: Path, seed: int, n: int, ordinary_share: float) -> None:
    path = out / RECORD_NAME
    requested: dict[str, Any] = {
        "simulator_version": WIDE_VERSION, "seed": seed, "preparation": preparation(), "n": n,
    }  # fmt: skip
    if ordinary_share:
        requested["ordinary_share"] = ordinary_share
    if path.exists():
        found = _read_record(path)
        for key in ("simulator_version", "seed", "preparation", "ordinary_share"):
            values = [record.get(key, 0) for record in (found, requested)]
            if values[0] != values[1]:
                raise SimulationError(
                    f"{out} holds exposures of {key} {values[0]}; requested {values[1]}."
                )
        if found["n"] > n:
            raise SimulationError(
                f"{out} holds exposures of {found['n']} objects; requested {n}. A set can grow, "
                "not shrink."
            )
    elif any(each.name != _LOCK_NAME for each in out.iterdir()):
        raise SimulationError(f"{out} exists and holds no exposures (no {RECORD_NAME}).")
    write_json(path, requested)


def _read_record(path: Path) -> dict[str, Any]:
    record = read_json(path, SimulationError)
    if not isinstance(record, dict) or type(record.get("n")) is not int:
        raise SimulationError(f"{path}: not the record of a set of exposures.")
    return record


@dataclass(frozen=True, eq=False)
class ExposureSet:
    """Exposures of simulated objects, memory-mapped; row i is object i of the set."""

    path: Path
    chunks: Sequence[npt.NDArray[np.void]]
    """Records of dtype `EXPOSURES` of the chunks, of equal size."""
    digest: str
    """Digest of the record of the set, which determines its content."""

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def column(self, name: str) -> npt.NDArray[Any]:
        """Values (n, ...) of one small field of the records, such as `z`."""
        return np.concatenate([chunk[name] for chunk in self.chunks])

    def rows_of(self, split: str) -> Rows:
        """Ascending row numbers of the objects of a split, by a hash of their identifiers."""
        return np.flatnonzero(split_of(self.column("target_id")) == split)

    def take(self, rows: Rows) -> npt.NDArray[np.void]:
        """Records (len(rows),) of some objects, in the order of `rows`."""
        records = np.empty(len(rows), EXPOSURES)
        size = len(self.chunks[0])
        for i, row in enumerate(np.asarray(rows)):
            records[i] = self.chunks[row // size][row % size]
        return records


def open_exposure_set(path: Path) -> ExposureSet:
    """Open the exposures in a directory that `simulate_exposure_set` wrote.

    Raises
    ------
    DatasetError
        Where chunks are missing, or the exposures were prepared in another way.
    """
    record_path = path / RECORD_NAME
    if not record_path.is_file():
        raise DatasetError(f"{path}: holds no simulated exposures (no {RECORD_NAME}).")
    record = _read_record(record_path)
    if record.get("preparation") != preparation():
        raise DatasetError(
            f"{path}: its exposures have the preparation {record.get('preparation')}; this "
            f"galsearch has {preparation()}."
        )
    n_chunks = record["n"] // OBJECTS_PER_CHUNK
    paths = [chunk_path(path, Chunk(i, 0, OBJECTS_PER_CHUNK)) for i in range(n_chunks)]
    missing = [each for each in paths if not each.exists()]
    if missing:
        raise DatasetError(
            f"{path}: {len(missing)} of {len(paths)} chunks of exposures are missing, the first "
            f"is {missing[0].name}: the simulation was interrupted; repeat it."
        )
    chunks = [np.load(each, mmap_mode="r") for each in paths]
    return ExposureSet(path, chunks, sha256_of_text(record_path.read_text("utf-8")))
