"""Wrong values in a manifest whose digest was made again: an error that names the value."""

import json
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ManifestError
from galsearch.core.modality import DIRECTIONS
from galsearch.index import verify
from galsearch.index.storage.manifest import MANIFEST_NAME
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.query import open_index
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_json import damaged_json
from tests.index.tampering import change_manifest


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
            lambda t: t["directions"][0].update(rerank="nan"),
            "manifest.directions[0].rerank is str",
        ),
        (
            lambda t: t["directions"][0].update(least_similarity=1e300),
            "manifest.directions[0].least_similarity is 1e+300",
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


def test_other_values_with_a_new_digest_raise_only_errors_with_a_sentence(
    toy_copy: Path, toy_sky: Any
) -> None:
    path = toy_copy / MANIFEST_NAME
    target_id = int(toy_sky.ids[3])

    def read(content: bytes) -> None:
        path.write_bytes(content)
        change_manifest(toy_copy, lambda _: None)
        engine = open_index(toy_copy)
        for using, among in DIRECTIONS:
            engine.query(target_id, using=using, among=among, k=3)
            engine.query(target_id, using=using, among=among, k=3, where="z < 0.5")
        verify(toy_copy)
        str(engine.manifest)

    original = path.read_bytes()
    assert_only_galsearch_errors(read, [original], copies=60, damage=damaged_json)
    path.write_bytes(original)
    assert json.loads(original)["n_galaxies"] == verify(toy_copy).n_galaxies
