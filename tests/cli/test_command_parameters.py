"""Each command has the parameters of its library function, with the same names and defaults."""

import dataclasses
import enum
import inspect
from pathlib import Path
from typing import Any

import pytest
import typer.main

import galsearch
from galsearch.cli import app
from galsearch.http.server_process import Listening
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.query import Query

FUNCTIONS: dict[str, Any] = {
    "demo": galsearch.run_demo,
    "simulate": galsearch.simulate_survey,
    "ingest": galsearch.ingest,
    "embed": galsearch.embed_dataset,
    "import-embeddings": galsearch.import_embeddings,
    "export": galsearch.export_hats,
    "build-index": galsearch.build_index,
    "add": galsearch.add,
    "remove": galsearch.remove,
    "compact": galsearch.compact,
    "merge": galsearch.merge,
    "map": galsearch.embedding_map,
    "query": Query,
    "neighbours": galsearch.write_neighbours,
    "estimate": galsearch.estimate,
    "explain": galsearch.explain,
    "outliers": galsearch.outliers,
    "inspect": galsearch.open_index,
    "cite": galsearch.cite,
    "fetch-sample": galsearch.fetch_sample,
    "verify": galsearch.verify,
    "convert-checkpoint": galsearch.encoders.convert_checkpoint,
}
ONLY_AT_THE_TERMINAL = {
    "query": {
        "target_id",  # of SearchEngine.query
        "queries",  # of SearchEngine.query_table
        "skip_bad_rows",
        "left_out",
        "ids_column",
        "index",
        "gallery",
        "dataset",
        "output_format",
        "out",
        "overwrite",
        "links",
        "facets",
        "samp",
    },  # open_index, write_gallery
    "estimate": {"ids", "ids_column", "output_format", "out", "overwrite"},
    "explain": {"top", "png", "output_format", "out", "overwrite"},
    "outliers": {"output_format", "out", "overwrite"},
    "map": {"png", "colour_by", "output_format", "out", "overwrite"},
    "export": {"kind"},
    "neighbours": {"all"},
    "inspect": {"index", "output_format", "provenance"},
    "cite": {"output_format"},
    "verify": {"index", "sources"},  # provenance(read=...)
    "doctor": set(),
}
COMMANDS: dict[str, Any] = typer.main.get_group(app).commands


def plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        value = value.value
    return str(value) if isinstance(value, Path) else value


def test_every_other_command_has_a_library_function() -> None:
    assert set(COMMANDS) == set(FUNCTIONS) | {"doctor", "serve", "mcp"}


def test_the_service_has_the_settings_of_its_command() -> None:
    fields = {
        each.name: each.default
        for kind in (ServiceSettings, Listening)
        for each in dataclasses.fields(kind)
    }
    own = {"index": "indexes", "dataset": "datasets", "token_file": "token"}
    for parameter in COMMANDS["serve"].params:
        if parameter.name in own:
            assert own[parameter.name] in fields
        elif parameter.name != "help":
            assert parameter.default == fields[parameter.name], parameter.name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_command_has_the_parameters_of_its_function(name: str) -> None:
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    options = COMMANDS[name].params
    own = ONLY_AT_THE_TERMINAL.get(name, set())
    names = {parameter.name for parameter in options} - {"help"} - own
    assert names <= set(parameters), (
        f"{name} has parameters that the function {FUNCTIONS[name].__name__} lacks"
    )
    for parameter in options:
        optional = parameter.param_type_name == "option" and not parameter.required
        if parameter.name in names and optional:
            assert plain(parameter.default) == plain(parameters[parameter.name].default)


def test_an_option_is_named_like_its_parameter() -> None:
    for name, command in COMMANDS.items():
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "output_format":
                option = f"--{parameter.name.replace('_', '-')}"
                assert {option, f"-{parameter.name}"} & set(parameter.opts), f"{name} {option}"


def test_every_public_name_has_a_docstring_and_is_listed() -> None:
    for name in galsearch.__all__:
        assert getattr(galsearch, name).__doc__, name
        assert name in dir(galsearch)
    with pytest.raises(AttributeError, match="querry"):
        _ = galsearch.querry
