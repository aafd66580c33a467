"""A map is stored with its index in one step, and verified with it."""

import json
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.index import GalaxyIndex, open_build, verify
from galsearch.index.lifecycle.store_map import NewMap, store_map
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.drawn_map import FACTS, check_positions, draw, store_drawn_map
from tests.index.tampering import message_of_open_and_verify, update_digest
from tests.index.toy_index import N_TOY

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def test_the_map_of_each_modality_is_read_again(toy_copy: Path) -> None:
    before = read_manifest(toy_copy)
    reader = open_build(toy_copy)
    store_drawn_map(toy_copy, IMAGE)
    manifest = store_drawn_map(toy_copy, SPECTRUM)
    assert manifest.generation == before.generation + 2
    assert (manifest.directions, manifest.n_changed) == (before.directions, before.n_changed)
    assert manifest.maps[IMAGE].n_fitted == N_TOY // 2
    assert check_positions(toy_copy, IMAGE) == N_TOY
    assert check_positions(toy_copy, SPECTRUM) == N_TOY - 50
    assert verify(toy_copy) == manifest
    assert reader.map_records(IMAGE) is None
    assert open_build(toy_copy).map_records(IMAGE) is not None


def test_a_new_map_takes_the_place_of_the_old_one(toy_copy: Path) -> None:
    first = store_drawn_map(toy_copy, IMAGE, leave_out=100)
    reader = open_build(toy_copy)
    second = store_drawn_map(toy_copy, IMAGE)
    assert not (toy_copy / first.maps[IMAGE].path).exists()
    assert (toy_copy / second.maps[IMAGE].path).is_file()
    verify(toy_copy)
    records = reader.map_records(IMAGE)
    assert records is not None
    assert len(records) == N_TOY - 100


def test_nothing_changes_where_there_is_nothing_to_store(toy_copy: Path) -> None:
    before = (toy_copy / "manifest.json").read_bytes()
    assert store_map(toy_copy, IMAGE, lambda _: None) == read_manifest(toy_copy)
    assert (toy_copy / "manifest.json").read_bytes() == before


def test_an_error_leaves_the_index_as_it_was(toy_copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in toy_copy.rglob("*")}

    def fail(index: GalaxyIndex) -> NewMap:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_map(toy_copy, IMAGE, fail)
    after = {path: path.stat().st_mtime_ns for path in toy_copy.rglob("*")}
    after = {path: time for path, time in after.items() if path.name != "growing.lock"}
    assert after == {path: time for path, time in before.items() if path.name != "growing.lock"}


def test_positions_of_other_galaxies_are_refused(toy_copy: Path) -> None:
    def strange(index: GalaxyIndex) -> NewMap:
        drawn = draw(index, IMAGE)
        drawn.records["target_id"][-2:] += 10**9
        return NewMap(drawn.records, FACTS)

    with pytest.raises(ManifestError) as caught:
        store_map(toy_copy, IMAGE, strange)
    assert str(caught.value) == (
        f"{toy_copy}: 2 of {N_TOY} galaxies of a new map have no image vectors in the index."
    )
    assert read_manifest(toy_copy).maps == {}


def test_a_damaged_map_is_named(toy_copy: Path) -> None:
    path = toy_copy / store_drawn_map(toy_copy, IMAGE).maps[IMAGE].path
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    assert message_of_open_and_verify(toy_copy) == (
        f"{path}: the file has {len(content) - 9:,} bytes; manifest.json says {len(content):,}."
    )
    path.unlink()
    assert message_of_open_and_verify(toy_copy) == (
        f"{path}: the file is missing; manifest.json lists it."
    )


def test_verify_reads_the_positions(toy_copy: Path) -> None:
    name = store_drawn_map(toy_copy, SPECTRUM).maps[SPECTRUM].path
    records = np.load(toy_copy / name)
    records["target_id"][-1] += 5
    np.save(toy_copy / name, records)
    update_digest(toy_copy, name)
    with pytest.raises(ManifestError) as caught:
        verify(toy_copy)
    assert str(caught.value) == (
        f"{toy_copy / name}: has 1 galaxies without spectrum vectors, first TARGETID "
        f"{records['target_id'][-1]}."
    )


def test_an_older_galsearch_reads_an_index_with_a_map(toy_copy: Path) -> None:
    """It takes the keys that it knows from a manifest of the same format version."""
    store_drawn_map(toy_copy, IMAGE)
    table = json.loads((toy_copy / "manifest.json").read_text())
    assert table["format_version"] == 6
