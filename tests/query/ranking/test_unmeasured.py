"""Notes on queries that lie where recall was not measured."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, build_index
from galsearch.query import SearchEngine, open_index
from tests.index.vectors.low_rank_vectors import low_rank_vectors

DIM = 32
NOTE = (
    "The query lies where the recall of index 'toy' was not measured, unlike its galaxies; exact "
    "search finds all neighbours."
)


@pytest.fixture(scope="module")
def engine(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> SearchEngine:
    home, sky = tmp_path_factory.mktemp("unmeasured"), make_sky(1200)
    vectors = low_rank_vectors(1200, DIM, ratio=0.8)
    sky = type(sky)(sky.ids, vectors, vectors)
    build_index(
        IndexRecipe(name="toy", n_tuning_queries=200, n_lists=32),
        embeddings=sky.write(home / "sky"),
        out=home / "toy",
    )
    return open_index(home / "toy")


def asked(engine: SearchEngine, vector: np.ndarray, **how: Any) -> tuple[str, ...]:
    fingerprint = engine.manifest.fingerprint
    found = engine.query_vector(
        vector, fingerprint=fingerprint, using="image", among="image", **how
    )
    return found.notes


def test_a_vector_unlike_all_galaxies_has_a_note_and_a_galaxy_has_none(
    engine: SearchEngine,
) -> None:
    strange = np.random.default_rng(5).normal(size=DIM)
    assert asked(engine, strange) == (NOTE,)
    assert asked(engine, strange, exact=True) == ()
    ids = engine.index.ids[:300]
    notes = [found.notes for found in map(engine.query, ids.tolist())]
    assert sum(map(bool, notes)) < 9
    stored = engine.index.stored(Modality.IMAGE)
    assert asked(engine, stored.take(np.array([3]))[0]) == ()


def test_a_neighbour_less_similar_than_any_that_was_measured_has_a_note(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        dataclasses.replace(entry, least_similarity=1.1, most_outside=None)
        for entry in engine.manifest.directions
    ]
    changed = dataclasses.replace(engine.manifest, directions=tuple(entries))
    monkeypatch.setattr(engine.index, "manifest", changed)
    ids = engine.index.ids[:3]
    assert engine.query(int(ids[0])).notes == (NOTE,)
    many = engine.query_many(ids).notes
    assert many == (NOTE.replace("The query lies", "3 of 3 queries lie"),)
    assert engine.query(int(ids[0]), ids=engine.index.ids[:1100]).notes == ()
