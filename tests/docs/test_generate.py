"""The generated pages of the reference name every command, public name, error and package."""

import importlib.util
from pathlib import Path

import galsearch
from galsearch.cli import app
from galsearch.cli.remedies import REMEDIES

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
assert SPEC is not None
assert SPEC.loader is not None
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


def test_every_command_has_a_section_with_its_help() -> None:
    page = generate.command_page()
    for command in app.registered_commands:
        assert f"## galsearch {command.name}\n" in page
        assert f"Usage: galsearch {command.name}" in page


def test_every_public_name_is_listed() -> None:
    page = generate.python_page()
    assert all(f"galsearch.{name}" in page for name in galsearch.__all__)


def test_every_error_code_is_listed() -> None:
    page = generate.error_page()
    assert all(f"- Code: `{code}`\n" in page for code in REMEDIES if code != "error")


def test_pages_are_written_once(tmp_path: Path) -> None:
    generate.write_generated_pages(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(before) == 4
    generate.write_generated_pages(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    assert "## galsearch.index" in (tmp_path / "imports.md").read_text()
