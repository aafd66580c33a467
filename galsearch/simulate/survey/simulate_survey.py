"""Simulation of a survey, which can be interrupted, continued and enlarged."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galsearch.core.errors import SimulationError, SimulationSettingError
from galsearch.core.progress import Progress, no_progress
from galsearch.files.atomic import write_json, write_text
from galsearch.files.json_input import read_json
from galsearch.files.lock import locked_directory
from galsearch.simulate.survey.footprint import (
    GALAXIES_PER_CHUNK,
    HEMISPHERES,
    Chunk,
    chunk_pixels,
    truth_path,
)
from galsearch.simulate.survey.worker_pool import make_chunks

LOCK_NAME = "simulate.lock"
SIMULATOR_VERSION = 6
"""Version of the simulator, which changes when the same seed makes other bytes.

A survey can be continued only by the version that started it.
Galaxies of version 6 are those of version 5 to 3e-7 of each column's largest value, since distances
and ages come from astropy.
"""

_INGEST_RECIPE = """\
# What `galsearch ingest` needs to know of this simulated survey.
name = "sim"

[spectra]
files = ["healpix/**/coadd-*.fits"]
redshifts = ["healpix/**/redrock-*.fits"]

[images]
cutouts = ["cutouts/**/*.fits"]

[labels]
tables = ["truth/truth-*.fits"]

