"""Damage of files: as disks, transfers and editors do it, and whole files that are mixed up."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.files.atomic import write_bytes

Damage = Callable[[Path, np.random.Generator], bool]
"""Damages one file in place; False where the file cannot be damaged so."""
_PAGE_BYTES = 4096
_NAMED_AT_RANDOM = {".lance", ".idx", ".txn"}
"""Kinds of files of LanceDB, each of which has a name of its own."""


def flip_bit(path: Path, generator: np.random.Generator) -> bool:
    """One bit of the file is another."""
    content = bytearray(path.read_bytes())
    if not content:
        return False
    content[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
    write_bytes(path, bytes(content))
    return True


def zero_page(path: Path, generator: np.random.Generator) -> bool:
    """A page of 4,096 bytes is zero, as after a power failure."""
    content = path.read_bytes()
    start = int(generator.integers(1 + len(content) // _PAGE_BYTES)) * _PAGE_BYTES
    zeroed = bytes(len(content[start : start + _PAGE_BYTES]))
    write_bytes(path, content[:start] + zeroed + content[start + _PAGE_BYTES :])
    return bool(zeroed) and content[start : start + _PAGE_BYTES] != zeroed


def truncate(path: Path, generator: np.random.Generator) -> bool:
    """The end of the file is missing."""
    content = path.read_bytes()
    if not content:
        return False
    write_bytes(path, content[: generator.integers(len(content))])
    return True


def append(path: Path, generator: np.random.Generator) -> bool:
    """Some bytes follow the end of the file."""
    write_bytes(path, path.read_bytes() + generator.bytes(int(generator.integers(1, 100))))
    return True


def delete(path: Path, _: np.random.Generator) -> bool:
    """The file is missing."""
    path.unlink()
    return True


def empty(path: Path, _: np.random.Generator) -> bool:
    """The file is empty."""
    write_bytes(path, b"")
    return True


def exchange_with_sibling(path: Path, generator: np.random.Generator) -> bool:
    """The file is exchanged with another of its kind in the same directory tree."""
    others = [
        other
        for other in sorted(_root(path).rglob(f"*{path.suffix}"))
        if other != path and other.is_file() and other.read_bytes() != path.read_bytes()
    ]
    if not others:
        return False
    other = others[generator.integers(len(others))]
    first, second = path.read_bytes(), other.read_bytes()
    write_bytes(path, second)
    write_bytes(other, first)
    return True


def permute_records(path: Path, generator: np.random.Generator) -> bool:
    """The rows of an array file, or the lines of a text file, are in another order."""
    content = path.read_bytes()
    if path.suffix == ".npy":
        header, record = 128, 8
        end = len(content) - (len(content) - header) % record
        rows = np.frombuffer(content[header:end], np.uint64)
        rows = rows[generator.permutation(len(rows))]
        changed = content[:header] + rows.tobytes() + content[end:]
    elif path.suffix in {".csv", ".txt", ".properties"}:
        lines = content.splitlines(keepends=True)
        changed = b"".join(lines[number] for number in generator.permutation(len(lines)))
    else:
        return False
    write_bytes(path, changed)
    return changed != content


def edit_record(path: Path, generator: np.random.Generator) -> bool:
    """One value of a JSON file is another of its type."""
    if path.suffix != ".json":
        return False
    table = json.loads(path.read_bytes())
    places = _places(table)
    container, key = places[generator.integers(len(places))]
    container[key] = _another(container[key])
    write_bytes(path, json.dumps(table, indent=2).encode() + b"\n")
    return True


KINDS: tuple[Damage, ...] = (
    flip_bit,
    zero_page,
    truncate,
    append,
    delete,
    empty,
    exchange_with_sibling,
    permute_records,
    edit_record,
)


@dataclass(frozen=True)
class FileOfAnother:
    """The file of the same name of another directory of its kind stands in its place."""

    directory: Path

    def __call__(self, path: Path, _: np.random.Generator) -> bool:
        """Replace a file; False where the other directory has none, or an equal one."""
        other = _counterpart(self.directory, path.relative_to(_root(path)))
        if other is None or other.read_bytes() == path.read_bytes():
            return False
        shutil.copyfile(other, path)
        return True


def _counterpart(directory: Path, name: Path) -> Path | None:
    """The file in a directory that a relative path names; None where there is none.

    LanceDB names its files at random: one of the same kind stands for a file of it.
    """
    if (directory / name).is_file():
        return directory / name
    if name.suffix not in _NAMED_AT_RANDOM:
        return None
    alike = sorted(path for path in directory.rglob(f"*{name.suffix}") if path.is_file())
    return next((path for path in alike if path.name == name.name), next(iter(alike), None))


def _root(path: Path) -> Path:
    """The uppermost directory of a file below one that is called `subject`."""
    return next(parent for parent in path.parents if parent.parent.name == "subject")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Containers and keys of all values of a nested table that are not containers themselves."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    found: list[tuple[Any, Any]] = []
    for key, item in items:
        found += _places(item) if isinstance(item, (dict, list)) else [(value, key)]
    return found


def _another(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return value[::-1] + "x"
