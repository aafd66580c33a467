"""Commands that change an index: add, remove, compact and merge."""

from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.progress_bars import progress_bars
from galsearch.cli.query_commands import Index


def add(
    embeddings: Annotated[Path, typer.Argument(help="Directory that `galsearch embed` wrote.")],
    index: Index = None,
) -> None:
    """Add galaxies to an index.

    New galaxies are coded with the quantisers that the index was trained with.
    """
    with progress_bars() as progress:
        manifest = galsearch.add(embeddings, index=index, progress=progress)
    typer.echo(str(manifest))


def remove(
    target_ids: Annotated[list[str], typer.Argument(help="TARGETIDs.", metavar="TARGETID...")],
    index: Index = None,
) -> None:
    """Remove galaxies from an index.

    Removed galaxies are never found again. `galsearch compact` frees their space.
    """
    typer.echo(str(galsearch.remove(target_ids, index=index)))


def compact(
    index: Annotated[Path | None, typer.Argument(help="Directory of an index.")] = None,
) -> None:
    """Rewrite an index without its removed galaxies.

    Later additions are joined with the first galaxies, and recall is measured again.
    """
    with progress_bars() as progress:
        manifest = galsearch.compact(index, progress=progress)
    typer.echo(str(manifest))


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(help="Indexes with the same trained quantisers (built with --quantisers)."),
    ],
    out: Annotated[Path, typer.Option(help="Directory to write the merged index into.")],
    overwrite: Annotated[bool, typer.Option(help="Replace an index that is there.")] = False,
) -> None:
    """Merge indexes that share trained quantisers."""
    with progress_bars() as progress:
        manifest = galsearch.merge(parts, out=out, overwrite=overwrite, progress=progress)
    typer.echo(str(manifest))
