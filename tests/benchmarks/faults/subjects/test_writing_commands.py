"""The table has every command of galsearch that writes, and each starts in its state."""

from pathlib import Path

from benchmarks.faults.subjects.writing_commands import writing_commands
from galsearch.cli import app

READING = {"cite", "doctor", "estimate", "explain", "inspect", "mcp", "outliers", "serve", "verify"}
COMPOSED = {"demo"}
"""Commands that run others of the table."""
FROM_SERVERS = {"fetch-sample"}
"""Commands that write what servers send; their own tests have a server that fails."""


def test_every_command_that_writes_is_in_the_table(tmp_path: Path) -> None:
    commands = writing_commands(tmp_path / "inputs", tmp_path / "work").values()
    run = {command.arguments[0] for command in commands if command.stage is None}
    known = {command.name for command in app.registered_commands}
    assert known - run == READING | COMPOSED | FROM_SERVERS


def test_a_command_starts_in_a_directory_with_its_index_alone(tmp_path: Path) -> None:
    inputs, work = tmp_path / "inputs", tmp_path / "work"
    (inputs / "changed").mkdir(parents=True)
    (inputs / "changed" / "manifest.json").write_text("{}")
    (work / "out").mkdir(parents=True)
    (work / "left").touch()
    commands = writing_commands(inputs, work)
    commands["compact"].prepare(work)
    assert [path.relative_to(work).as_posix() for path in work.rglob("*")] == [
        "out",
        "out/manifest.json",
    ]
    commands["ingest"].prepare(work)
    assert list(work.iterdir()) == []
