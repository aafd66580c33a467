"""The command line as a whole: help, version, completion and exit statuses."""

import os
import subprocess
import sys

import pytest
import typer.main
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from tests.cli.parsed_commands import COMMANDS, UsageError, command_lines, parse


def test_the_version_is_the_packages() -> None:
    text = CliRunner().invoke(app, ["--version"], catch_exceptions=False).stdout
    assert text == f"galsearch {galsearch.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["query"], ["query", "--target-id", "1", "--using", "radio"], ["quary"], ["embed", "--nope"]],
)
def test_wrong_usage_ends_with_status_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_every_option_and_argument_has_a_help_text() -> None:
    for name, command in typer.main.get_group(app).commands.items():
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_examples_that_it_takes(name: str) -> None:
    help_text = CliRunner().invoke(app, [name, "--help"], catch_exceptions=False).stdout
    _, examples = help_text.split("\n  Examples:\n")
    lines = [line for line in command_lines(examples) if line[0] == "galsearch"]
    assert lines
    for words in lines:
        assert words[1] == name
        parse(words)


def test_the_options_of_a_query_stand_in_groups() -> None:
    text = CliRunner().invoke(app, ["query", "--help"], catch_exceptions=False).stdout
    titles = [line for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    assert titles == [
        "Query by:",
        "Table of queries:",
        "Which neighbours:",
        "Search:",
        "Results:",
        "Options:",
    ]
    assert text.index("Results:") < text.index("  --gallery") < text.index("Options:")


def test_an_example_with_an_option_that_does_not_exist_is_found() -> None:
    for line in ("query --nope", "query -k many", "add", "merge --out a", "explain 1 2 3"):
        with pytest.raises(UsageError):
            parse(["galsearch", *line.split()])
    parse(["galsearch", "query", "-k", "3", "|", "head"])


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_summary_of_every_command_fits_its_line(columns: str) -> None:
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": columns}, catch_exceptions=False)
    commands = result.stdout.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    assert len(commands) == len(app.registered_commands)
    for line in commands:
        assert line.endswith("."), line
        assert not line.endswith("..."), line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_offers_commands(shell: str) -> None:
    command = [sys.executable, "-c", "from galsearch.cli import main; main()"]
    environment = {
        **os.environ,
        "_GALSEARCH_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "galsearch que",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "galsearch que",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    code = "import sys; sys.argv[0] = 'galsearch'; from galsearch.cli import main; main()"
    done = subprocess.run(
        [*command[:2], code], env=environment, capture_output=True, text=True, timeout=100
    )
    assert "query" in done.stdout, done.stderr
    assert "merge" not in done.stdout


@pytest.mark.parametrize(
    "arguments", [["doctor"], ["query", "--format", "csv"], ["query", "--format", "fits"]]
)
def test_a_reader_that_has_finished_is_no_error(demonstration, arguments: list[str]) -> None:
    if arguments[0] == "query":
        arguments = [*arguments, "--target-id", demonstration.target_id]
    command = [sys.executable, "-m", "galsearch", *arguments]
    process = subprocess.Popen(
        command, cwd=demonstration.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=100)
    assert (process.returncode, errors) == (0, "")


def test_ctrl_c_ends_with_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(galsearch, "verify", interrupted)
    assert CliRunner().invoke(app, ["verify"]).exit_code == 130
