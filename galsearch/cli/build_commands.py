"""Commands that write data products: a simulated survey, a dataset, an index, neighbours."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.queries.query_options import Index

SIMULATE_EXAMPLES = """\b
Examples:
  galsearch simulate survey
  galsearch simulate survey --n 20000 --seed 7 --workers 8 --hemisphere north
"""
INGEST_EXAMPLES = """\b
Examples:
  galsearch ingest survey/ingest.toml dataset
  galsearch ingest mine.toml dataset --skip-bad-files
"""
BUILD_INDEX_EXAMPLES = """\b
Examples:
  galsearch build-index recipe.toml --embeddings embeddings --out index_builds/mine
  galsearch build-index recipe.toml --embeddings embeddings --out index_builds/mine --overwrite
  galsearch build-index recipe.toml --embeddings part2 --out part2_index --quantisers part1_index

\b
A small recipe.toml:
  name = "mine"
  recall_target = 0.95
"""
NEIGHBOURS_EXAMPLES = """\b
Examples:
  galsearch neighbours --all --using image --among image --out neighbours.parquet
  galsearch neighbours --all --using spectrum --among image -k 50 --device gpu --out cross.parquet
"""


class Hemisphere(StrEnum):
    """The part of the Legacy Surveys whose instruments a simulated survey imitates."""

    NORTH = "north"
    SOUTH = "south"


def simulate(
    out: Annotated[Path, typer.Argument(help="Directory to write the survey into.", metavar="OUT")],
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
    recipe: Annotated[
        Path,
        typer.Argument(
            help="TOML file that names the survey files and says how images and spectra are "
            "matched; `galsearch simulate` writes one.",
            metavar="RECIPE",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(help="Directory to write the dataset into.", metavar="OUT")
    ],
    skip_bad_files: Annotated[
        bool,
        typer.Option(
            "--skip-bad-files",
            help="Leave out survey files that cannot be read, and list them in the report.",
        ),
    ] = False,
) -> None:
    """Read survey files and write a dataset of galaxies.

    Images and spectra of the same galaxy are matched, and all galaxies are written to Parquet files
    in the layout of HATS catalogues. The report accounts for every row that was read.
    """
    with progress_bars() as progress:
        report = galsearch.ingest(recipe, out, skip_bad_files=skip_bad_files, progress=progress)
    typer.echo(str(report))


def build_index(
    recipe: Annotated[
        Path,
        typer.Argument(
            help="TOML file with the name of the index and the settings that differ from the "
            "defaults, such as the recall.",
            metavar="RECIPE",
        ),
    ],
    embeddings: Annotated[
        Path,
        typer.Option(help="Directory that `galsearch embed` or `import-embeddings` wrote."),
    ],
    out: Annotated[Path, typer.Option(help="Directory to write the index into.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an index that is there.")
    ] = False,
    quantisers: Annotated[
        Path | None,
        typer.Option(
            help="Directory of an index whose trained quantisers are used, "
            "so that `galsearch merge` "
            "can join both; nothing is trained."
        ),
    ] = None,
) -> None:
    """Build a search index from embeddings.

    One index is trained and filled for each modality. recall@10, the share of the 10 nearest
    neighbours that a search finds, is measured against exact search in all four directions.
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
