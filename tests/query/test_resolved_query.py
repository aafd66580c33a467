"""The vectors of a query: stored, from other embeddings or given, and queries that do not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    EncoderMismatchError,
    MissingModalityError,
    QueryError,
    UnknownTargetError,
)
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.target_id import TargetId
from galsearch.query import Query, SearchEngine
from galsearch.query.resolved_query import QueryResolver
from tests.query.queried_sky import N_SPECTRA
from tests.reference.brute_force import brute_force


@pytest.mark.parametrize(("using", "among"), DIRECTIONS)
def test_stored_galaxies_have_their_own_vectors_and_rows(
    sky: Any, engine: SearchEngine, using: Modality, among: Modality
) -> None:
    galaxies = np.array([N_SPECTRA - 1, 3, 70, 3])
    query = Query(sky.ids[galaxies], using=using, among=among)
    found = QueryResolver(engine.index).resolve(query)
    rows = found.rows
    np.testing.assert_allclose(found.vectors[using], getattr(sky, using)[galaxies], atol=1e-6)
    assert rows is not None
    assert engine.index.stored(among).ids_at(rows).tolist() == sky.ids[galaxies].tolist()


def test_a_galaxy_without_the_searched_modality_has_row_minus_one(
    sky: Any, engine: SearchEngine
) -> None:
    query = Query(sky.ids[[-1, 5]], using="image", among="spectrum")
    rows = QueryResolver(engine.index).resolve(query).rows
    assert rows is not None
    assert rows.tolist() == [-1, 5]


def test_a_given_vector_is_normalised_and_has_no_row(sky: Any, engine: SearchEngine) -> None:
    query = Query(vector=3 * sky.image[5], fingerprint="a" * 64, using="image", among="image")
    found = QueryResolver(engine.index).resolve(query)
    np.testing.assert_allclose(found.vectors[Modality.IMAGE], sky.image[[5]], atol=1e-6)
    assert found.rows is None


def test_a_vector_of_another_encoder_is_refused(sky: Any, engine: SearchEngine) -> None:
    with pytest.raises(EncoderMismatchError) as caught:
        engine.query_vector(sky.image[0], fingerprint="c" * 64, using="image", among="image")
    assert str(caught.value) == (
        "index 'toy' has embeddings of encoder aaaaaaaaaaaaaaaa, the query vector of encoder "
        "cccccccccccccccc. Similarities between embeddings of different encoders have no meaning."
    )


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(3), "the vector has shape (3,), index 'toy' holds vectors of shape (16,)."),
        (np.zeros(16), "the query vector is zero or not finite, and so has no direction."),
        (np.full(16, np.nan), "the query vector is zero or not finite, and so has no direction."),
    ],
)
def test_a_vector_of_wrong_shape_or_without_direction_is_refused(
    engine: SearchEngine, vector: np.ndarray, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        engine.query_vector(vector, fingerprint="a" * 64, using="image", among="image")
    assert str(caught.value) == message


def test_an_unknown_galaxy_is_refused(engine: SearchEngine) -> None:
    with pytest.raises(UnknownTargetError) as caught:
        engine.query("39627848784286003")
    assert str(caught.value) == (
        "TARGETID 39627848784286003 is not in index 'toy' (1,200 galaxies)."
    )
    assert "39627848784286003" not in engine


def test_a_missing_modality_is_refused_with_the_one_that_is_present(
    sky: Any, engine: SearchEngine
) -> None:
    target_id = int(sky.ids[-1])
    assert target_id in engine
    with pytest.raises(MissingModalityError) as caught:
        engine.query(target_id, using="spectrum")
    assert str(caught.value) == (
        f"TARGETID {target_id} has no spectrum embedding in index 'toy' (1,200 images, 1,100 "
        "spectra); its image embedding is present."
    )


def test_a_query_galaxy_may_come_from_other_embeddings(
    make_sky: Callable[..., Any], engine: SearchEngine, sky: Any, tmp_path: Path
) -> None:
    others = make_sky(20, seed=9)
    embeddings = others.write(tmp_path / "others")
    query_id = int(others.ids[3])
    how = {"using": "spectrum", "among": "image", "exact": True}
    found = engine.query(query_id, from_embeddings=embeddings, **how)
    expected = brute_force(sky.image, sky.ids, others.spectrum[3], k=10)
    assert found.target_ids.tolist() == expected[0].tolist()
    assert found.query_target_id == TargetId(query_id)
    foreign = others.write(tmp_path / "foreign", fingerprints=("b" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        engine.query(query_id, using="spectrum", from_embeddings=foreign)
    assert str(caught.value) == (
        f"index 'toy' has embeddings of encoder aaaaaaaaaaaaaaaa, {foreign} of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning."
    )
