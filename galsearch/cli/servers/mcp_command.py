"""The command that serves language models over MCP: mcp."""

from pathlib import Path
from typing import Annotated

import typer

from galsearch.cli.servers.service_commands import directories, served_indexes
from galsearch.core.errors import MissingExtraError

MCP_EXAMPLES = """\b
Examples:
  galsearch mcp
  galsearch mcp --index index_builds/mine
  galsearch mcp --index dr1=index_builds/dr1 --dataset dr1=/data/dr1
"""
_PACKAGES = {"mcp", "mcp_types", "orjson", "pydantic", "starlette", "anyio"}


def mcp(
    index: Annotated[
        list[str] | None,
        typer.Option(
            help="Directory of an index, or a name for it and the directory; may be repeated. "
            "Default: the one in index_builds/.",
            metavar="[NAME=]DIRECTORY",
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            help="Dataset with the images and spectra of an index, if it has moved; with the name "
            "of the index where there are several.",
            metavar="[NAME=]DIRECTORY",
        ),
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(help="Table of names and positions of galaxies.", metavar="FILE"),
    ] = None,
    sesame: Annotated[
        bool, typer.Option("--sesame", help="Look up other names at the service Sesame.")
    ] = False,
    encoder: Annotated[
        str | None, typer.Option(help="Encoder of files; default: galsearch-small.")
    ] = None,
) -> None:
    """Serve queries to a language model over MCP.

    The program of the language model starts this command, and calls its tools describe, query,
    estimate and explain over standard input and output. Nothing is written.
    """
    try:
        from galsearch.mcp.stdio_server import serve_stdio
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PACKAGES:
            raise
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'galsearch[mcp]'."
        ) from None
    from galsearch.http.state.service_settings import ServiceSettings

    indexes = served_indexes(index)
    settings = ServiceSettings(
        indexes=indexes,
        datasets=directories(dataset or [], next(iter(indexes))),
        names=names,
        sesame=sesame,
        encoder=encoder,
    )
    serve_stdio(settings)
