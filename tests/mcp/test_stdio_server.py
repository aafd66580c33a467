"""A client of the SDK starts the server as the guide says, lists its tools and calls them."""

import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "mcp.md"


def configured_server(demonstration, folder: Path) -> StdioServerParameters:
    """The server of the configuration in the guide, for an index that exists.

    A directory with the command `galsearch` is put first on the search path.
    """
    command = folder / "galsearch"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m galsearch "$@"\n')
    command.chmod(0o755)
    (text,) = re.findall(r"^```json\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    text = text.replace("/path/to/", f"{demonstration.home}/")
    ((name, entry),) = json.loads(text)["mcpServers"].items()
    assert name == "galsearch"
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    return StdioServerParameters(**entry, cwd=str(folder), env={**os.environ, "PATH": path})


@pytest.fixture(scope="module")
def answers(demonstration, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tools, and the results of calls that one session makes, by a name of each."""
    target_id = demonstration.target_id
    calls = {
        "describe": ("describe", {}),
        "query": ("query", {"target_id": target_id, "among": "spectrum", "k": 3}),
        "columns": ("query", {"target_id": target_id, "k": 1, "columns": ["mag_r"]}),
        "estimate": ("estimate", {"target_id": target_id, "property": "z", "k": 5}),
        "explain": ("explain", {"a": target_id, "b": target_id, "using": "spectrum", "top": 2}),
        "no such galaxy": ("query", {"target_id": "7"}),
        "too many": ("query", {"target_id": target_id, "k": 201}),
        "unknown field": ("query", {"target": target_id}),
        "wrong type": ("query", {"target_id": target_id, "k": "many"}),
        "unknown column": ("query", {"target_id": target_id, "columns": ["mag_x"]}),
        "no index": ("query", {"target_id": target_id, "index": "other"}),
        "no file": ("query", {"image": "absent.fits"}),
        "no tool": ("remove", {}),
    }
    server = configured_server(demonstration, tmp_path_factory.mktemp("path"))

    async def session() -> dict[str, Any]:
        async with Client(server, read_timeout_seconds=110) as client:
            found: dict[str, Any] = {"tools": (await client.list_tools()).tools}
            for name, (tool, arguments) in calls.items():
                found[name] = await client.call_tool(tool, arguments)
        return found

    return anyio.run(session)


def sentence(result: Any) -> str:
    assert result.is_error
    (content,) = result.content
    return content.text


def test_the_tools_have_schemas_and_only_read(answers) -> None:
    tools = {tool.name: tool for tool in answers["tools"]}
    assert list(tools) == ["describe", "query", "estimate", "explain"]
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    properties = tools["query"].input_schema["properties"]
    assert properties["among"]["enum"] == ["image", "spectrum", "both"]
    assert "Modality that is searched" in properties["among"]["description"]
    assert tools["estimate"].input_schema["required"] == ["property"]
    assert tools["query"].output_schema["properties"]["neighbours"]["type"] == "array"


def test_the_indexes_are_described(answers) -> None:
    (index,) = answers["describe"].structured_content["indexes"]
    assert (index["name"], index["galaxies"]) == ("demo", 24)
    assert "true_z" in [column["name"] for column in index["columns"]]


def test_a_query_finds_neighbours_whose_ids_are_texts(answers, demonstration) -> None:
    result = answers["query"]
    found = result.structured_content
    assert found == json.loads(result.content[0].text)
    assert found["query"]["target_id"] == demonstration.target_id
    assert [row["rank"] for row in found["neighbours"]] == [1, 2, 3]
    assert all(isinstance(row["target_id"], str) for row in found["neighbours"])
    (row,) = answers["columns"].structured_content["neighbours"]
    assert set(row) == {
        *("rank", "target_id", "similarity", "ra_deg", "dec_deg", "z", "links"),
        "mag_r",
    }


def test_a_property_is_estimated(answers, demonstration) -> None:
    found = answers["estimate"].structured_content
    assert found["target_id"] == demonstration.target_id
    (estimate,) = found["estimates"]
    assert estimate["low"] <= estimate["value"] <= estimate["high"]


def test_a_similarity_is_explained(answers, demonstration) -> None:
    found = answers["explain"].structured_content
    assert -1 <= found["similarity"] <= 1
    assert {part["target_id"] for part in found["parts"]} == {demonstration.target_id}
    kinds = [(part["galaxy"], part["part"]) for part in found["parts"]]
    assert kinds[:2] == [("A", "stretch")] * 2
    assert kinds[-2:] == [("B", "patch")] * 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "no such galaxy",
            "TARGETID 7 is not in index 'demo' (24 galaxies). Send a target_id of this index, or "
            "name another index with index.",
        ),
        (
            "too many",
            "k + offset is 201; the service finds 200 galaxies at most. Correct the field that the "
            "message names.",
        ),
        (
            "unknown field",
            "the call of query has the field 'target', which is not known here. Correct the field "
            "that is named.",
        ),
        (
            "wrong type",
            "the call of query has the field 'k', of which was expected: Input should be a valid "
            "integer, unable to parse string as an integer. Correct the field that is named.",
        ),
        (
            "no index",
            "the service has no index 'other'; it has demo. Send one of these names in index, or "
            "none for the first.",
        ),
        (
            "no file",
            "absent.fits: no such file. Give the path, on the machine of the server, of an image "
            "(FITS, JPEG, PNG, npy) or of a spectrum (FITS, CSV, ECSV, npy).",
        ),
        ("no tool", "there is no tool 'remove'; the tools are describe, query, estimate, explain."),
    ],
)
def test_a_wrong_call_is_an_error_with_a_sentence(answers, name: str, expected: str) -> None:
    assert sentence(answers[name]) == expected


def test_an_unknown_column_is_named(answers) -> None:
    assert sentence(answers["unknown column"]).startswith("columns: ")
    assert "mag_x" in sentence(answers["unknown column"])
