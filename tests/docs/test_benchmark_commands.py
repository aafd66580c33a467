"""Benchmark commands in Markdown files and in the Makefile name existing modules and options."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "Makefile",
    ROOT / "README.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "galsearch" / "encoders" / "pretrained" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Module and options of each benchmark command, which ends at its line or at a backquote."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"(?:-m |`)(benchmarks(?:\.\w+)+)([^`\n]*)", joined)
    return [(module, re.findall(r"(?<=\s)--[\w-]+", rest)) for module, rest in found]


def source(module: str) -> str:
    path = ROOT / module.replace(".", "/")
    return (path / "__main__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")


WITH_COMMANDS = [path for path in DOCUMENTS if commands(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_benchmark_command_names_options_of_its_module(path: Path) -> None:
    for module, options in commands(path.read_text("utf-8")):
        text = source(module)
        assert [option for option in options if f'"{option}"' not in text] == [], module


def test_the_documents_hold_benchmark_commands() -> None:
    assert {"Makefile", "README.md"} <= {path.name for path in WITH_COMMANDS}


def test_commands_are_found_over_several_lines() -> None:
    text = (
        "python -m benchmarks.retrieval X \\\n  --pool 5\nand `benchmarks.index.recall B --seed 1`"
    )
    assert commands(text) == [
        ("benchmarks.retrieval", ["--pool"]),
        ("benchmarks.index.recall", ["--seed"]),
    ]
