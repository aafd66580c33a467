"""A linear probe separates its examples and finds others like them."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import UnknownTargetError
from galsearch.query import SearchEngine
from galsearch.query.inputs.examples import _PENALTY, logistic_weights, probe_direction


def test_the_newton_steps_reach_the_minimum_of_the_loss() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(25, 40))
    labels = (np.arange(25) < 5).astype(float)
    weights = logistic_weights(features, labels)
    share = np.where(labels > 0, 0.5 * 25 / 5, 0.5 * 25 / 20)

    def loss(w: np.ndarray) -> float:
        # The best intercept for given weights, by bisection of the derivative.
        low, high = -50.0, 50.0
        for _ in range(200):
            middle = (low + high) / 2
            slope = (share * (1 / (1 + np.exp(-(features @ w + middle))) - labels)).sum()
            low, high = (middle, high) if slope < 0 else (low, middle)
        score = features @ w + low
        return float(
            (share * (np.logaddexp(0, score) - labels * score)).sum() + w @ w * _PENALTY / 2
        )

    for _ in range(20):
        assert loss(weights) <= loss(weights + 0.01 * rng.normal(size=40)) + 1e-9


def test_a_probe_ranks_a_hidden_class_above_a_single_example() -> None:
    rng = np.random.default_rng(2)
    population = rng.normal(size=(4000, 32)) * np.geomspace(3, 0.3, 32)
    hidden = rng.random(4000) < 0.02
    population[hidden, 20:24] += 1.5
    vectors = population / np.linalg.norm(population, axis=1, keepdims=True)
    good, bad = np.flatnonzero(hidden)[:5], np.flatnonzero(~hidden)[:20]
    direction = probe_direction(vectors[good], vectors[bad], vectors)
    assert np.linalg.norm(direction) == pytest.approx(1)

    def found(query: np.ndarray) -> float:
        score = vectors @ query
        score[np.concatenate([good, bad])] = -np.inf
        return float(hidden[np.argsort(-score)[:50]].mean())

    assert found(direction) > 3 * found(vectors[good[0]])


def test_examples_find_others_and_never_themselves(sky: Any, engine: SearchEngine) -> None:
    like, unlike = sky.ids[50:53], sky.ids[[3, 4, 5]]
    found = engine.query(like=like, unlike=[str(i) for i in unlike], k=7)
    # Galaxies 50 to 59 share one embedding.
    assert found.target_ids.tolist() == sky.ids[53:60].tolist()
    assert found.query_target_id is None
    assert found.notes == (
        "similarity is the cosine with the direction of a linear probe on 3 examples and 3 "
        "counter-examples.",
        # The direction of a probe is less similar to every galaxy than an embedding is.
        "The query lies where the recall of index 'toy' was not measured, unlike its galaxies; "
        "exact search finds all neighbours.",
    )
    everything = engine.query(like=like, unlike=unlike, k=10**6)
    assert len(everything) == len(sky.ids) - 6
    alone = engine.query(like=like, k=7)
    assert len(alone) == 7
    assert not np.isin(alone.target_ids, like).any()


def test_an_unknown_example_is_refused(sky: Any, engine: SearchEngine) -> None:
    with pytest.raises(UnknownTargetError) as caught:
        engine.query(like=[5, int(sky.ids[0])])
    assert str(caught.value) == "TARGETID 5 is not in index 'toy' (1,200 galaxies)."
