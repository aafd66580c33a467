"""The manifest entry of a map, in the manifest and in its summary."""

from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.index import verify
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.drawn_map import store_drawn_map
from tests.index.tampering import change_manifest


def test_an_index_without_a_map_says_nothing_of_one(toy_index: Path) -> None:
    manifest = read_manifest(toy_index)
    assert manifest.maps == {}
    assert "map of" not in manifest.summary()


def test_the_summary_states_how_many_galaxies_a_map_shows(toy_copy: Path) -> None:
    manifest = store_drawn_map(toy_copy, Modality.SPECTRUM, leave_out=10)
    n_vectors = manifest.modalities[Modality.SPECTRUM].n_vectors
    line = f"map of {n_vectors - 10:,} of {n_vectors:,} galaxies, trustworthiness 0.900"
    assert line in manifest.summary()
    assert read_manifest(toy_copy) == manifest == verify(toy_copy)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"path": "../map-image.npy"}, "the path '../map-image.npy' leads out of the index"),
        ({"path": "map-image.npy"}, "maps.image.path is not among the files"),
        ({"seed": "0"}, "manifest.maps.image.seed is str"),
        ({"trustworthiness": float("1e39")}, "manifest.maps.image.trustworthiness is 1e+39"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(
    toy_copy: Path, change: dict[str, Any], problem: str
) -> None:
    store_drawn_map(toy_copy, Modality.IMAGE)

    def edit(table: dict[str, Any]) -> None:
        table["maps"]["image"] |= change

    change_manifest(toy_copy, edit)
    with pytest.raises(ManifestError) as caught:
        read_manifest(toy_copy)
    error = f"is not a manifest (ValueError({problem!r}))."
    assert str(caught.value) == f"{toy_copy / 'manifest.json'}: {error}"
