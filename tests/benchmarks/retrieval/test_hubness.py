"""Hubs are measured and corrected, and the corrections follow their definitions."""

import math

import numpy as np
import pytest

from benchmarks.retrieval.hubness import csls, hub_skew, mutual_proximity


def hubby(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Queries and candidates, some of the latter near to all of the former."""
    generator = np.random.default_rng(seed)
    middle = 3 * np.eye(16)[0]
    query, candidate = generator.normal(size=(2, n, 16))
    query += middle
    candidate[: n // 20] += middle
    unit = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (query, candidate))
    one, other = unit
    return one.astype(np.float32), other.astype(np.float32)


@pytest.mark.parametrize("correct", [csls, mutual_proximity])
def test_hubs_are_seen_and_corrected_from_a_bank_of_other_galaxies(correct) -> None:
    query, candidate = hubby(300, 1)
    bank_query, bank_candidate = hubby(300, 2)
    cosine = query @ candidate.T
    to_bank = query @ bank_candidate.T, candidate @ bank_query.T
    corrected = correct(cosine, *to_bank)
    assert hub_skew(cosine) > 2
    assert hub_skew(corrected) < hub_skew(cosine) - 1
    alone = correct(cosine[:7], to_bank[0][:7], to_bank[1])
    np.testing.assert_allclose(alone, corrected[:7], rtol=1e-5, atol=1e-6)


def test_mutual_proximity_is_the_product_of_two_normal_chances() -> None:
    query, candidate = hubby(40, 3)
    bank_query, bank_candidate = hubby(50, 4)
    to_bank = query @ bank_candidate.T, candidate @ bank_query.T
    found = mutual_proximity(query @ candidate.T, *to_bank)
    i, j = 3, 17
    cosine = float(query[i] @ candidate[j])
    chance = 1.0
    for near in (to_bank[0][i], to_bank[1][j]):
        chance *= 0.5 * math.erfc(-(cosine - near.mean()) / near.std() / math.sqrt(2))
    assert found[i, j] == pytest.approx(math.log(chance), rel=1e-3)
