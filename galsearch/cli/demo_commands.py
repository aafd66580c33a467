"""Commands for a newcomer: a demonstration of everything, and what is missing here."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.output import Format, show_neighbours
from galsearch.cli.progress_bars import progress_bars

EXTRAS = {
    "faiss": "cpu (or gpu)",
    "bagpipes": "sim",
    "galsim": "sim",
    "speclite": "sim",
    "matplotlib": "plot",
    "s3fs": "cloud",
}
"""Optional packages and the extra that installs them."""


def demo(
    out: Annotated[Path, typer.Option(help="Directory for the survey and the gallery.")] = Path(
        "demo"
    ),
    n: Annotated[int, typer.Option("--n", help="Number of simulated galaxies.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same galaxies.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes that simulate.")] = 2,
) -> None:
    """Simulate, ingest, embed, index and ask, in all four directions; then show the page."""
    with progress_bars() as progress:
        result = galsearch.run_demo(out, n=n, seed=seed, workers=workers, progress=progress)
    for answer in result.answers:
        show_neighbours(answer, Format.TABLE)
        typer.echo("")
    typer.echo(f"gallery: {result.gallery}\n\nTry next:")
    for command in result.next_commands:
        typer.echo(f"  {_as_invoked(command)}")


def _as_invoked(command: str) -> str:
    """The command with the path that this one was called by, where `galsearch` is not on PATH."""
    called = Path(sys.argv[0])
    if shutil.which("galsearch") or called.name != "galsearch":
        return command
    return command.replace("galsearch", str(called), 1)


def doctor() -> None:
    """Versions, faiss build, GPUs, threads, what is missing and how to get it."""
    typer.echo(f"galsearch {galsearch.__version__}, Python {platform.python_version()}")
    typer.echo(f"threads: {os.cpu_count()}")
    for name in ("torch", "numpy", "pyarrow", "polars", "astropy"):
        typer.echo(f"{name} {importlib.metadata.version(name)}")
    for name, extra in EXTRAS.items():
        if importlib.util.find_spec(name) is None:
            typer.echo(f"{name}: missing; pip install 'galsearch[{extra.split()[0]}]'")
        else:
            typer.echo(f"{name}: installed (extra {extra})")
    if importlib.util.find_spec("faiss") is not None:
        from galsearch.index import engine_report

        typer.echo(engine_report())
