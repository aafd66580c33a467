"""The imports of a package, read from its source files: which module imports which.

Imports inside functions count, and so do imports by string (`importlib.import_module("...")`),
names in a `__init__.pyi` stub that are imported on first use, and processes that are started with
`python -m`.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Import:
    """One import: the module that does it and the dotted name that it imports."""

    importer: str
    name: str


def module_name(path: Path, root: Path = ROOT) -> str:
    """The dotted name of the module in a file: that of its package for an `__init__` file."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(source: str, package: str = "") -> list[str]:
    """Dotted names that a source text imports; relative ones are resolved against `package`."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{_base(node, package)}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and _is_module_name(node.value):
            names.append(str(node.value))
    return names


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    outer = parents[: len(parents) - node.level + 1]
    return ".".join([*outer, *filter(None, [node.module])])


def _is_module_name(text: object) -> bool:
    """True where a constant is a string with the dotted name of a module of this project."""
    if not isinstance(text, str):
        return False
    first, _, rest = text.partition(".")
    if first not in {"galsearch", "training", "benchmarks"} or not rest.isascii() or not rest:
        return False
    path = ROOT.joinpath(*text.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports_of(folder: Path, root: Path = ROOT) -> list[Import]:
    """Every import of the modules and stubs under `folder`."""
    found = []
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        name = module_name(path, root)
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        found += [Import(name, imported) for imported in imported_names(path.read_text(), package)]
    return found


def children_graph(imports: Iterable[Import], package: str) -> dict[str, set[str]]:
    """For each child of `package` the other children that it imports.

    A child is a module or a sub-package, by its last name. Imports by the package's own `__init__`
    are left out: its purpose is to re-export its children.
    """
    prefix = f"{package}."
    graph: dict[str, set[str]] = defaultdict(set)
    for one in imports:
        if not one.importer.startswith(prefix):
            continue
        child = one.importer.removeprefix(prefix).split(".")[0]
        graph[child]
        if one.name.startswith(prefix):
            other = one.name.removeprefix(prefix).split(".")[0]
            if other != child:
                graph[child].add(other)
    return {child: {name for name in others if name in graph} for child, others in graph.items()}


def find_circle(graph: dict[str, set[str]]) -> list[str] | None:
    """Names along a circle of the graph, the first one repeated at the end; None without one."""
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str] | None:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return None
        for other in sorted(graph.get(name, ())):
            circle = walk(other, [*trail, name])
            if circle:
                return circle
        done.add(name)
        return None

    for name in sorted(graph):
        circle = walk(name, [])
        if circle:
            return circle
    return None


def packages_under(folder: Path, root: Path = ROOT) -> dict[str, list[str]]:
    """Each package under `folder` and the names of its modules and sub-packages, sorted."""
    found = {}
    for init in sorted(folder.rglob("__init__.py")):
        home = init.parent
        modules = [path.stem for path in home.glob("*.py") if path.stem != "__init__"]
        folders = [path.parent.name for path in home.glob("*/__init__.py")]
        found[".".join(home.relative_to(root).parts)] = sorted(modules + folders)
    return found
