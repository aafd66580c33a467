"""Removing galaxies from an index."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    UnknownTargetError,
)
from galsearch.core.modality import DIRECTIONS
from galsearch.index import add, compact, open_build, remove, verify
from galsearch.query import open_index
from tests.index.changing_index import (
    N_FIRST,
    N_SECOND,
    N,
    check_results,
)


def test_removed_galaxies_are_never_found(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    gone = shuffled_sky.ids[:N_FIRST:3]
    manifest = remove([str(name) for name in gone], index=changing_index)
    assert manifest == verify(changing_index)
    assert manifest.n_galaxies == N_FIRST - len(gone)
    check_results(shuffled_sky, changing_index)
    add(survey_parts / "second", index=changing_index)
    remove(shuffled_sky.ids[N_FIRST:N_SECOND:5], index=changing_index)
    gone = np.concatenate([gone, shuffled_sky.ids[N_FIRST:N_SECOND:5]])
    check_results(shuffled_sky, changing_index)
    assert (open_build(changing_index).catalogue_rows(gone) == -1).all()
    add(survey_parts / "third", index=changing_index)
    for last in (False, True):
        if last:
            compact(changing_index)
        verify(changing_index)
        check_results(shuffled_sky, changing_index)
        engine = open_index(changing_index)
        for using, among in DIRECTIONS:
            query_ids = np.intersect1d(shuffled_sky.ids[1:9:3], engine.index.stored(using).ids)
            results = engine.query_many(
                query_ids, using=using, among=among, k=N, where="dec_deg < 9"
            )
            assert all(not set(gone) & set(result.target_ids) for result in results)
        with pytest.raises(UnknownTargetError):
            engine.query(int(gone[0]))


def test_a_text_is_one_galaxy_and_not_its_digits(shuffled_sky: Any, changing_index: Path) -> None:
    gone = int(shuffled_sky.ids[0])
    before = open_build(changing_index).manifest.n_galaxies
    assert remove(str(gone), index=changing_index).n_galaxies == before - 1
    with pytest.raises(UnknownTargetError) as caught:
        remove("123456789", index=changing_index)
    assert str(caught.value) == (
        "1 of 1 TARGETIDs are not in index 'toy', first 123456789; nothing was removed."
    )
    assert open_build(changing_index).manifest.n_galaxies == before - 1
