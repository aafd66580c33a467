"""The pairs of commands that can write to one place, and are therefore raced.

Two commands can meet where the output of both is one path. That is so in three cases:

* An index is there, and both change it: each of `CHANGING` with each.
* Nothing is there, and both make it: each of `MAKING` with each, whatever it makes.
* An index is there, which one command changes, while the other wants to make something new there.

Not raced, because it cannot happen: a command that makes its output and is stopped midway, while
another changes the index there, for there is none yet; and commands with outputs of different
names, such as `neighbours`, whose output is a table, with commands that make directories.
`neighbours` is raced with itself. `add` on an index that has not been changed before is the command
`add again`.
"""

from dataclasses import replace

from benchmarks.faults.subjects.small_survey import embedded_ids
from benchmarks.faults.subjects.writing_commands import WritingCommand

Pair = tuple[WritingCommand, WritingCommand]
CHANGING = ("add again", "remove", "compact", "map", "build-index --overwrite", "merge --overwrite")
"""Commands that may be given an index that is there already."""
MAKING = (
    "ingest",
    "embed",
    "import-embeddings",
    "export",
    "build-index",
    "merge",
    "convert-checkpoint",
    "gallery",
    "training",
    "simulate",
)
"""Commands that make their output, a directory or a file."""
_ALONE = ("neighbours",)


def pairs_of_writers(commands: dict[str, WritingCommand]) -> list[Pair]:
    """Every ordered pair of commands that can write to one place; the first is stopped midway.

    Parameters
    ----------
    commands
        Commands by name, of which some may be missing.
    """
    making = [commands[name] for name in MAKING if name in commands]
    alone = [commands[name] for name in _ALONE if name in commands]
    changing = _changing(commands)
    return [
        *((first, second) for first in changing for second in changing),
        *_with_other_galaxies(commands),
        *((first, second) for first in making for second in making),
        *((command, command) for command in alone),
        *((first, replace(second, start=first.start)) for first in changing for second in making),
    ]


def _changing(commands: dict[str, WritingCommand]) -> list[WritingCommand]:
    """The commands that change an index, all from the same one."""
    start = commands["compact"].start if "compact" in commands else None
    return [replace(commands[name], start=start) for name in CHANGING if name in commands]


def _with_other_galaxies(commands: dict[str, WritingCommand]) -> list[Pair]:
    """Pairs of one command that is given different galaxies, so that both can take effect."""
    pairs: list[Pair] = []
    if "add" in commands and "add again" in commands:
        pairs.append((commands["add"], replace(commands["add again"], start=commands["add"].start)))
    if "remove" in commands:
        command = commands["remove"]
        ids = (str(embedded_ids()[50]), str(embedded_ids()[60]))
        others = (command.arguments[0], *ids, *command.arguments[-2:])
        pairs.append((command, replace(command, name="remove others", arguments=others)))
    return pairs