[pairing]
by = "position"
max_separation_arcsec = 0.5
unpaired = "keep"
"""


@dataclass(frozen=True)
class SurveyReport:
    """Summary of a call of `simulate_survey`: size of the survey, and galaxies that were added."""

    out: Path
    n: int
    """Number of galaxies in the survey."""
    n_made: int
    """Number of galaxies made by the call; the other galaxies of the survey existed already."""
    seconds: float
    ingest_recipe: Path
    """Path of the TOML recipe with which the survey is ingested."""

    def __str__(self) -> str:
        return (
            f"{self.n} simulated galaxies in {self.out}, {self.n_made} of them made now in "
            f"{self.seconds:.0f} s; recipe for their ingestion: {self.ingest_recipe}"
        )


def simulate_survey(
    out: str | Path,
    *,
    n: int = 1000,
    seed: int = 1,
    workers: int = 2,
    hemisphere: str = "south",
    progress: Progress | None = None,
) -> SurveyReport:
    """Simulate galaxies and write them as DESI coadds, Legacy Survey cutouts and truth tables.

    The same seed makes the same bytes, whatever the number of workers and interruptions. Finished
    parts are kept, and a larger `n` continues the survey.

    Galaxies are made in worker processes, which import the main script again, so a script must call
    this function below `if __name__ == "__main__":`.

    Parameters
    ----------
    out
        Directory of the survey; it is made where it does not exist.
    n : at least 1
        Number of galaxies. Each coadd holds two further rows: a sky fibre and a stuck positioner.
    seed : at least 0
        Seed of all random numbers.
    workers : at least 1
        Number of worker processes.
    hemisphere : "south" or "north"
        Imaging by DECam (release 9010), or by BASS and MzLS (release 9011), with their filters,
        seeing, noise and part of the sky.
    progress
        Function that is called as progress("simulate", galaxies done, n).

    Returns
    -------
    SurveyReport
        Numbers of galaxies, and the path of the ingest recipe.

    Raises
    ------
    SimulationSettingError
        Where a number is out of range, or the hemisphere is unknown.
    SimulationError
        Where `out` holds a survey of another seed, version or hemisphere, a larger one, or other
        files.
    MissingExtraError
        Where Bagpipes, GalSim or speclite is not installed.
    WorkerDiedError
        Where a worker process ended early.
    LockedError
        Where another process simulates into `out`.
    WriteError
        Where the disk is full, or nothing may be written there.
    """
    started = time.monotonic()
    _check_numbers(n, seed, workers)
    _check_hemisphere(hemisphere)
    out = Path(out)
    chunks = _chunks(n, seed, hemisphere)
    with locked_directory(out, LOCK_NAME):
        _start_or_continue(out, n, seed, hemisphere, chunks)
        n_made = _make_missing(out, seed, chunks, workers, hemisphere, progress or no_progress)
        recipe = out / "ingest.toml"
        write_text(recipe, _INGEST_RECIPE)
    return SurveyReport(out, n, n_made, time.monotonic() - started, recipe)


def _make_missing(
    out: Path,
    seed: int,
    chunks: list[Chunk],
    workers: int,
    hemisphere: str,
    report_progress: Progress,
) -> int:
    """Make the chunks of a survey that are not there yet; returns their number of galaxies."""
    n = sum(chunk.n for chunk in chunks)
    missing = [chunk for chunk in chunks if not truth_path(out, chunk).exists()]
    n_made = sum(chunk.n for chunk in missing)
    done = [n - n_made]

    def report(chunk: Chunk | None) -> None:
        done[0] += chunk.n if chunk else 0
        report_progress("simulate", done[0], n)

    report(None)
    if missing:
        make_chunks(out, seed, missing, workers=workers, done=report, hemisphere=hemisphere)
    return n_made


def _check_numbers(n: int, seed: int, workers: int) -> None:
    for name, value, least in (("n", n, 1), ("seed", seed, 0), ("workers", workers, 1)):
        if value < least:
            raise SimulationSettingError(
                f"{name} = {value}: a simulated survey needs {name} of at least {least}."
            )


def _check_hemisphere(hemisphere: str) -> None:
    if hemisphere not in HEMISPHERES:
        raise SimulationSettingError(
            f"hemisphere = {hemisphere!r}: a simulated survey is of the "
            f"{' or the '.join(HEMISPHERES)}."
        )


def _chunks(n: int, seed: int, hemisphere: str) -> list[Chunk]:
    pixels = chunk_pixels(seed, -(-n // GALAXIES_PER_CHUNK), hemisphere)
    return [
        Chunk(i, int(pixel), min(GALAXIES_PER_CHUNK, n - i * GALAXIES_PER_CHUNK))
        for i, pixel in enumerate(pixels)
    ]


def _start_or_continue(out: Path, n: int, seed: int, hemisphere: str, chunks: list[Chunk]) -> None:
    """Write simulation.json, or check that the survey in `out` can be continued.

    Where a survey grows, its last chunk is made anew unless it is full already.
    """
    record_path = out / "simulation.json"
    requested: dict[str, Any] = {
        "simulator_version": SIMULATOR_VERSION,
        "seed": seed,
        "hemisphere": hemisphere,
        "n": n,
    }
    if not record_path.exists():
        if any(path.name != LOCK_NAME for path in out.iterdir()):
            raise SimulationError(
                f"{out} exists and holds no simulated survey (no simulation.json)."
            )
    else:
        found = _read_record(record_path)
        _check_continues(out, requested, found)
        if found["n"] == n:
            return
        last = (found["n"] - 1) // GALAXIES_PER_CHUNK
        if chunks[last].n != found["n"] - last * GALAXIES_PER_CHUNK:
            truth_path(out, chunks[last]).unlink(missing_ok=True)
    write_json(record_path, requested)


def _read_record(path: Path) -> dict[str, Any]:
    record = read_json(path, SimulationError)
    numbers = ("simulator_version", "seed", "n")
    is_record = isinstance(record, dict) and all(type(record.get(key)) is int for key in numbers)
    if not is_record or record["n"] < 1:
        raise SimulationError(f"{path}: not the record of a simulated survey.")
    # Surveys of the first version have no hemisphere.
    return {"hemisphere": "south", **record}


def _check_continues(out: Path, requested: dict[str, Any], found: dict[str, Any]) -> None:
    for key, title in (
        ("seed", "seed"),
        ("simulator_version", "simulator version"),
        ("hemisphere", "hemisphere"),
    ):
        if requested[key] != found[key]:
            raise SimulationError(
                f"{out} holds {found['n']} galaxies of {title} {found[key]}; requested {title} "
                f"{requested[key]}."
            )
    if requested["n"] < found["n"]:
        raise SimulationError(
            f"{out} holds a survey of {found['n']} galaxies; requested {requested['n']}. "
            "A survey can grow, not shrink."
        )
