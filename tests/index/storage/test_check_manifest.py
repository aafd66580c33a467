"""Wrong values in a manifest whose digest was made again: an error that names the value."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import GalsearchError, ManifestError
from galsearch.index import open_build, verify
from galsearch.index.storage.manifest import MANIFEST_NAME
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.tampering import change_manifest

VALUES: tuple[Any, ...] = (
    None, True, -2, 0, 10**40, 1e300, float("nan"), "", "../../etc", "/etc/passwd", [], {}, [[]],
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.update(n_galaxies="many"), "manifest.n_galaxies is str"),
        (lambda t: t["segments"][0].update(path="/etc"), "the path '/etc' leads out of the index"),
        (lambda t: t["segments"][0].update(path="../x"), "the path '../x' leads out of the index"),
        (
            lambda t: t["segments"][0].update(removed="ids"),
            "segments[0].removed is not among the files",
        ),
        (
            lambda t: t["directions"][0].update(rerank=float("nan")),
            "manifest.directions[0].rerank is nan",
        ),
        (lambda t: t.update(segments=[]), "segments is empty"),
    ],
)
def test_wrong_values_are_named(toy_copy: Path, change: Any, reason: str) -> None:
    change_manifest(toy_copy, change)
    with pytest.raises(ManifestError) as caught:
        read_manifest(toy_copy)
    path = toy_copy / MANIFEST_NAME
    assert str(caught.value) == f"{path}: is not a manifest ({ValueError(reason)!r})."


def positions(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a nested table, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else []
    keys = list(range(len(value))) if isinstance(value, list) else keys
    found = [(value, key) for key in keys]
    return found + [each for key in keys for each in positions(value[key])]


def test_random_changes_of_values_raise_only_errors_with_a_sentence(toy_copy: Path) -> None:
    path = toy_copy / MANIFEST_NAME
    original = path.read_text()
    for seed in range(150):
        chooser = random.Random(seed)

        def change(table: Any, chooser: random.Random = chooser) -> None:
            container, key = chooser.choice(positions(table))
            if chooser.random() < 0.2:
                del container[key]
            else:
                container[key] = chooser.choice(VALUES)

        path.write_text(original)
        try:
            change_manifest(toy_copy, change)
            verify(toy_copy) if seed % 10 == 0 else open_build(toy_copy).release()
        except GalsearchError:
            pass
    path.write_text(original)
    assert json.loads(original)["n_galaxies"] == verify(toy_copy).n_galaxies
