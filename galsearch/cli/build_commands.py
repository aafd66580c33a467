"""Commands that make things: a survey, a dataset, embeddings, an index."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars


class Hemisphere(StrEnum):
    """Which half of the Legacy Surveys a simulated survey imitates."""

    NORTH = "north"
    SOUTH = "south"


def simulate(
    out: Annotated[Path, typer.Argument(help="Directory to write the survey into.")],
    n: Annotated[int, typer.Option("--n", help="Number of galaxies.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    hemisphere: Annotated[
        Hemisphere, typer.Option(help="Whose cameras and filters: BASS and MzLS, or DECam.")
    ] = Hemisphere.SOUTH,
) -> None:
    """Write a survey that never was, in the real files' formats, with its truth beside it."""
    with progress_bars() as progress:
        report = galsearch.simulate_survey(
            out, n=n, seed=seed, workers=workers, hemisphere=hemisphere.value, progress=progress
        )
    typer.echo(str(report))


def ingest(
    recipe: Annotated[Path, typer.Argument(help="TOML: which files, how they pair.")],
    out: Annotated[Path, typer.Argument(help="Directory to write the dataset into.")],
) -> None:
    """Read survey files and write paired galaxies as HATS-shaped Parquet."""
    with progress_bars() as progress:
        report = galsearch.ingest(recipe, out, progress=progress)
    typer.echo(str(report))


def build_index(
    recipe: Annotated[Path, typer.Argument(help="TOML: what is wanted of the index.")],
    embeddings: Annotated[Path, typer.Option(help="What `galsearch embed` wrote.")],
    out: Annotated[Path, typer.Option(help="Directory to write the build into.")],
    overwrite: Annotated[bool, typer.Option(help="Replace a build that is there.")] = False,
    quantisers: Annotated[
        Path | None, typer.Option(help="A build whose quantisers are taken; nothing is trained.")
    ] = None,
) -> None:
    """Train and fill an index for each modality; measure its recall in all four directions."""
    with progress_bars() as progress:
        manifest = galsearch.build_index(
            recipe,
            embeddings=embeddings,
            out=out,
            overwrite=overwrite,
            quantisers=quantisers,
            progress=progress,
        )
    typer.echo(str(manifest))
