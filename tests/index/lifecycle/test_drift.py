"""Galaxies of a new kind: they are noticed when added, found at once, and learnt by compact."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.modality import Modality
from galsearch.index import (
    IndexRecipe,
    add,
    build_index,
    compact,
    merge,
    open_build,
    remove,
    verify,
)
from tests.index.vectors.low_rank_vectors import low_rank_vectors

N, N_NEW, DIM, K = 1500, 150, 32, 5
IMAGES = {"using": Modality.IMAGE, "among": Modality.IMAGE}


def new_kind(n: int, seed: int) -> np.ndarray:
    """Unit vectors that vary along axes which common ones hardly have."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(np.random.default_rng(8).normal(size=(DIM, DIM)))[0]
    vectors = (np.eye(DIM)[0] + 0.2 * generator.normal(size=(n, DIM))) @ axes
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def home(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings `common` and `new`, and an index `toy` of the common galaxies."""
    home, sky = tmp_path_factory.mktemp("drift"), make_sky(N + N_NEW)
    vectors = np.concatenate([low_rank_vectors(N, DIM, ratio=0.8), new_kind(N_NEW, 1)])
    for name, rows in (("common", slice(0, N)), ("new", slice(N, N + N_NEW))):
        type(sky)(sky.ids[rows], vectors[rows], vectors[rows]).write(home / name)
    recipe = IndexRecipe(name="toy", n_tuning_queries=30, n_lists=32, store="int8")
    build_index(recipe, embeddings=home / "common", out=home / "toy")
    return home


def recall_of_new(index: Path) -> float:
    """Recall of new galaxies that are not stored, over the ones that are."""
    opened, queries = open_build(index), new_kind(40, 2)
    found = opened.search(queries, k=K, **IMAGES)
    exact = opened.search(queries, k=K, exact=True, **IMAGES)
    pairs = zip(found.target_ids, exact.target_ids, strict=True)
    return float(np.mean([len(set(one) & set(other)) / K for one, other in pairs]))


def test_a_new_kind_is_noticed_found_and_learnt(home: Path, tmp_path: Path) -> None:
    index = tmp_path / "toy"
    built = build_index(
        IndexRecipe(name="toy", n_tuning_queries=30, n_lists=32, store="int8"),
        embeddings=home / "common",
        out=index,
    )
    entry = built.modalities[Modality.IMAGE]
    assert entry.outside is not None
    assert 0.01 <= entry.outside_share <= 0.021
    assert not entry.has_drifted
    assert "DRIFTED" not in built.summary()
    added = add(home / "new", index=index)
    entry = added.modalities[Modality.IMAGE]
    assert entry.has_drifted
    assert 0.1 < entry.outside_share < 0.12
    assert "% of the vectors lie outside of the common axes, " in added.summary()
    assert "DRIFTED: a new kind of galaxies was added; compact trains anew." in added.summary()
    assert recall_of_new(index) > 0.99
    compacted = compact(index)
    assert compacted == verify(index)
    entry = compacted.modalities[Modality.IMAGE]
    assert not entry.has_drifted
    assert entry.quantiser != added.modalities[Modality.IMAGE].quantiser
    assert recall_of_new(index) > 0.9


def test_the_vectors_outside_survive_removals_and_merges(home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    recipe = IndexRecipe(name="toy", n_tuning_queries=30, store="int8")
    build_index(recipe, embeddings=home / "new", out=new, quantisers=home / "toy")
    manifest = merge([home / "toy", new], out=tmp_path / "merged")
    assert manifest == verify(tmp_path / "merged")
    assert manifest.modalities[Modality.IMAGE].has_drifted
    assert recall_of_new(tmp_path / "merged") > 0.99
    opened = open_build(tmp_path / "merged")
    outside = opened.outside(Modality.IMAGE)
    assert outside is not None
    stored = opened.stored(Modality.IMAGE)
    originals = stored.originals
    assert originals is not None
    measures = outside.axes.measure(originals.take(np.arange(stored.n_rows)))
    assert outside.rows.tolist() == np.flatnonzero(measures > outside.axes.limit).tolist()
    gone = stored.ids_at(outside.rows[:7])
    opened.release()
    after = remove(gone, index=tmp_path / "merged")
    entry = after.modalities[Modality.IMAGE]
    assert entry.outside is not None
    assert entry.outside.n_vectors == len(outside) - 7
