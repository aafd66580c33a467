"""The command line: its commands, and the one place where an error becomes an exit status."""

import os
import sys
from typing import Annotated

import typer

import galsearch
from galsearch.cli import (
    build_commands,
    demo_commands,
    encoder_commands,
    lifecycle_commands,
)
from galsearch.cli.analysis import analysis_commands, explain_command
from galsearch.cli.command_signals import signals_end_in_order
from galsearch.cli.queries import query_command
from galsearch.cli.remedies import error_text
from galsearch.cli.servers import mcp_command, service_commands
from galsearch.core.errors import GalsearchError

app = typer.Typer(
    name="galsearch",
    help="Similarity search for galaxies, across images and spectra.",
    no_args_is_help=True,
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
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Similarity search for galaxies, across images and spectra."""


app.command("demo")(demo_commands.demo)
app.command("simulate")(build_commands.simulate)
app.command("ingest")(build_commands.ingest)
app.command("embed")(encoder_commands.embed)
app.command("import-embeddings")(encoder_commands.import_embeddings)
app.command("build-index")(build_commands.build_index)
app.command("add")(lifecycle_commands.add)
app.command("remove")(lifecycle_commands.remove)
app.command("compact")(lifecycle_commands.compact)
app.command("merge")(lifecycle_commands.merge)
app.command("map", epilog=lifecycle_commands.MAP_EXAMPLES)(lifecycle_commands.draw_map)
app.command("query", epilog=query_command.QUERY_EXAMPLES)(query_command.query)
app.command("neighbours")(build_commands.neighbours)
app.command("estimate", epilog=analysis_commands.ESTIMATE_EXAMPLES)(analysis_commands.estimate)
app.command("explain", epilog=explain_command.EXPLAIN_EXAMPLES)(explain_command.explain)
app.command("outliers", epilog=analysis_commands.OUTLIER_EXAMPLES)(analysis_commands.outliers)
app.command("serve", epilog=service_commands.SERVE_EXAMPLES)(service_commands.serve)
app.command("mcp", epilog=mcp_command.MCP_EXAMPLES)(mcp_command.mcp)
app.command("inspect")(lifecycle_commands.inspect)
app.command("verify")(lifecycle_commands.verify)
app.command("convert-checkpoint")(encoder_commands.convert_checkpoint)
app.command("doctor")(demo_commands.doctor)


def run() -> None:
    """Run the command line and exit.

    The exit status is 0 for success, 1 for an error whose message says what was found and what to
    do, 2 for wrong usage, 130 after Ctrl-C and 143 after SIGTERM.
    """
    debug = "--debug" in sys.argv[1:]
    try:
        with signals_end_in_order():
            try:
                app()
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
    except BrokenPipeError:
        # The program that reads standard output, such as `head`, has finished. This is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (GalsearchError, OSError) as error:
        if debug:
            raise
        typer.echo(error_text(error), err=True)
        raise SystemExit(1) from None
