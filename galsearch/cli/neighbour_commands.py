"""The command that writes the neighbours of every galaxy of an index."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.query_commands import Index


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
