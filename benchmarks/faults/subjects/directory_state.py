"""The content of a directory without the values that two runs of a command cannot share.

Those are: the time of creation, durations and speeds, with the digest of the manifest that holds
them (`manifest.json`); durations (`log.jsonl`); dates (`hats.properties`); the drawing of the
curves, whose axis is a time (`curves.png`); and the note in the lock file of an index.
"""

import io
import json
import re
from pathlib import Path
from typing import Any

from galsearch.core.fingerprint import short_digest
from galsearch.files.digest import sha256_of_parts

VOLATILE = {"created", "seconds", "queries_per_second", "digest", "device"}
"""Keys of JSON files whose values differ between two runs of one command."""
LOCK_OF_AN_INDEX = "growing.lock"
LEFTOVER = re.compile(r"\.(part|old|lock|soft|tmp)$")
"""Names of files that a finished command leaves nowhere, but for the lock file of an index."""
State = dict[str, str]
"""Digest of each file, and `directory` for each directory, by relative path."""


def state_of(directory: Path) -> State:
    """The content of a directory without lock files and volatile values."""
    state = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.name != LOCK_OF_AN_INDEX:
            state[name] = _digest(path) if path.is_file() else "directory"
    return state


def leftovers(directory: Path) -> list[str]:
    """Temporary files, temporary directories and lock files under a directory."""
    found = (path for path in directory.rglob("*") if path.name != LOCK_OF_AN_INDEX)
    return sorted(
        path.relative_to(directory).as_posix() for path in found if LEFTOVER.search(path.name)
    )


def differences(before: State, after: State) -> list[str]:
    """Relative paths that only one of two states has, or that differ, with a sign before each."""
    return [
        *(f"-{name}" for name in before if name not in after),
        *(f"+{name}" for name in after if name not in before),
        *(f"!{name}" for name in before if name in after and before[name] != after[name]),
    ]


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.name == "manifest.json":
        content = json.dumps(_without_volatile(json.loads(content)), sort_keys=True).encode()
    elif path.name == "log.jsonl":
        content = re.sub(rb'"seconds": [0-9.e-]+', b"", content)
    elif path.name == "hats.properties":
        content = re.sub(rb"(?m)^[^=]*date[^=]*=.*$", b"", content)
    elif path.name == "state.pt":
        content = _tensors_of(content)
    elif path.name == "curves.png":
        content = b""
    return short_digest(sha256_of_parts([content]))


def _tensors_of(content: bytes) -> bytes:
    """The values of a saved training state as text; its bytes hold the time of a ZIP archive."""
    import torch

    state = torch.load(io.BytesIO(content), weights_only=True)
    return repr(_as_lists(_without_volatile(state))).encode()


def _as_lists(value: Any) -> Any:
    """A nested value whose tensors are lists of all their numbers."""
    if isinstance(value, dict):
        return {key: _as_lists(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_lists(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_volatile(each) for key, each in value.items() if key not in VOLATILE}
    return [_without_volatile(each) for each in value] if isinstance(value, list) else value
