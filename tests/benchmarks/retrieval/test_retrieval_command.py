"""Ranks, controls, hubs, generic towers and bound of the retrieval benchmark, against what is
obvious.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.retrieval import __main__ as command
from benchmarks.retrieval import bound, generic, hubs
from benchmarks.retrieval import plain_features as plain
from benchmarks.retrieval.pairs import read_bank, read_pairs
from benchmarks.retrieval.ranks import (
    draw_pools,
    figures,
    histogram,
    in_pools,
    paired_gain,
    pool_ranks,
    ranks,
    same_redshift,
    summary,
)
from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch, split_of

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


def test_figures_of_pools_are_those_of_each_pool_by_itself() -> None:
    score = np.random.default_rng(4).normal(size=(60, 60)) + 2 * np.eye(60)
    pools = draw_pools(60, 20, 5, seed=1)
    found = in_pools(pool_ranks(score, pools))
    for number, rows in enumerate(pools):
        slow = ranks(score[rows][:, rows])
        assert len(set(rows.tolist())) == 20
        assert found["r5"][number] == pytest.approx((slow <= 5).mean())
        assert found["mrr"][number] == pytest.approx((1 / slow).mean(), abs=1e-5)
        assert found["median"][number] == np.median(slow)
    assert sum(found["histogram"]) == 100
    assert 0 < found["sd_over_galaxies"]["r5"] < 0.2


def test_a_gain_is_the_difference_of_recalls_and_surer_than_either() -> None:
    generator = np.random.default_rng(11)
    score = generator.normal(size=(200, 200)) + 2 * np.eye(200)
    pools = draw_pools(200, 150, 6, seed=2)
    base = pool_ranks(score, pools)
    better = pool_ranks(score + 0.2 * np.eye(200), pools)
    gain = paired_gain(better, base)
    recalls = [np.mean(in_pools(found)["r10"]) for found in (better, base)]
    assert 0 < gain["r10"] == pytest.approx(recalls[0] - recalls[1], abs=0.01)
    assert gain["sd"] < in_pools(base)["sd_over_galaxies"]["r10"]
    assert paired_gain(base, base) == {"r10": 0.0, "sd": 0.0}


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=40))
def test_a_summary_counts_everyone(values: list[int]) -> None:
    rank = np.array(values)
    found = summary(rank, 3000)
    assert sum(found["histogram"]) == len(values) == found["n"]
    assert found["r1"] <= found["r5"] <= found["r10"]
    assert found["histogram"][0] == sum(value == 1 for value in values)
    assert figures(rank)["r10"] == pytest.approx(sum(histogram(rank)[:7]) / len(values))
    assert found["chance_r10"] == pytest.approx(10 / 3000, abs=1e-6)


def test_knowing_the_redshift_alone_is_chance_among_galaxies_of_one_redshift() -> None:
    generator = np.random.default_rng(2)
    z = np.repeat(np.linspace(0.1, 0.5, 10), 40)
    angle = z[:, None] * 3 + 2e-2 * generator.normal(size=(2, 400, 1))
    one, other = np.concatenate([np.cos(angle), np.sin(angle)], axis=2)
    score = (one @ other.T).astype(np.float32)
    assert (ranks(score) <= 40).mean() > 0.9
    control = same_redshift(score, z)
    assert control is not None
    assert control["candidates"] == 40
    assert control["r10"] == pytest.approx(10 / 40, abs=0.1)
    assert control["chance_r10"] == pytest.approx(10 / 40)
    assert same_redshift(score, np.linspace(0, 10, 400)) is None


def hubby(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Questions and candidates, some of the latter near to all of the former."""
    generator = np.random.default_rng(seed)
    middle = 3 * np.eye(16)[0]
    question, candidate = generator.normal(size=(2, n, 16))
    question += middle
    candidate[: n // 20] += middle
    unit = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (question, candidate))
    one, other = unit
    return one.astype(np.float32), other.astype(np.float32)


@pytest.mark.parametrize("correct", [hubs.csls, hubs.mutual_proximity])
def test_hubs_are_seen_and_corrected_from_a_bank_that_is_not_asked(correct) -> None:
    question, candidate = hubby(300, 1)
    bank_question, bank_candidate = hubby(300, 2)
    cosine = question @ candidate.T
    to_bank = question @ bank_candidate.T, candidate @ bank_question.T
    corrected = correct(cosine, *to_bank)
    assert hubs.hub_skew(cosine) > 2
    assert hubs.hub_skew(corrected) < hubs.hub_skew(cosine) - 1
    alone = correct(cosine[:7], to_bank[0][:7], to_bank[1])
    np.testing.assert_allclose(alone, corrected[:7], rtol=1e-5, atol=1e-6)


