"""A map follows its index through every change."""

from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.modality import Modality
from galsearch.index import add, build_index, compact, merge, open_build, remove, verify
from tests.index.changing_index import N_FIRST, RECIPE
from tests.index.drawn_map import check_positions, store_drawn_map

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def test_a_galaxy_that_is_removed_leaves_the_map(shuffled_sky: Any, changing_index: Path) -> None:
    store_drawn_map(changing_index, IMAGE)
    gone = np.sort(shuffled_sky.ids[:N_FIRST:4])
    manifest = remove(gone, index=changing_index)
    entry = manifest.maps[IMAGE]
    assert entry.n_galaxies == check_positions(changing_index, IMAGE) == N_FIRST - len(gone)
    records = open_build(changing_index).map_records(IMAGE)
    assert records is not None
    assert entry.n_fitted == records["is_fitted"].sum()
    assert not np.isin(records["target_id"], gone).any()
    assert verify(changing_index) == manifest


def test_a_galaxy_that_returns_has_no_position(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    add(survey_parts / "second", index=changing_index)
    store_drawn_map(changing_index, IMAGE)
    present = check_positions(changing_index, IMAGE)
    second = shuffled_sky.ids[N_FIRST : N_FIRST + 150]
    remove(second, index=changing_index)
    add(survey_parts / "second", index=changing_index)
    assert check_positions(changing_index, IMAGE) == present - 150
    verify(changing_index)


def test_additions_and_compactions_keep_the_map(survey_parts: Path, changing_index: Path) -> None:
    store_drawn_map(changing_index, IMAGE)
    store_drawn_map(changing_index, SPECTRUM, leave_out=7)
    add(survey_parts / "second", index=changing_index)
    assert check_positions(changing_index, IMAGE) == N_FIRST
    compact(changing_index)
    manifest = add(survey_parts / "third", index=changing_index)
    assert check_positions(changing_index, SPECTRUM) == N_FIRST - 7
    assert verify(changing_index) == manifest
    assert f"map of {N_FIRST:,} of 900 galaxies" in manifest.summary()


def test_a_map_of_no_galaxy_is_dropped(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    store_drawn_map(changing_index, IMAGE)
    add(survey_parts / "third", index=changing_index)
    manifest = remove(shuffled_sky.ids[:N_FIRST], index=changing_index)
    assert manifest.maps == {}
    assert verify(changing_index) == manifest


def test_merged_and_replaced_indexes_have_no_map(
    survey_parts: Path, changing_index: Path, tmp_path: Path
) -> None:
    store_drawn_map(changing_index, IMAGE)
    merged = merge([changing_index], out=tmp_path / "merged")
    assert merged.maps == {}
    assert verify(tmp_path / "merged") == merged
    rebuilt = build_index(
        RECIPE, embeddings=survey_parts / "third", out=changing_index, overwrite=True
    )
    assert rebuilt.maps == {}
    assert not list(changing_index.rglob("map-*"))
