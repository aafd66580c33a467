"""Vote fractions from neighbours."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.transfer import neighbour_votes


def test_neighbours_that_share_votes_have_an_r2_of_nearly_one_and_others_none() -> None:
    rng = np.random.default_rng(3)
    votes = rng.uniform(size=200)
    by_vote = -np.abs(votes[:, None] - votes[None])
    assert neighbour_votes._r2(by_vote, votes, 5) > 0.98
    assert neighbour_votes._r2(rng.normal(size=(200, 200)), votes, 5) < 0.1
