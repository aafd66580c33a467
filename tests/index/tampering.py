"""Edits of an index on disk, by one who knows its digests or does not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ManifestError
from galsearch.files.digest import FileDigest
from galsearch.index import open_build, verify
from galsearch.index.storage import manifest_json
from galsearch.index.storage.manifest import MANIFEST_NAME


def message_of_open_and_verify(build: Path) -> str:
    """The message that opening and verifying agree on."""
    messages = []
    for check in (open_build, verify):
        with pytest.raises(ManifestError) as caught:
            check(build)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


def change_manifest(build: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest as one who also knows its digest."""
    path = build / MANIFEST_NAME
    table = json.loads(path.read_text())
    table.pop("digest", None)
    change(table)
    table["digest"] = manifest_json._digest(table)
    path.write_text(json.dumps(table))


def update_digest(build: Path, name: str) -> None:
    """Give a changed file its new digest in the manifest."""
    digest = FileDigest.of(build / name)
    change_manifest(build, lambda table: table["files"].update({name: vars(digest)}))
