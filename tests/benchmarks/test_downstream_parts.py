"""Neighbours, measures, networks, training and labels of the downstream benchmark, one by one."""

import math

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.downstream.data import prediction_targets
from benchmarks.downstream.data.network_inputs import ImageInput, spectrum_input
from benchmarks.downstream.galaxy_zoo_votes import predict_from_others
from benchmarks.downstream.models import neighbour_regression, network_fitting
from benchmarks.downstream.models.supervised_networks import ConvAttention, Mlp, ResNet18
from benchmarks.downstream.result_cache import ResultCache
from benchmarks.downstream.scoring import accuracy_measures
from benchmarks.downstream.scoring.task_scores import rounded
from galsearch.core.errors import ConfigError, DatasetError
from galsearch.dataset import GalaxyBatch

# --- neighbours ---------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_neighbours_are_those_of_a_slow_loop(seed: int, k: int) -> None:
    generator = np.random.default_rng(seed)
    known, asked = generator.normal(size=(9, 3)), generator.normal(size=(4, 3))
    values = generator.normal(size=(9, 2))
    values[generator.random((9, 2)) < 0.3] = np.nan
    values[0] = 1.0
    found = neighbour_regression.predict(known, values, asked, k=k)
    for i, one in enumerate(asked):
        for column in range(2):
            rows = [r for r in range(9) if math.isfinite(values[r, column])]
            rows = sorted(rows, key=lambda r: math.dist(one, known[r]))[:k]
            weights = [1 / math.dist(one, known[r]) for r in rows]
            mean = sum(w * values[r, column] for w, r in zip(weights, rows, strict=True))
            assert found[i, column] == pytest.approx(mean / sum(weights))


def test_a_galaxy_that_is_known_answers_for_itself() -> None:
    known = np.random.default_rng(1).normal(size=(100, 4))
    values = np.arange(100.0)[:, None]
    found = neighbour_regression.predict(known, values, known[:5], k=64)
    np.testing.assert_allclose(found[:, 0], range(5), atol=1e-4)


def test_vectors_are_standardised_by_training_rows_alone() -> None:
    vectors = np.random.default_rng(2).normal(3, 2, size=(50, 3))
    vectors[:, 2] = 7.0
    train = np.arange(30)
    found = neighbour_regression.standardised(vectors, train)
    np.testing.assert_allclose(found[train, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found[train, :2].std(axis=0), 1, rtol=1e-5)
    assert (found[:, 2] == 0).all()


def test_votes_come_from_other_galaxies() -> None:
    vectors = np.repeat(np.arange(10.0), 2)[:, None] + np.tile([0, 0.01], 10)[:, None]
    votes = np.random.default_rng(3).random(20)
    swapped = votes.reshape(10, 2)[:, ::-1].ravel()
    np.testing.assert_allclose(predict_from_others(vectors, votes, k=1), swapped)


# --- measures -----------------------------------------------------------------------------------


def test_measures_are_their_definitions_and_unknown_galaxies_do_not_count() -> None:
    kind = prediction_targets.PROPERTIES[0]
    true = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    predicted = np.array([0.1, 0.2, 0.36, 0.52, 0.0])
    found = accuracy_measures.property_measures(
        true, predicted, kind, np.array([[0, 1, 2, 3, 4], [3, 2, 1, 0, 0]])
    )
    errors = np.array([0, 0, 0.06 / 1.3, 0.12 / 1.4])
    assert found["n"] == 4
    assert found["r2"] == pytest.approx(1 - (0.06**2 + 0.12**2) / 0.05)
    assert found["nmad"] == pytest.approx(1.4826 * np.median(np.abs(errors - np.median(errors))))
    assert found["outliers"] == 0.25
    assert found["r2_draws"][0] == found["r2"] != found["r2_draws"][1]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=25))
