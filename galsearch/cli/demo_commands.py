"""Commands for a first look: `demo` runs everything once, `doctor` lists what is installed."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

import galsearch
from galsearch.cli.output import show_neighbours
from galsearch.cli.progress_bars import progress_bars

DEMO_EXAMPLES = """\b
Examples:
  galsearch demo
  galsearch demo --out small --n 200 --workers 4
"""
DOCTOR_EXAMPLES = """\b
Examples:
  galsearch doctor
"""
EXTRAS = {
    "faiss": "cpu (or gpu)",
    "bagpipes": "sim",
    "galsim": "sim",
    "speclite": "sim",
    "matplotlib": "plot",
    "umap": "map",
    "polars": "tables",
    "pandas": "tables",
    "pyvo": "samp",
    "mcp": "mcp",
    "s3fs": "cloud",
}
"""Optional Python packages, each with the extra of galsearch that installs it."""


def demo(
    out: Annotated[
        Path, typer.Option(help="Directory for the survey, its dataset, embeddings and page.")
    ] = Path("demo"),
    n: Annotated[int, typer.Option("--n", help="Number of simulated galaxies.")] = 1000,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same files.")] = 1,
    workers: Annotated[int, typer.Option(help="Number of processes that simulate.")] = 2,
) -> None:
    """Try everything on a simulated survey.

    The command simulates galaxies, ingests, embeds and indexes them, queries one galaxy in all
    four directions and writes a page of thumbnails and spectra.
    """
    with progress_bars() as progress:
        result = galsearch.run_demo(out, n=n, seed=seed, workers=workers, progress=progress)
    for neighbours in result.neighbours:
        show_neighbours(neighbours)
        typer.echo("")
    typer.echo(f"gallery: {result.gallery}\n\nTry next:")
    query = f"query --target-id {result.target_id} --using spectrum --among image"
    for command in (
        f"{query} --index {result.index} --gallery neighbours.html",
        f"inspect {result.index}",
    ):
        typer.echo(f"  {_program_name()} {command}")


def _program_name() -> str:
    """The name by which a user can call this program: `galsearch` if it is on the search path.

    Otherwise it is the path by which the program was called.
    """
    called = Path(sys.argv[0])
    if shutil.which("galsearch") or called.name != "galsearch":
        return "galsearch"
    return str(called)


def doctor() -> None:
    """Show versions, GPUs and missing packages.

    Each missing package is named with the command that installs it. A report of a fault should have
    this text.
    """
    # These modules are imported here, because importing them takes a tenth of the time in which a
    # query starts.
    import importlib.metadata
    import importlib.util
    import platform

    typer.echo(f"galsearch {galsearch.__version__}, Python {platform.python_version()}")
    typer.echo(f"threads: {os.cpu_count()}")
    for name in ("torch", "numpy", "pyarrow", "astropy"):
        typer.echo(f"{name} {importlib.metadata.version(name)}")
    for name, extra in EXTRAS.items():
        if importlib.util.find_spec(name) is None:
            typer.echo(f"{name}: missing; pip install 'galsearch[{extra.split()[0]}]'")
        else:
            typer.echo(f"{name}: installed (extra {extra})")
    if importlib.util.find_spec("faiss") is not None:
        from galsearch.index import engine_report

        typer.echo(engine_report())
