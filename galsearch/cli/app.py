"""The commands in the order of the river, and the one place where an error becomes a status."""

import os
import sys
from typing import Annotated

import typer

import galsearch
from galsearch.cli import build_commands as make
from galsearch.cli import demo_commands as tour
from galsearch.cli import encoder_commands as encode
from galsearch.cli import lifecycle_commands as grow
from galsearch.cli import query_commands as ask
from galsearch.core.errors import GalsearchError

app = typer.Typer(
    name="galsearch",
    help="Similarity search for galaxies: images and spectra in one space.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"galsearch {galsearch.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Similarity search for galaxies: images and spectra in one space."""


app.command("demo")(tour.demo)
app.command("simulate")(make.simulate)
app.command("ingest")(make.ingest)
app.command("embed")(encode.embed)
app.command("build-index")(make.build_index)
app.command("add")(grow.add)
app.command("remove")(grow.remove)
app.command("compact")(grow.compact)
app.command("merge")(grow.merge)
app.command("query")(ask.query)
app.command("inspect")(ask.inspect)
app.command("verify")(ask.verify)
app.command("convert-checkpoint")(encode.convert_checkpoint)
app.command("doctor")(tour.doctor)


def main() -> None:
    """Run the command line: exit 0 done, 1 an error of ours (its message only), 2 usage."""
    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (GalsearchError, OSError) as error:
        if debug:
            raise
        typer.echo(f"galsearch: {error}", err=True)
        raise SystemExit(1) from None
