"""The command line: its commands, and the one place where an error becomes an exit status."""

import os
import sys
from typing import Annotated

import typer

import galsearch
from galsearch.cli import (
    build_commands,
    demo_commands,
    lifecycle_commands,
)
from galsearch.cli.analysis import analysis_commands, explain_command
from galsearch.cli.command_signals import signals_end_in_order
from galsearch.cli.data import cite_command, encoder_commands, fetch_sample_command
from galsearch.cli.queries import query_command
from galsearch.cli.queries.grouped_help import GroupedCommand
from galsearch.cli.remedies import error_text
from galsearch.cli.servers import mcp_command, service_commands
from galsearch.core.errors import GalsearchError

FIRST_STEPS = """\b
First steps:
  galsearch demo                  everything once, on simulated galaxies
  galsearch doctor                versions, GPUs and missing packages
  galsearch query --help          options and examples of a command
"""

app = typer.Typer(
    name="galsearch",
    help="Similarity search for galaxies, across images and spectra.",
    epilog=FIRST_STEPS,
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


for _name, _function, _examples in (
    ("demo", demo_commands.demo, demo_commands.DEMO_EXAMPLES),
    ("simulate", build_commands.simulate, build_commands.SIMULATE_EXAMPLES),
    (
        "fetch-sample",
        fetch_sample_command.fetch_sample,
        fetch_sample_command.FETCH_SAMPLE_EXAMPLES,
    ),
    ("ingest", build_commands.ingest, build_commands.INGEST_EXAMPLES),
    ("embed", encoder_commands.embed, encoder_commands.EMBED_EXAMPLES),
    ("import-embeddings", encoder_commands.import_embeddings, encoder_commands.IMPORT_EXAMPLES),
    ("export", encoder_commands.export, encoder_commands.EXPORT_EXAMPLES),
    ("build-index", build_commands.build_index, build_commands.BUILD_INDEX_EXAMPLES),
    ("add", lifecycle_commands.add, lifecycle_commands.ADD_EXAMPLES),
    ("remove", lifecycle_commands.remove, lifecycle_commands.REMOVE_EXAMPLES),
    ("compact", lifecycle_commands.compact, lifecycle_commands.COMPACT_EXAMPLES),
    ("merge", lifecycle_commands.merge, lifecycle_commands.MERGE_EXAMPLES),
    ("map", lifecycle_commands.draw_map, lifecycle_commands.MAP_EXAMPLES),
    ("query", query_command.query, query_command.QUERY_EXAMPLES),
    ("neighbours", build_commands.neighbours, build_commands.NEIGHBOURS_EXAMPLES),
    ("estimate", analysis_commands.estimate, analysis_commands.ESTIMATE_EXAMPLES),
    ("explain", explain_command.explain, explain_command.EXPLAIN_EXAMPLES),
    ("outliers", analysis_commands.outliers, analysis_commands.OUTLIER_EXAMPLES),
    ("serve", service_commands.serve, service_commands.SERVE_EXAMPLES),
    ("mcp", mcp_command.mcp, mcp_command.MCP_EXAMPLES),
    ("inspect", lifecycle_commands.inspect, lifecycle_commands.INSPECT_EXAMPLES),
    ("cite", cite_command.cite, cite_command.CITE_EXAMPLES),
    ("verify", lifecycle_commands.verify, lifecycle_commands.VERIFY_EXAMPLES),
    ("convert-checkpoint", encoder_commands.convert_checkpoint, encoder_commands.CONVERT_EXAMPLES),
    ("doctor", demo_commands.doctor, demo_commands.DOCTOR_EXAMPLES),
):
    app.command(_name, cls=GroupedCommand, epilog=_examples)(_function)


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
    except (BrokenPipeError, SystemExit) as end:
        # typer ends a command with status 1 while it handles the error of a broken pipe.
        if not any(isinstance(one, BrokenPipeError) for one in (end, end.__context__)):
            raise
        # The program that reads standard output, such as `head`, has finished. This is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (GalsearchError, OSError) as error:
        if debug:
            raise
        typer.echo(error_text(error), err=True)
        raise SystemExit(1) from None
