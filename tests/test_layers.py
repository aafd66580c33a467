"""The house's layers, drawn once and enforced: imports point downward, packages stay at home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROWS: list[set[str]] = [
    {"__main__"},
    {"cli", "http", "notebook"},
    {"demo"},
    {"gallery"},
    {"query"},
    {"index"},
    {"embeddings"},
    {"dataset", "encoders"},
    {"simulate"},
    {"sources"},
    {"config"},
    {"core"},
]
"""Top row first; a module imports from rows below its own, or from its own room."""

HOMES: dict[str, set[str]] = {
    "torch": {"encoders"},
    "safetensors": {"encoders"},
    "faiss": {"index"},
    "astropy": {"sources", "dataset"},
    "fsspec": {"sources"},
    "astropy_healpix": {"dataset", "simulate"},
    "galsim": {"simulate"},
    "bagpipes": {"simulate"},
    "speclite": {"simulate"},
    "pyarrow": {"dataset", "embeddings", "index", "query", "encoders"},
    "polars": {"dataset", "embeddings", "query"},
    "typer": {"cli"},
    "rich": {"cli"},
    "PIL": {"gallery"},
    "tomllib": {"config"},
    "fastapi": {"http"},
    "matplotlib": {"notebook"},
    "scipy": {"simulate"},
    "numpy": {room for row in ROWS for room in row},
}
"""Foreign packages and the rooms that may import them; any other room may not."""

ROW_OF = {room: number for number, row in enumerate(ROWS) for room in row}
FACES = ROWS[0] | ROWS[1]
FITS_ONLY_IN = "sources"


def room_of(path: Path) -> str | None:
    """The room a module belongs to; None for the package's front door."""
    parts = path.relative_to(ROOT / "galsearch").with_suffix("").parts
    return None if parts == ("__init__",) else parts[0]


def imported(tree: ast.AST) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def violations(room: str, source: str) -> list[str]:
    """What a module of `room` imports although it may not."""
    found = []
    for name in imported(ast.parse(source)):
        package, _, rest = name.partition(".")
        if package == "galsearch":
            other = rest.split(".")[0]
            if other in ROW_OF and other != room and ROW_OF[other] <= ROW_OF[room]:
                found.append(f"{room} imports {name}, which is not below it")
            # The front door is for the faces: below, it would be a circle.
            if not other and room in FACES:
                continue
            if other not in ROW_OF:
                found.append(f"{room} imports {name}, which is in no row")
        elif package in HOMES and room not in HOMES[package]:
            found.append(f"{room} imports {name}, whose home is {sorted(HOMES[package])}")
        elif package in {"training", "benchmarks", "tests"}:
            found.append(f"{room} imports {name}, which stands above the package")
        if name.startswith("astropy.io.fits") and room != FITS_ONLY_IN:
            found.append(f"{room} imports {name}; FITS is read and written in sources")
    return found


MODULES = sorted((ROOT / "galsearch").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_the_rows_below_it(path: Path) -> None:
    room = room_of(path)
    if room is None:
        return
    assert room in ROW_OF, f"{path} is in no row: place it in tests/test_layers.py"
    assert violations(room, path.read_text()) == []


def test_the_rule_can_fail() -> None:
    assert violations("core", "import torch") == ["core imports torch, whose home is ['encoders']"]
    assert violations("sources", "from galsearch.query import engine") == [
        "sources imports galsearch.query.engine, which is not below it"
    ]
    assert violations("dataset", "import galsearch.encoders") == [
        "dataset imports galsearch.encoders, which is not below it"
    ]
    assert violations("index", "import astropy.io.fits") != []
    assert violations("query", "import galsearch") == [
        "query imports galsearch, which is in no row"
    ]
    assert violations("cli", "import galsearch") == []


def test_no_file_is_called_utils() -> None:
    banned = {"utils", "helpers", "common", "manager", "misc"}
    assert [p for p in MODULES if {part.removesuffix(".py") for part in p.parts} & banned] == []
