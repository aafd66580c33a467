"""Commands that change builds: galaxies in, galaxies out, one piece again, parts into one."""

from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.query_commands import Index


def add(
    embeddings: Annotated[Path, typer.Argument(help="What `galsearch embed` wrote.")],
    index: Index = None,
) -> None:
    """Put more galaxies into a build, by the quantisers that it was trained with."""
    with progress_bars() as progress:
        manifest = galsearch.add(embeddings, index=index, progress=progress)
    typer.echo(str(manifest))


def remove(
    target_ids: Annotated[list[str], typer.Argument(help="TARGETIDs.", metavar="TARGETID...")],
    index: Index = None,
) -> None:
    """Take galaxies out of a build; they are never found again."""
    typer.echo(str(galsearch.remove(target_ids, index=index)))


def compact(index: Annotated[Path | None, typer.Argument(help="A build.")] = None) -> None:
    """Join what was added, drop what was removed, and measure recall again."""
    with progress_bars() as progress:
        manifest = galsearch.compact(index, progress=progress)
    typer.echo(str(manifest))


def merge(
    parts: Annotated[list[Path], typer.Argument(help="Builds of one build's quantisers.")],
    out: Annotated[Path, typer.Option(help="Directory to write the build into.")],
    overwrite: Annotated[bool, typer.Option(help="Replace a build that is there.")] = False,
) -> None:
    """Make one build of parts that were built apart with the same quantisers."""
    with progress_bars() as progress:
        manifest = galsearch.merge(parts, out=out, overwrite=overwrite, progress=progress)
    typer.echo(str(manifest))
