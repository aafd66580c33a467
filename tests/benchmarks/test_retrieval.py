"""Ranks, controls and hubness of the retrieval benchmark, against what is obvious."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.retrieval import csls, hub_skew, ranks, same_redshift

ROOT = Path(__file__).parents[2]


@given(st.integers(2, 12), st.integers(0, 1000))
def test_a_rank_is_the_place_in_a_sorted_list_and_ties_count_against(n: int, seed: int) -> None:
    score = np.random.default_rng(seed).integers(0, 4, (n, n)).astype(np.float32)
    slow = [sum(other >= row[i] for other in row) for i, row in enumerate(score.tolist())]
    assert ranks(score).tolist() == slow


def test_random_vectors_are_found_at_chance_and_own_vectors_always() -> None:
    generator = np.random.default_rng(1)
    one, other = generator.normal(size=(2, 500, 16)).astype(np.float32)
    assert (ranks(one @ other.T) <= 10).mean() == pytest.approx(0.02, abs=0.02)
    unit = one / np.linalg.norm(one, axis=1, keepdims=True)
    assert (ranks(unit @ unit.T) == 1).all()


def test_knowing_the_redshift_alone_is_chance_among_galaxies_of_one_redshift() -> None:
    generator = np.random.default_rng(2)
    z = np.repeat(np.linspace(0.1, 0.5, 10), 40)
    angle = z[:, None] * 3 + 2e-2 * generator.normal(size=(2, 400, 1))
    one, other = np.concatenate([np.cos(angle), np.sin(angle)], axis=2)
    score = (one @ other.T).astype(np.float32)
    assert (ranks(score) <= 40).mean() > 0.9
    control = same_redshift(score, z)
    assert set(control["n_candidates"]) == {40}
    assert (np.array(control["rank"]) <= 10).mean() == pytest.approx(10 / 40, abs=0.1)


def test_a_hub_is_seen_and_corrected() -> None:
    generator = np.random.default_rng(3)
    score = generator.normal(size=(200, 200)).astype(np.float32)
    even = hub_skew(score)
    score[:, :3] += 1.0
    assert hub_skew(score) > even + 1
    assert hub_skew(csls(score)) < hub_skew(score) - 1


def test_the_command_measures_a_toy_set_and_its_table_follows_from_its_file(
    make_sky, tmp_path: Path
) -> None:
    embeddings = make_sky(600).write(tmp_path / "sky")
    out = tmp_path / "retrieval.json"
    command = [sys.executable, "-m", "benchmarks.retrieval", str(embeddings), "--split", "train"]
    command += ["--pool", "100", "--pools", "3", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text())
    first = results["directions"][0]
    assert (len(first["pools"]), len(first["pools"][0])) == (3, 100)
    assert len(first["whole"]) == results["n"] > 400
    share = (np.array(first["whole"]) <= 10).mean()
    assert "| image | spectrum | whole split | " in done.stdout
    assert f"{share:.3f}" in done.stdout
