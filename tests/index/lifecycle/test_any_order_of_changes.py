"""Sequences of changes, and changes that are refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import (
    EncoderMismatchError,
    MissingModalityError,
    ShardError,
    UnknownTargetError,
)
from galsearch.index import IndexRecipe, add, build_index, compact, open_build, remove, verify
from galsearch.index.storage.manifest_json import read_manifest
from tests.index.changing_index import (
    N_FIRST,
    check_results,
)


@settings(max_examples=4)
@given(data=st.data())
def test_any_order_of_changes_gives_the_results_of_a_new_index(
    shuffled_sky: Any,
    survey_parts: Path,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    build = tmp_path_factory.mktemp("changes") / "toy"
    shutil.copytree(survey_parts / "toy", build)
    alive, waiting = set(shuffled_sky.ids[:N_FIRST].tolist()), ["second", "third"]
    for change in data.draw(st.lists(st.sampled_from(["add", "remove", "compact"]), max_size=5)):
        if change == "add" and waiting:
            name = waiting.pop(0)
            add(survey_parts / name, index=build)
            alive |= set(
                np.asarray(pq.read_table(survey_parts / name / "catalogue.parquet")["target_id"])
            )
        elif change == "remove":
            seed = data.draw(st.integers(0, 99))
            gone = np.random.default_rng(seed).choice(sorted(alive), 40, replace=False)
            remove(gone, index=build)
            alive -= set(gone.tolist())
        elif change == "compact":
            compact(build)
    index = open_build(build)
    assert index.ids.tolist() == sorted(alive)
    verify(build)
    check_results(shuffled_sky, build)
    index.release()


def test_unsuitable_embeddings_are_refused_and_nothing_changes(
    shuffled_sky: Any,
    survey_parts: Path,
    changing_index: Path,
    tmp_path: Path,
    make_sky: Callable[..., Any],
) -> None:
    before = read_manifest(changing_index)
    other = make_sky(20, seed=8)
    foreign = other.write(tmp_path / "foreign", fingerprints=("b" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        add(foreign, index=changing_index)
    assert str(caught.value) == (
        f"index 'toy' has embeddings of encoder aaaaaaaaaaaaaaaa, {foreign} of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning."
    )
    with pytest.raises(UnknownTargetError) as caught:
        remove([int(shuffled_sky.ids[0]), 5, 6], index=changing_index)
    assert str(caught.value) == (
        "2 of 3 TARGETIDs are not in index 'toy', first 5; nothing was removed."
    )
    with pytest.raises(ShardError) as caught:
        remove(shuffled_sky.ids[:N_FIRST], index=changing_index)
    assert str(caught.value) == (
        "removing 600 galaxies would leave index 'toy' without image vectors; nothing was removed."
    )
    assert remove([], index=changing_index) == before
    spectra = other.write(tmp_path / "spectra", image=slice(0, 0))
    build_index(IndexRecipe(name="half"), embeddings=spectra, out=tmp_path / "half")
    with pytest.raises(MissingModalityError) as caught:
        add(survey_parts / "second", index=tmp_path / "half")
    assert str(caught.value) == (
        f"index 'half' was built without image vectors; {survey_parts / 'second'} holds 150."
    )
    assert read_manifest(changing_index) == before