def test_the_area_is_the_chance_of_the_right_order(pairs: list[tuple[bool, int]]) -> None:
    yes = [s for flag, s in pairs if flag]
    no = [s for flag, s in pairs if not flag]
    found = accuracy_measures.area_under_curve(
        np.array([float(flag) for flag, _ in pairs]), np.array([float(s) for _, s in pairs])
    )
    if not yes or not no:
        assert math.isnan(found)
        assert rounded(found) is None
    else:
        slow = np.mean([(a > b) + 0.5 * (a == b) for a in yes for b in no])
        assert found == pytest.approx(slow)


def test_f1_is_weighted_by_how_often_a_class_is_true() -> None:
    true, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert accuracy_measures.weighted_f1(true, predicted) == pytest.approx(
        0.75 * 0.8 + 0.25 * 2 / 3
    )


# --- networks and their training ----------------------------------------------------------------


def test_resnet18_has_the_published_number_of_parameters() -> None:
    assert sum(p.numel() for p in ResNet18(1000).parameters()) == 11_689_512


def test_networks_take_what_they_are_fed() -> None:
    assert ResNet18(5)(torch.zeros(2, 3, 48, 48)).shape == (2, 5)
    network = ConvAttention(3).eval()
    pixels, scale = torch.randn(4, 7781), torch.zeros(4, 1)
    together = network(pixels, scale)
    assert together.shape == (4, 3)
    torch.testing.assert_close(together[1:2], network(pixels[1:2], scale[1:2]))


def test_unknown_targets_give_neither_loss_nor_gradient() -> None:
    out = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    wanted = torch.tensor([[0.0, float("nan")], [float("nan"), 2.0]])
    loss = network_fitting.squared_error(out, wanted)
    loss.backward()
    assert float(loss.detach()) == pytest.approx((1 + 4) / 2)
    assert out.grad is not None
    assert out.grad.tolist() == [[1.0, 0.0], [0.0, 2.0]]