def test_mutual_proximity_is_the_product_of_two_normal_chances() -> None:
    question, candidate = hubby(40, 3)
    bank_question, bank_candidate = hubby(50, 4)
    to_bank = question @ bank_candidate.T, candidate @ bank_question.T
    found = hubs.mutual_proximity(question @ candidate.T, *to_bank)
    i, j = 3, 17
    cosine = float(question[i] @ candidate[j])
    chance = 1.0
    for near in (to_bank[0][i], to_bank[1][j]):
        chance *= 0.5 * math.erfc(-(cosine - near.mean()) / near.std() / math.sqrt(2))
    assert found[i, j] == pytest.approx(math.log(chance), rel=1e-3)


def test_the_bank_never_holds_test_galaxies_nor_the_split_that_is_asked(
    make_sky, tmp_path: Path
) -> None:
    embeddings = make_sky(400).write(tmp_path / "sky")
    for split, allowed in (("test", {"validation", "train"}), ("train", {"validation"})):
        bank = read_bank(embeddings, split, 4000, seed=1)
        assert set(split_of(bank.target_ids).tolist()) == allowed
        assert not np.intersect1d(bank.target_ids, read_pairs(embeddings, split).target_ids).size
    few = read_bank(embeddings, "test", 10, seed=1)
    assert set(split_of(few.target_ids).tolist()) == {"validation"}


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
    assert len(first["scores"]["cosine"]["pools"]["r10"]) == 3
    assert set(first["scores"]) == {"cosine", "CSLS", "mutual proximity"}
    assert len(first["whole_ranks"]) == results["n"] > 400
    share = (np.array(first["whole_ranks"]) <= 10).mean()
    assert first["scores"]["cosine"]["whole"]["r10"] == pytest.approx(share, abs=1e-5)
    assert f"| image | spectrum | cosine | whole split, {results['n']} | " in done.stdout
    assert f"{share:.3f}" in done.stdout
    assert "pools of 100, not of 2000: not compared with the public figure" in done.stdout


def test_what_needs_training_galaxies_is_not_measured_on_them(make_sky, tmp_path: Path) -> None:
    embeddings = make_sky(60).write(tmp_path / "sky")
    arguments = command.parse([str(embeddings), "--split", "train", "--bound"])
    with pytest.raises(DatasetError) as caught:
        command.run(arguments)
    assert str(caught.value) == (
        "--generic and --bound learn from train and validation galaxies; measure --split test."
    )


def test_a_catalogue_without_truth_is_refused_before_any_pixel_is_read(
    make_sky, tmp_path: Path
) -> None:
    embeddings = make_sky(1500).write(tmp_path / "sky")
    arguments = command.parse(
        [str(embeddings), "--bound", "--pool", "50", "--out", str(tmp_path / "out.json")]
    )
    with pytest.raises(DatasetError) as caught:
        command.run(arguments)
    assert str(caught.value) == (
        "the bound needs the truth of a simulated survey (true_z, label_mag_r and others as "
        "columns of the dataset); the catalogue has target_id, ra_deg, dec_deg, z."
    )
    assert not (tmp_path / "out.json").exists()


# --- generic towers ---------------------------------------------------------------------------


