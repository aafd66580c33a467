"""The whole river in one call: simulate, ingest, embed, index, ask in four directions, show."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import DatasetError
from galsearch.core.modality import DIRECTIONS
from galsearch.core.target_id import TargetId
from galsearch.dataset import open_dataset, split_of
from galsearch.dataset.ingest.run import ingest
from galsearch.embeddings import embed_dataset
from galsearch.index import IndexRecipe, build_index
from galsearch.query import Neighbours, open_index
from galsearch.render import write_gallery
from galsearch.simulate import simulate_survey

K = 5
"""Neighbours a direction: a page that fits a screen or two."""


@dataclass(frozen=True)
class DemoResult:
    """What the demonstration made, and what to type next."""

    target_id: TargetId
    """The galaxy that asked."""
    answers: tuple[Neighbours, ...]
    """Its neighbours in all four directions."""
    index: Path
    gallery: Path

    @property
    def next_commands(self) -> tuple[str, str]:
        """Two commands that work from the same directory."""
        return (
            f"galsearch query --target-id {self.target_id} --using spectrum --among image "
            f"--index {self.index} --gallery neighbours.html",
            f"galsearch inspect {self.index}",
        )


def run_demo(
    out: str | Path = "demo",
    *,
    n: int = 1000,
    seed: int = 1,
    workers: int = 2,
    build: str | Path = "index_builds/demo",
    progress: Callable[[str, int, int], None] | None = None,
) -> DemoResult:
    """Make a simulated survey of `n` galaxies searchable and ask it a question.

    A second call continues the survey where it stopped and makes the rest anew.

    Parameters
    ----------
    out
        Holds `survey/`, `dataset/`, `embeddings/` and `gallery.html`.
    n, seed, workers
        As in `simulate_survey`.
    build
        Where the index goes: the place in which `galsearch query` looks by itself.

    Raises
    ------
    DatasetError
        Where `out` is a directory that the demonstration did not make.
    """
    out, build = Path(out), Path(build)
    mine = {"survey", "dataset", "embeddings", "gallery.html"}
    strange = sorted({entry.name for entry in out.iterdir()} - mine) if out.is_dir() else []
    if strange:
        raise DatasetError(
            f"{out} already holds {', '.join(strange[:3])}, which the demonstration did not make; "
            "name another directory with --out."
        )
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
    return _ask(out, build)


def _ask(out: Path, build: Path) -> DemoResult:
    """The four questions of one galaxy of the test split: brighter than nine in ten, so that it
    is well seen, and not the brightest, which has nothing like it.
    """
    catalogue = open_dataset(out / "dataset").catalogue
    ids = catalogue["target_id"].to_numpy()
    test = split_of(ids) == "test"
    candidates = catalogue.filter(test) if test.any() else catalogue
    by_brightness = candidates.sort_by("mag_r")["target_id"]
    target_id = TargetId(by_brightness[len(by_brightness) // 10].as_py())
    engine = open_index(build)
    answers = tuple(
        engine.query(target_id, using=using, among=among, k=K) for using, among in DIRECTIONS
    )
    gallery = write_gallery(out / "gallery.html", answers, engine=engine)
    return DemoResult(target_id, answers, build, gallery)