def fit_line(epochs: int, seed: int = 1) -> tuple[network_fitting.Fitted, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    y = np.stack([1e3 + 50 * x[:, 0], x[:, 1]], axis=1).astype(np.float64)
    y[::7, 1] = np.nan
    torch.manual_seed(seed)
    train, validation = np.arange(200), np.arange(200, 250)
    load = network_fitting.from_arrays(x)
    recipe = network_fitting.Recipe(epochs, 16, learning_rate=1e-2, seed=seed)
    return network_fitting.fit(Mlp(2, 2, (32,), 0.0), load, y, train, validation, recipe), y


def test_training_finds_a_line_in_the_targets_own_units_and_repeats_itself() -> None:
    fitted, y = fit_line(12)
    test = np.arange(250, 300)
    predicted = fitted.predict(test)
    assert np.abs(predicted[:, 0] - y[test, 0]).mean() < 10
    assert fitted.curve[-1]["validation"] < 0.1 < fitted.curve[0]["validation"]
    np.testing.assert_array_equal(predicted, fit_line(12)[0].predict(test))


@given(st.integers(1, 60))
def test_the_rate_rises_to_its_peak_and_falls_for_any_number_of_steps(n_steps: int) -> None:
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    rates = []
    for step in range(n_steps):
        network_fitting.set_rate(optimiser, step, n_steps, 1e-3)
        rates.append(optimiser.param_groups[0]["lr"])
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(1e-3)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert min(rates) > 0


def test_the_best_epoch_is_kept_as_it_was(monkeypatch) -> None:
    losses = iter([0.5, 0.2, 0.9])
    kept = []
    true_error = network_fitting.squared_error

    def fake(out, wanted):
        if out.requires_grad:
            return true_error(out, wanted)
        kept.append(out.clone())
        return torch.tensor(next(losses))

    monkeypatch.setattr(network_fitting, "squared_error", fake)
    fitted, _ = fit_line(3)
    assert fitted.best_epoch == 1
    again = (fitted.predict(np.arange(200, 250)) - fitted.mean) / fitted.spread
    np.testing.assert_allclose(again, kept[1].numpy(), atol=1e-5)


def test_images_are_turned_and_mirrored_into_eight() -> None:
    image = torch.arange(9.0).reshape(1, 1, 3, 3).expand(200, 1, 3, 3)
    other = torch.arange(200)
    turned, same = network_fitting.random_orientations(
        (image, other), torch.Generator().manual_seed(1)
    )
    assert same is other
    kinds = {tuple(one.flatten().tolist()) for one in turned}
    assert len(kinds) == 8
    assert all(sorted(kind) == list(range(9)) for kind in kinds)


def galaxy(flux: np.ndarray, spectrum: np.ndarray, ivar: np.ndarray) -> GalaxyBatch:
    n, zeros, yes = len(flux), np.zeros(len(flux)), np.ones(len(flux), bool)
    mask = np.zeros(flux.shape, bool)
    ids = np.arange(1, n + 1)
    return GalaxyBatch(ids, zeros, zeros, zeros, yes, yes, flux, mask, spectrum, ivar, ivar <= 0)


def test_inputs_are_binned_means_and_robustly_scaled() -> None:
    flux = np.random.default_rng(5).normal(size=(2, 3, 152, 152)).astype(np.float32)
    spectrum = np.full((2, 7781), 4.0, np.float32)
    ivar = np.ones((2, 7781), np.float32)
    ivar[:, :100], spectrum[:, :100] = 0, 1e9
    batch = galaxy(flux, spectrum, ivar)
    small = ImageInput(96, 2).prepare(batch)
    assert small.shape == (2, 3, 48, 48)
    mean = flux[1, 2, 28:30, 28:30].mean()
    assert small[1, 2, 0, 0] == pytest.approx(np.arcsinh(mean / 0.03) / 3, rel=1e-2)
    pixels, log_scale = spectrum_input(batch)
    assert (pixels[:, :100] == 0).all()
    np.testing.assert_allclose(pixels[:, 100:], np.arcsinh(1), rtol=1e-3)
    np.testing.assert_allclose(log_scale, np.log10(4), rtol=1e-6)


# --- labels -------------------------------------------------------------------------------------

TABLE = pa.table(
    {
        "target_id": [1, 2, 3, 4],
        "z": [0.1, None, 0.3, 0.4],
        "sfr": [1.0, 0.0, 10.0, 100.0],
        "log10_mass": [10.0, 10.0, 9.0, 11.0],
        "kind": ["disk", "disk", None, "elliptical"],
        "has_bar": [0, 1, 1, 0],
        "n_arms": [0, 2, 3, 4],
    }
)


def test_star_formation_is_divided_by_mass_and_what_has_no_logarithm_is_unknown() -> None:
    found = prediction_targets.evaluate("ssfr", "log10(sfr)-log10_mass", TABLE)
    np.testing.assert_allclose(found, [-10, np.nan, -8, -9])
    np.testing.assert_allclose(
        prediction_targets.evaluate("redshift", "z", TABLE), [0.1, np.nan, 0.3, 0.4]
    )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "log_10mass",
            "label mass = 'log_10mass': the dataset has no column 'log_10mass'; did you mean "
            "log10_mass? Columns of numbers: target_id, z, sfr, log10_mass, has_bar, n_arms.",
        ),
        (
            "zzzzz",
            "label mass = 'zzzzz': the dataset has no column 'zzzzz'; no name is similar. "
            "Columns of numbers: target_id, z, sfr, log10_mass, has_bar, n_arms.",
        ),
        ("kind", "label mass = 'kind': the column 'kind' holds string, not numbers."),
        (
            "sfr+z",
            "label expression 'sfr+z': expected columns or log10(column), joined by '-'.",
        ),
    ],
)
def test_a_label_that_cannot_be_read_says_why(expression: str, message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        prediction_targets.evaluate("mass", expression, TABLE)
    assert str(caught.value) == message


def test_labels_follow_the_columns_and_what_is_given_wins() -> None:
    simulated = ["true_z", "log10_mass", "age_gyr", "log10_z_zsun", "log10_sfr", "z"]
    assert prediction_targets.parse_labels([], simulated)["ssfr"] == "log10_sfr-log10_mass"
    assert prediction_targets.parse_labels(["redshift=z"], simulated)["redshift"] == "z"
    provabgs = ["z", "log_mstar", "tage_mw", "z_mw", "avg_sfr"]
    assert prediction_targets.parse_labels([], provabgs)["ssfr"] == "log10(avg_sfr)-log_mstar"
    assert prediction_targets.parse_labels(["mass=m", "redshift=z"], ["z", "m"]) == {
        "redshift": "z",
        "mass": "m",
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            [],
            "the dataset has no known set of label columns (such as log10_mass or log_mstar): name "
            "labels, such as --label redshift=z. Its columns: z, m.",
        ),
        (
            ["colour=z"],
            "label 'colour=z': expected NAME=EXPRESSION with NAME one of redshift, mass, age, "
            "metallicity, ssfr.",
        ),
        (
            ["mass"],
            "label 'mass': expected NAME=EXPRESSION with NAME one of redshift, mass, age, "
            "metallicity, ssfr.",
        ),
    ],
)
def test_labels_that_are_none_say_so(texts: list[str], message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        prediction_targets.parse_labels(texts, ["z", "m"])
    assert str(caught.value) == message


def test_classes_become_columns_and_a_flag_is_0_or_1() -> None:
    shapes = prediction_targets.shapes_of("kind", ["has_bar"], TABLE)
    assert shapes.names == ("class:disk", "class:elliptical", "has_bar")
    np.testing.assert_array_equal(
        shapes.values, [[1, 0, 0], [1, 0, 1], [np.nan, np.nan, 1], [0, 1, 0]]
    )
    with pytest.raises(DatasetError) as caught:
        prediction_targets.shapes_of(None, ["n_arms"], TABLE)
    assert str(caught.value) == "flag n_arms: expected 0 or 1, found 2."


def test_gaps_are_counted_and_too_many_are_refused() -> None:
    split = np.repeat(["train", "validation", "test"], [200, 30, 30])
    values = np.arange(260.0)
    values[:40] = np.nan
    assert prediction_targets.check_known("mass", "m", values, split) == (
        "label mass = m: 220 known, 40 left out (NaN)"
    )
    values[:150] = np.nan
    with pytest.raises(DatasetError) as caught:
        prediction_targets.check_known("mass", "m", values, split)
    assert str(caught.value) == (
        "label mass = 'm' is known for 50 of 200 training galaxies and 30 of 30 test galaxies; a "
        "fit needs 100 and its score 20 at least."
    )
    with pytest.raises(DatasetError) as caught:
        prediction_targets.check_known("mass", "m", np.full(260, 3.0), split)
    assert str(caught.value) == (
        "label mass = 'm' is 3 for every galaxy that has it: there is nothing to predict."
    )


# --- what is kept -------------------------------------------------------------------------------


def test_what_is_kept_comes_back_and_other_settings_are_refused(tmp_path) -> None:
    kept = ResultCache(tmp_path / "work", {"seed": 1, "n": 10})
    assert kept.get("a") is None
    kept.put("a", x=np.arange(3))
    again = ResultCache(tmp_path / "work", {"seed": 1, "n": 10}).get("a")
    assert again is not None
    assert again["x"].tolist() == [0, 1, 2]
    assert {p.name for p in (tmp_path / "work").iterdir()} == {"a.npz", "settings.json"}
    with pytest.raises(ConfigError) as caught:
        ResultCache(tmp_path / "work", {"seed": 2, "n": 10})
    assert str(caught.value) == (
        f"{tmp_path / 'work'} belongs to a run with other settings: seed was 1, requested is 2. "
        "Name another --work, or remove it to start anew."
    )
