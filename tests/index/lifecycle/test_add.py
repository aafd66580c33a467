"""Adding galaxies to an index."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import EncoderMismatchError, ShardError
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.index import add, remove, verify
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.query import open_index
from tests.index.changing_index import (
    N_FIRST,
    N_SECOND,
    N,
    check_results,
    part,
)


def test_added_galaxies_are_found_and_can_be_queries(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    manifest = add(survey_parts / "second", index=changing_index)
    assert manifest == read_manifest(changing_index) == verify(changing_index)
    assert (manifest.n_galaxies, manifest.generation) == (N_SECOND, 2)
    assert manifest.modalities[Modality.SPECTRUM].n_vectors == N_FIRST + 100
    check_results(shuffled_sky, changing_index)


def test_a_removed_galaxy_can_be_added_again_and_is_the_new_one(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path, tmp_path: Path
) -> None:
    again = part(shuffled_sky, 0, 30)
    again.image[:] = again.image[::-1].copy()
    table = pq.read_table(again.write(tmp_path / "again") / "catalogue.parquet")
    table = table.set_column(3, "z", pa.array(np.full(len(table), 7.0)))
    pq.write_table(table, tmp_path / "again" / "catalogue.parquet")
    with pytest.raises(ShardError) as caught:
        add(tmp_path / "again", index=changing_index)
    assert str(caught.value) == (
        f"{tmp_path / 'again'}: 30 of 30 galaxies are in index 'toy' already, first TARGETID "
        f"{again.ids[0]}; nothing was added."
    )
    remove(again.ids, index=changing_index)
    add(tmp_path / "again", index=changing_index)
    verify(changing_index)
    engine = open_index(changing_index)
    assert engine.query(int(again.ids[0]), where="z == 7", k=99).z.tolist() == [7.0] * 29
    stored = engine.index.stored(Modality.IMAGE)
    np.testing.assert_array_equal(stored.take(stored.rows_of(again.ids)), again.image)
    assert len(engine.query(int(again.ids[0]), k=N, where="z < 7")) < N_FIRST - 30


def test_a_refused_addition_leaves_no_directory(
    shuffled_sky: Any, changing_index: Path, tmp_path: Path
) -> None:
    before = sorted(changing_index.iterdir())
    again = part(shuffled_sky, 0, 30).write(tmp_path / "again")
    with pytest.raises(ShardError):
        add(again, index=changing_index)
    sky = part(shuffled_sky, N_FIRST, N)
    short = type(sky)(sky.ids, unit_rows(sky.image[:, :8]), unit_rows(sky.spectrum[:, :8]))
    with pytest.raises(EncoderMismatchError) as caught:
        add(short.write(tmp_path / "short"), index=changing_index)
    assert str(caught.value) == (
        f"index 'toy' has image embeddings of 16 dimensions, {tmp_path / 'short'} of 8."
    )
    assert [path for path in sorted(changing_index.iterdir()) if path.is_dir()] == [
        path for path in before if path.is_dir()
    ]
