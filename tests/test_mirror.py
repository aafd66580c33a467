"""Every module with behaviour has a test file at the mirrored place.

The tests of `galsearch/index/ivf/rotation.py` are in `tests/index/ivf/test_rotation.py`, those of
`training/engine/optimiser.py` in `tests/training/engine/test_optimiser.py`. A module has behaviour
where it defines a function or a method.
"""

import ast
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

from tests.import_graph import ROOT

TOPS = ("galsearch", "training", "benchmarks")
EXCEPTIONS: dict[str, str] = {}
"""Modules without a test file of their own, with the reason."""


def has_behaviour(source: str) -> bool:
    """True where a source text defines a function or a method."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, kinds) for node in ast.walk(ast.parse(source)))


def mirrored_test(module: str) -> str:
    """Path of the test file of a module, both relative to the root of the repository.

    Examples
    --------
    >>> mirrored_test("galsearch/core/ids.py")
    'tests/core/test_ids.py'
    """
    path = PurePosixPath(module)
    home = path.parent.relative_to("galsearch") if path.parts[0] == "galsearch" else path.parent
    return str(PurePosixPath("tests") / home / f"test_{path.name}")


def modules_without_tests(root: Path) -> list[str]:
    """Modules with behaviour under `root` whose test file is missing."""
    return [
        name
        for top in TOPS
        for path in sorted((root / top).rglob("*.py"))
        if path.stem not in {"__init__", "__main__"}
        and has_behaviour(path.read_text())
        and not (root / mirrored_test(name := path.relative_to(root).as_posix())).is_file()
    ]


def test_every_module_with_behaviour_has_its_test_file() -> None:
    assert sorted(set(modules_without_tests(ROOT)) - EXCEPTIONS.keys()) == []


def test_every_exception_is_still_needed() -> None:
    assert sorted(EXCEPTIONS.keys() - set(modules_without_tests(ROOT))) == []


def test_a_new_module_without_a_test_is_found(tmp_path: Path) -> None:
    for name, source in {
        "galsearch/core/new.py": "def f(): pass",
        "galsearch/core/tested.py": "def f(): pass",
        "training/constants.py": "A = 1",
        "benchmarks/index/engine.py": "class A:\n    def f(self): pass",
        "benchmarks/index/__main__.py": "def main(): pass",
        "tests/core/test_tested.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    assert modules_without_tests(tmp_path) == [
        "galsearch/core/new.py",
        "benchmarks/index/engine.py",
    ]


def test_pytest_enters_every_directory_with_code(pytestconfig: pytest.Config) -> None:
    patterns = pytestconfig.getini("norecursedirs")
    folders = {path.parent for top in ("galsearch", "tests") for path in (ROOT / top).rglob("*.py")}
    left_out = [
        folder
        for folder in folders
        if any(fnmatch(part, p) for part in folder.relative_to(ROOT).parts for p in patterns)
    ]
    assert left_out == []
