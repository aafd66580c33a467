"""The command that serves language models over MCP: mcp."""

from typing import Annotated

import typer

from galsearch.cli.servers.served_options import (
    DatasetOption,
    IndexOption,
    NamesOption,
    SesameOption,
)
from galsearch.cli.servers.service_commands import directories, served_indexes
from galsearch.core.errors import MissingExtraError

MCP_EXAMPLES = """\b
Examples:
  galsearch mcp
  galsearch mcp --index index_builds/mine
  galsearch mcp --index dr1=index_builds/dr1 --dataset dr1=/data/dr1
"""
_PACKAGES = {
    "anyio",
    "fastapi",
    "mcp",
    "mcp_types",
    "orjson",
    "pydantic",
    "python_multipart",
    "starlette",
}


def mcp(
    index: IndexOption = None,
    dataset: DatasetOption = None,
    names: NamesOption = None,
    sesame: SesameOption = False,
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
