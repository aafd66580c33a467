"""An open index: records of galaxies, and searches while its files are changed or released."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import MissingModalityError
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.files.lock import is_held
from galsearch.index import add, build_index, compact, open_build, remove
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.index.vectors.array_files import IDS_NAME
from tests.index.changing_index import N_FIRST, RECIPE, N


def test_every_galaxy_has_its_catalogue_record(toy_sky: Any, toy_index: Path) -> None:
    index = open_build(toy_index)
    shuffled = np.random.default_rng(1).permutation(len(index))
    records = index.catalogue_records(toy_sky.ids[shuffled])
    assert records["target_id"].tolist() == toy_sky.ids[shuffled].tolist()
    np.testing.assert_array_equal(records["ra_deg"], shuffled % 360.0)
    np.testing.assert_array_equal(np.isnan(records["z"]), shuffled % 5 == 0)
    assert index.catalogue_rows(np.array([1])).tolist() == [-1]


@pytest.mark.parametrize(("using", "among"), DIRECTIONS)
def test_neighbours_have_the_records_of_their_targetids(
    toy_index: Path, using: Modality, among: Modality
) -> None:
    index = open_build(toy_index)
    allowed = index.row_filter(index.ids[:6], among)
    queries = index.stored(using).take(np.array([0, 9]))
    # Where the first galaxy is left out, its result is shorter and ends with padding.
    found = index.search(
        queries,
        using=using,
        among=among,
        k=6,
        exclude_rows=np.array([0, -1]),
        row_filter=allowed,
    )
    assert found.counts.tolist() == [5, 6]
    records = index.records_of(found, among)
    assert records["target_id"].tolist() == found.target_ids.tolist()
    present = found.rows >= 0
    expected = index.catalogue_records(found.target_ids[present])
    assert records[present].tobytes() == expected.tobytes()
    assert np.isnan(records["ra_deg"][~present]).all()


def test_the_settings_may_be_replaced(toy_index: Path) -> None:
    index = open_build(toy_index)
    queries = index.stored(Modality.IMAGE).take(np.arange(50))
    exact = index.search(queries, among=Modality.IMAGE, k=10, exact=True)
    n_lists = index.manifest.modalities[Modality.IMAGE].plan.n_lists
    found = index.search(queries, among=Modality.IMAGE, k=10, n_probe=n_lists, rerank=10)
    assert np.isin(found.target_ids, exact.target_ids).mean() > 0.99
    tuned = index.settings(None, Modality.IMAGE)
    assert tuned.n_probe == max(
        entry.n_probe for entry in index.manifest.directions if entry.among == Modality.IMAGE
    )


def test_a_modality_is_opened_once_by_several_threads(toy_index: Path) -> None:
    index = open_build(toy_index)
    opened: list[Any] = []
    barrier = threading.Barrier(4, timeout=30)

    def open_modality() -> None:
        barrier.wait()
        opened.append(index.modality(Modality.IMAGE))

    threads = [threading.Thread(target=open_modality) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert all(one is opened[0] for one in opened)


def test_an_open_index_is_unchanged_by_later_changes(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    index = open_build(changing_index)
    queries = index.stored(Modality.IMAGE).take(np.arange(10))
    before = index.search(queries, among=Modality.SPECTRUM, k=5, exact=True)
    add(survey_parts / "second", index=changing_index)
    remove(shuffled_sky.ids[:20], index=changing_index)
    compact(changing_index)
    again = index.search(queries, among=Modality.SPECTRUM, k=5, exact=True)
    approximate = index.search(queries, among=Modality.SPECTRUM, k=5)
    assert again.target_ids.tolist() == before.target_ids.tolist()
    assert np.isin(approximate.target_ids, index.ids).all()
    assert len(index) == N_FIRST < N
    assert read_manifest(changing_index).generation > index.manifest.generation


def test_release_lets_later_changes_remove_the_files(toy_copy: Path) -> None:
    index = open_build(toy_copy)
    assert is_held(toy_copy / IDS_NAME)
    index.release()
    assert not is_held(toy_copy / IDS_NAME)
    with pytest.raises(ValueError, match="are closed"), index.catalogue_files.open():
        pass


def test_a_modality_that_the_index_lacks_is_refused(make_sky: Any, tmp_path: Path) -> None:
    embeddings = make_sky(30).write(tmp_path / "sky", image=slice(0, 0))
    build_index(RECIPE, embeddings=embeddings, out=tmp_path / "build")
    with pytest.raises(MissingModalityError) as caught:
        open_build(tmp_path / "build").stored(Modality.IMAGE)
    assert str(caught.value) == (
        "index 'toy' has no image vectors; it was built of spectrum vectors alone."
    )