def test_random_convolutions_are_frozen_the_same_for_a_seed_and_see_images_one_by_one() -> None:
    images = torch.randn(3, 3, 96, 96)
    one, again, other = (generic.RandomConvolutions(seed) for seed in (1, 1, 2))
    assert not any(p.requires_grad for p in one.parameters())
    assert one(images).shape == (3, 1024)
    torch.testing.assert_close(one(images), again(images))
    torch.testing.assert_close(one(images[1:2]), one(images)[1:2], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(one(images), other(images))


def test_components_explain_a_plane_and_leave_nothing() -> None:
    generator = np.random.default_rng(5)
    plane = generator.normal(size=(80, 2)) @ generator.normal(size=(2, 30))
    found = generic.principal_components(plane.astype(np.float32), np.arange(60), seed=1, n=5)
    centred = plane - plane[:60].mean(axis=0)
    lengths = np.linalg.norm(found[:, :2], axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(centred, axis=1), rtol=1e-3)
    assert np.abs(found[:, 2:]).max() < 1e-3


def shared_features(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two views of the same four numbers."""
    generator = np.random.default_rng(6)
    latent = generator.normal(size=(n, 4))
    views = (
        latent @ generator.normal(size=(4, 12)) + 0.05 * generator.normal(size=(n, 12))
        for _ in range(2)
    )
    one, other = views
    return one.astype(np.float32), other.astype(np.float32)


def test_the_head_learns_what_two_views_share_and_is_the_same_for_a_seed() -> None:
    image, spectrum = shared_features()
    train, validation, test = np.split(np.arange(400), [250, 320])
    arguments = {"epochs": 8, "batch_size": 64, "learning_rate": 3e-3}
    one, other, curve = generic.train_heads(image, spectrum, train, validation, **arguments)
    assert (ranks(one[test] @ other[test].T) <= 10).mean() > 0.6
    assert len(curve) == 8
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, rtol=1e-5)
    again, *_ = generic.train_heads(image, spectrum, train, validation, **arguments)
    np.testing.assert_array_equal(one, again)


# --- what is measured plainly -------------------------------------------------------------------


def batch(image: np.ndarray, spectrum: np.ndarray) -> GalaxyBatch:
    n = len(image)
    zeros = np.zeros(n)
    return GalaxyBatch(
        np.arange(1, n + 1),
        zeros,
        zeros,
        zeros,
        np.ones(n, bool),
        np.ones(n, bool),
        image,
        np.zeros(image.shape, bool),
        spectrum,
        np.ones(spectrum.shape, np.float32),
        np.zeros(spectrum.shape, bool),
    )


def test_apertures_hold_the_light_inside_and_bins_the_mean() -> None:
    image = np.zeros((1, 3, 152, 152), np.float32)
    image[0, 1, 75:77, 75:77] = 0.25  # a point of one nanomaggie in r, in the middle
    image[0, 2] = 1.0
    spectrum = np.repeat(np.arange(39), 200)[None, :7781].astype(np.float32)
    galaxies = batch(image, spectrum)
    apertures = np.sinh(plain.aperture_magnitudes(galaxies)) * plain.SOFTENING_NANOMAGGIES
    assert apertures.shape == (1, 15)
    np.testing.assert_allclose(apertures[0, 1::3], 1, rtol=1e-4)
    assert (apertures[0, 0::3] == 0).all()
    area = np.pi * (np.array(plain.RADII_ARCSEC) / 0.262) ** 2
    np.testing.assert_allclose(apertures[0, 2::3], area, rtol=0.03)
    bins = np.sinh(plain.wide_bins(galaxies)) * plain.SOFTENING_FLUX
    np.testing.assert_allclose(bins[0], np.arange(38), rtol=1e-4, atol=1e-6)


# --- the bound --------------------------------------------------------------------------------


def gaussian_world(n: int = 900, p: int = 3) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Parameters and posterior means of two modalities that follow the model exactly."""
    generator = np.random.default_rng(8)
    theta = generator.normal(size=(n, p))
    explained = {"image": np.diag([0.9, 0.5, 0.2]), "spectrum": np.diag([0.8, 0.7, 0.1])}
    guesses = {
        m: theta @ a + generator.normal(size=(n, p)) @ np.sqrt(a - a @ a)
        for m, a in explained.items()
    }
    return theta, guesses


def test_covariances_are_measured_from_errors() -> None:
    theta, guesses = gaussian_world(20000)
    train, validation = np.split(np.arange(20000), [10000])
    model = bound.measured(theta, guesses, train, validation, np.zeros(20000, int))
    # Whitening turns the axes: compare what is explained in the parameters' own axes.
    for modality, wanted in {"image": [0.9, 0.5, 0.2], "spectrum": [0.8, 0.7, 0.1]}.items():
        back = np.linalg.inv(model.whiten)
        own = back.T @ model.explained[modality][0] @ back
        np.testing.assert_allclose(np.diag(own), wanted, atol=0.05)
        drawn = model.draw(theta, np.zeros(20000, int), modality, seed=1)
        covariance = drawn.T @ drawn / len(drawn)
        np.testing.assert_allclose(covariance, model.explained[modality][0], atol=0.05)


def test_the_score_is_the_likelihood_ratio_of_the_joint_normal() -> None:
    theta, guesses = gaussian_world()
    bins = np.arange(900) % 2
    model = bound.measured(theta, guesses, np.arange(450), np.arange(450, 900), bins)
    a, b = (guesses[m][:6] @ model.whiten for m in ("image", "spectrum"))
    found = model.score(a, b, bins[:6])

    def log_normal(x: np.ndarray, covariance: np.ndarray) -> float:
        return float(
            -0.5 * x @ np.linalg.solve(covariance, x) - 0.5 * np.linalg.slogdet(covariance)[1]
        )

    for i in range(6):
        for j in range(6):
            A = model.explained["image"][bins[i]]
            B = model.explained["spectrum"][bins[j]]
            joint = np.block([[A, A @ B], [B @ A, B]])
            slow = log_normal(np.concatenate([a[i], b[j]]), joint)
            slow -= log_normal(a[i], A) + log_normal(b[j], B)
            assert found[i, j] == pytest.approx(slow, abs=1e-3)


def test_no_other_ranking_of_the_model_recalls_more_and_exact_spectra_help() -> None:
    theta, guesses = gaussian_world(3000)
    bins = np.zeros(3000, int)
    model = bound.measured(theta, guesses, np.arange(1500), np.arange(1500, 3000), bins)
    test = np.arange(1500, 2100)
    drawn = next(bound.rank_by_draws(model, theta[test], bins[test], seed=3))
    exact = model.with_exact("spectrum")
    better = next(bound.rank_by_draws(exact, theta[test], bins[test], seed=3))
    image, spectrum = (guesses[m][test] for m in ("image", "spectrum"))
    distance = -((image[:, None] - spectrum[None]) ** 2).sum(axis=2)
    recall = [(ranks(score) <= 10).mean() for score in (distance, drawn, better)]
    assert 10 / 600 < recall[0] < recall[1] < recall[2]


def test_normal_scores_keep_order_share_ties_and_are_standard() -> None:
    values = np.concatenate([np.exp(np.random.default_rng(9).normal(size=500)), np.full(100, 9.0)])
    values = values[:, None]
    found = bound.normal_scores(values, np.arange(600))[:, 0]
    order = np.argsort(values[:, 0], kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert len(set(found[500:].tolist())) == 1
    assert abs(found.mean()) < 0.1
    assert np.isfinite(bound.normal_scores(np.array([[0.0], [1.0], [-1e9]]), np.arange(2))).all()


def test_regressors_find_straight_and_bent_relations() -> None:
    generator = np.random.default_rng(10)
    x = generator.normal(size=(1200, 3)).astype(np.float32)
    theta = np.stack([2 * x[:, 0] - x[:, 1], np.abs(x[:, 2]) * 2], axis=1).astype(np.float64)
    train, validation = np.arange(900), np.arange(900, 1200)
    found = bound.estimates(x, theta, train, validation, epochs=12, seed=1)
    shares = bound.known_shares(theta, {"image": found}, validation, ["straight", "bent"])
    assert shares["image"]["straight"] > 0.99
    assert shares["image"]["bent"] > 0.8


def test_figures_are_averaged_over_draws_and_labels_kept() -> None:
    lines = [{"size": 10, "r10": [0.1, 0.2], "deep": {"x": x}, "none": None} for x in (0.0, 1.0)]
    assert bound.mean_of(lines) == {
        "size": 10,
        "r10": [0.1, 0.2],
        "deep": {"x": 0.5},
        "none": None,
    }


def test_the_command_measures_generic_towers_and_bound(
    make_sky, tmp_path: Path, monkeypatch, capsys
) -> None:
    sky = make_sky(1600, dim=6)
    embeddings = sky.write(tmp_path / "sky")
    catalogue = pq.read_table(embeddings / "catalogue.parquet")
    latent = sky.image.astype(float)
    truth = {"true_z": latent[:, 0], "label_mag_r": latent[:, 1], "av": latent[:, 2]}
    for name, values in truth.items():
        catalogue = catalogue.append_column(name, pa.array(values))
    pq.write_table(catalogue, embeddings / "catalogue.parquet")

    class Anything:
        digest = "toy"

    def features(galaxies, target_ids, train, *, seed, progress) -> dict[str, np.ndarray]:
        assert galaxies.digest == "toy"
        rows = np.searchsorted(sky.ids, target_ids)
        return {
            "image": sky.image[rows],
            "spectrum": sky.spectrum[rows],
            "apertures": np.repeat(sky.image[rows][:, :3], 5, axis=1),
            "wide_bins": sky.spectrum[rows],
        }

    monkeypatch.setattr(command, "open_galaxies", lambda _: Anything())
    monkeypatch.setattr(generic, "features", features)
    out = tmp_path / "retrieval.json"
    arguments = [str(embeddings), "--pool", "60", "--pools", "2", "--generic", "--bound"]
    arguments += ["--head-epochs", "3", "--bound-epochs", "2", "--out", str(out)]
    assert command.run(command.parse(arguments)) == 0
    results = json.loads(out.read_text())
    assert results["bound"]["parameters"] == [
        "true_z",
        "av",
        "label_mag_r",
        "fibre_g",
        "fibre_r",
        "fibre_z",
    ]
    for part, names in {
        "generic": [generic.NAME],
        "bound": [
            "estimated parameters",
            "true parameters, errors drawn",
            "true parameters, spectrum without error",
        ],
    }.items():
        for entry, (using, among) in zip(results[part]["directions"], command.CROSS, strict=True):
            assert (entry["using"], entry["among"]) == (using, among)
            assert list(entry["scores"]) == names
            for found in entry["scores"].values():
                assert found["whole"]["n"] == results["n"] > 100
                assert all(0 <= share <= 1 for share in found["pools"]["r10"])
    table = capsys.readouterr().out
    assert "times the generic towers' (" in table
    assert "times the bound's (" in table
    assert (tmp_path / "retrieval" / "plain_features.npz").is_file()
    assert Modality.IMAGE in results["bound"]["r2"]
