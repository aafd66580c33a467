"""Command lines in texts, parsed by the commands of galsearch without running them."""

import re
import shlex

import typer
import typer.main

from galsearch.cli import app

COMMANDS = typer.main.get_group(app).commands
UsageError = typer.BadParameter.__mro__[1]
"""Error of a wrong command line, of click or of the copy of it in typer."""
_SHELL_WORDS = {"|", ">", ">>", "2>", "&", "&&", ";"}


def command_lines(text: str) -> list[list[str]]:
    """The words of each line of a text that is a command line.

    A backslash continues a line. A placeholder such as `<id>` becomes the word 1.
    """
    text = re.sub(r"<[a-z ]+>", "1", text.replace("\\\n", " "))
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [words for words in lines if words]


def parse(words: list[str]) -> None:
    """Parse a command line as `galsearch` does: options, types and the number of arguments.

    What follows a word of the shell, such as `|`, is not part of the command.

    Raises
    ------
    UsageError
        Where the command, an option or an argument does not exist, is missing or malformed.
    """
    end = next((i for i, word in enumerate(words) if word in _SHELL_WORDS), len(words))
    name, *arguments = words[1:end]
    COMMANDS[name].make_context(name, arguments)
