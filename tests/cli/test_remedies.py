"""Errors on the terminal: the message, and below it the remedy in words of the command line."""

import re
from pathlib import Path

import typer.main

from galsearch.cli import app
from galsearch.cli.remedies import REMEDIES, error_text
from galsearch.core.errors import EncoderMismatchError, UnknownTargetError

COMMANDS = ("ingest", "embed", "build-index", "query", "verify", "compact", "merge")
PACKAGE = Path(__file__).parents[2] / "galsearch"


def test_the_remedy_stands_on_a_line_of_its_own() -> None:
    assert error_text(UnknownTargetError("TARGETID 5 is not in index 'demo'.")) == (
        "galsearch: TARGETID 5 is not in index 'demo'.\n"
        "Use a TARGETID that is there. query and estimate also take galaxies of embeddings: "
        "--from-embeddings DIRECTORY."
    )
    assert "--" not in str(EncoderMismatchError("they differ."))
    assert error_text(FileNotFoundError("no such file")) == "galsearch: no such file"


def test_remedies_name_only_commands_and_options_that_exist() -> None:
    commands = typer.main.get_group(app).commands
    options = {option for command in commands.values() for p in command.params for option in p.opts}
    for text in REMEDIES.values():
        for name in re.findall(r"galsearch ([a-z][a-z-]+)", text):
            assert name in commands or name in {"trained"}, text
        for option in re.findall(r"--[a-z-]+", text):
            assert option in options | {"--debug"}, text


def test_messages_of_the_library_name_no_option_or_command_of_the_command_line() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] in {"cli", "__main__.py"}:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            flag = re.search(r"""["' ]--[a-z]{2,}""", line)
            command = re.search(rf"galsearch ({'|'.join(COMMANDS)})\b", line)
            text = '"' in line and not line.lstrip().startswith(("#", '"""'))
            if (flag or command) and text:
                found.append(f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}")
    assert found == []
