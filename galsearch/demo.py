"""The demonstration: a simulated survey is ingested, embedded, indexed and searched."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import OutputExistsError
from galsearch.core.modality import DIRECTIONS
from galsearch.core.progress import Progress
from galsearch.core.target_id import TargetId
from galsearch.dataset import open_dataset, split_of
from galsearch.dataset.ingest.run import ingest
from galsearch.embeddings import embed_dataset
from galsearch.files.lock import locked_directory
from galsearch.index import IndexRecipe, build_index
from galsearch.query import Neighbours, open_index
from galsearch.render import write_gallery
from galsearch.simulate import simulate_survey

LOCK_NAME = "demo.lock"
N_NEIGHBOURS = 5
"""Number of neighbours that the demonstration shows in each direction of search; with five of them
the page fits one or two screens."""


@dataclass(frozen=True)
class DemoResult:
    """The neighbours that the demonstration found, and the files that it wrote."""

    target_id: TargetId
    """TARGETID of the query galaxy."""
    neighbours: tuple[Neighbours, ...]
    """Neighbours of the query galaxy, one entry for each of the four directions of search."""
    index: Path
    """Directory of the index that the demonstration built."""
    gallery: Path
    """Path of an HTML page with thumbnails and spectra of the neighbours."""


def run_demo(
    out: str | Path = "demo",
    *,
    n: int = 1000,
    seed: int = 1,
    workers: int = 2,
    build: str | Path = "index_builds/demo",
    progress: Progress | None = None,
) -> DemoResult:
    """Simulate a survey of `n` galaxies, index it, and find the neighbours of one of them.

    A second call continues an interrupted simulation, and makes everything else again.

    Parameters
    ----------
    out
        Directory for `survey/`, `dataset/`, `embeddings/` and `gallery.html`.
    n
        Number of simulated galaxies.
    seed
        Seed of the simulation; the same seed gives the same files.
    workers
        Number of processes that simulate.
    build
        Directory for the index. `galsearch query` finds an index in the default directory by
        itself.
    progress
        Receives the progress of each stage.

    Returns
    -------
    DemoResult
        Five neighbours of one galaxy in each of the four directions.

    Raises
    ------
    OutputExistsError
        Where `out` holds files that the demonstration did not make.
    """
    out, build = Path(out), Path(build)
    expected = {"survey", "dataset", "embeddings", "gallery.html", LOCK_NAME}
    foreign = sorted({entry.name for entry in out.iterdir()} - expected) if out.is_dir() else []
    if foreign:
        raise OutputExistsError(
            f"{out} already holds {', '.join(foreign[:3])}, which the demonstration did not make."
        )
    with locked_directory(out, LOCK_NAME):
        return _run(out, build, n, seed, workers, progress)


def _run(
    out: Path, build: Path, n: int, seed: int, workers: int, progress: Progress | None
) -> DemoResult:
    """Run all stages of the demonstration in a directory that no other process writes into."""
    simulate_survey(out / "survey", n=n, seed=seed, workers=workers, progress=progress)
    for name in ("dataset", "embeddings"):
        shutil.rmtree(out / name, ignore_errors=True)
    ingest(out / "survey" / "ingest.toml", out / "dataset", progress=progress)
    embed_dataset(out / "dataset", out / "embeddings", progress=progress)
    build_index(
        IndexRecipe(name="demo"),
        embeddings=out / "embeddings",
        out=build,
        overwrite=True,
        progress=progress,
    )
    target_id = _query_galaxy(out / "dataset")
    engine = open_index(build)
    neighbours = tuple(
        engine.query(target_id, using=using, among=among, k=N_NEIGHBOURS)
        for using, among in DIRECTIONS
    )
    gallery = write_gallery(out / "gallery.html", neighbours, engine=engine, overwrite=True)
    return DemoResult(target_id, neighbours, build, gallery)


def _query_galaxy(dataset: Path) -> TargetId:
    """TARGETID of a galaxy of the test split that is brighter than nine in ten of the others.

    The image and the spectrum of such a galaxy have a good signal-to-noise ratio, while the
    brightest galaxy of a small survey would have no similar neighbour.
    """
    catalogue = open_dataset(dataset).catalogue
    test = split_of(catalogue["target_id"].to_numpy()) == "test"
    candidates = catalogue.filter(test) if test.any() else catalogue
    by_brightness = candidates.sort_by("mag_r")["target_id"]
    return TargetId(by_brightness[len(by_brightness) // 10].as_py())
