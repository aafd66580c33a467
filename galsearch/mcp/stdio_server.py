"""The server that speaks MCP over standard input and output, with the official SDK."""

import json
import logging
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from galsearch.core.errors import GalsearchError
from galsearch.core.version import VERSION
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.refusals.request_remedies import problems_in_words
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.mcp.tool_remedies import remedy_of
from galsearch.mcp.tools import TOOLS, OpenIndexes

log = logging.getLogger("galsearch.mcp")
INSTRUCTIONS = (
    "Similarity search for galaxies, across images and spectra. Call describe first: it lists the "
    "columns that where, property and columns may name. TARGETIDs are texts of decimal digits; "
    "they do not fit a JSON number. Similarity is a cosine, -1 to 1."
)
_CONCURRENT = 1
"""Calls that are computed at a time."""


def serve_stdio(settings: ServiceSettings) -> None:
    """Open the indexes and answer calls until standard input ends.

    Raises
    ------
    GalsearchError
        Where an index cannot be opened.
    """
    anyio.run(_serve, OpenIndexes.opened(settings))


async def _serve(opened: OpenIndexes) -> None:
    server = make_server(opened)
    async with stdio_server() as (reads, writes):
        await server.run(reads, writes, server.create_initialization_options())


def make_server(opened: OpenIndexes) -> Server[Any]:
    """An MCP server with all tools, which answers from open indexes."""
    limiter = anyio.CapacityLimiter(_CONCURRENT)

    async def list_tools(*_: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed_tools())

    async def call_tool(_: Any, parameters: types.CallToolRequestParams) -> types.CallToolResult:
        return await anyio.to_thread.run_sync(
            lambda: answer(opened, parameters.name, parameters.arguments or {}), limiter=limiter
        )

    return Server(
        "galsearch",
        version=VERSION,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def listed_tools() -> list[types.Tool]:
    """The tools with the JSON schemas of their fields and answers."""
    hints = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return [
        types.Tool(
            name=tool.name,
            description=tool.description,
            input_schema=tool.fields.model_json_schema(),
            output_schema=tool.answer.model_json_schema(),
            annotations=hints,
        )
        for tool in TOOLS.values()
    ]


def answer(opened: OpenIndexes, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """The result of a call, or a tool error whose sentence says what was found and what to do."""
    tool = TOOLS.get(name)
    if tool is None:
        return _error(f"there is no tool {name[:100]!r}; the tools are {', '.join(TOOLS)}.")
    try:
        found = tool.call(opened, tool.fields.model_validate(arguments))
    except ValidationError as error:
        problems = problems_in_words([dict(item) for item in error.errors()])
        return _error(f"the call of {name} has {problems}. Correct the field that is named.")
    except Refusal as refusal:
        return _error(f"{refusal.message} {refusal.remedy}")
    except GalsearchError as error:
        return _error(f"{error} {remedy_of(error)}".strip())
    except Exception:
        log.exception("the call of %s failed", name)
        return _error(f"the call of {name} failed; the log of the server has the cause.")
    text = json.dumps(found, allow_nan=False)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=found
    )


def _error(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=sentence)], is_error=True
    )
