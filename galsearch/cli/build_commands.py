"""Commands that write data products: a simulated survey, a dataset, an index, neighbours."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.queries.query_options import Index


class Hemisphere(StrEnum):
    """The part of the Legacy Surveys whose instruments a simulated survey imitates."""

    NORTH = "north"
    SOUTH = "south"


def simulate(
    out: Annotated[Path, typer.Argument(help="Directory to write the survey into.")],
    n: Annotated[int, typer.Option("--n", help="Number of galaxies.")] = 1000,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same files.")] = 1,
    workers: Annotated[int, typer.Option(help="Number of processes.")] = 2,
    hemisphere: Annotated[
        Hemisphere, typer.Option(help="Cameras and filters: BASS and MzLS (north), DECam (south).")
    ] = Hemisphere.SOUTH,
) -> None:
    """Simulate a survey in DESI and Legacy Surveys files.

    The command writes DESI coadds with redrock redshifts, Legacy Surveys cutouts, a table of the
    true parameters, and the recipe with which `galsearch ingest` reads them.
    """
    with progress_bars() as progress:
        report = galsearch.simulate_survey(
            out, n=n, seed=seed, workers=workers, hemisphere=hemisphere.value, progress=progress
        )
    typer.echo(str(report))
    typer.echo(f"Next: galsearch ingest {report.ingest_recipe} DATASET", err=True)


def ingest(
    recipe: Annotated[Path, typer.Argument(help="TOML file: the survey files and their pairing.")],
    out: Annotated[Path, typer.Argument(help="Directory to write the dataset into.")],
    skip_bad_files: Annotated[
        bool,
        typer.Option(
            "--skip-bad-files",
            help="Leave out survey files that cannot be read, and list them in the report.",
        ),
    ] = False,
) -> None:
    """Read survey files and write a dataset of galaxies.

    Spectra and images are matched, and every galaxy is written to HATS-shaped Parquet. The report
    accounts for every row that was read.
    """
    with progress_bars() as progress:
        report = galsearch.ingest(recipe, out, skip_bad_files=skip_bad_files, progress=progress)
    typer.echo(str(report))


def build_index(
    recipe: Annotated[Path, typer.Argument(help="TOML file: the kind of index.")],
    embeddings: Annotated[Path, typer.Option(help="Directory that `galsearch embed` wrote.")],
    out: Annotated[Path, typer.Option(help="Directory to write the index into.")],
    overwrite: Annotated[bool, typer.Option(help="Replace an index that is there.")] = False,
    quantisers: Annotated[
        Path | None,
        typer.Option(help="Another index whose trained quantisers are used; nothing is trained."),
    ] = None,
) -> None:
    """Build a search index from embeddings.

    One index is trained and filled for each modality, and recall@10 is measured against exact
    search in all four directions.
    """
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


class OneModality(StrEnum):
    """One of the two modalities."""

    IMAGE = "image"
    SPECTRUM = "spectrum"


class SearchDevice(StrEnum):
    """Devices that propose candidates."""

    CPU = "cpu"
    GPU = "gpu"
    AUTO = "auto"


def neighbours(
    using: Annotated[OneModality, typer.Option(help="Embedding of the query galaxies.")],
    among: Annotated[OneModality, typer.Option(help="Which embeddings are searched.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.", metavar="FILE")],
    all: Annotated[  # noqa: A002 (the name of the option)
        bool, typer.Option("--all", help="Required: the query galaxies are all of the index.")
    ] = False,
    k: Annotated[int, typer.Option("-k", help="Number of neighbours of each galaxy.")] = 10,
    index: Index = None,
    device: Annotated[
        SearchDevice, typer.Option(help="Device that proposes candidates.")
    ] = SearchDevice.CPU,
    n_probe: Annotated[
        int | None, typer.Option(help="Inverted lists to probe; default: as tuned.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Compare every vector.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
) -> None:
    """Write the neighbours of every galaxy.

    The Parquet table has a row for each galaxy, with a list of its neighbours and one of their
    similarities. An interrupted run continues where it stopped.
    """
    if not all:
        raise typer.BadParameter("--all is required; galsearch query finds those of one galaxy.")
    with progress_bars() as progress:
        report = galsearch.write_neighbours(
            out,
            using=using.value,
            among=among.value,
            k=k,
            index=index,
            device=device.value,
            n_probe=n_probe,
            exact=exact,
            overwrite=overwrite,
            progress=progress,
        )
    typer.echo(str(report))
