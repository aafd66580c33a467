"""Labels, their expressions and their gaps."""

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.downstream.data import prediction_targets
from galsearch.core.errors import DatasetError
from galsearch.dataset import GalaxyBatch


def galaxy(flux: np.ndarray, spectrum: np.ndarray, ivar: np.ndarray) -> GalaxyBatch:
    n, zeros, yes = len(flux), np.zeros(len(flux)), np.ones(len(flux), bool)
    mask = np.zeros(flux.shape, bool)
    ids = np.arange(1, n + 1)
    return GalaxyBatch(ids, zeros, zeros, zeros, yes, yes, flux, mask, spectrum, ivar, ivar <= 0)


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


def test_star_formation_is_divided_by_mass_and_values_without_logarithm_are_unknown() -> None:
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
def test_a_label_that_cannot_be_read_is_refused_with_the_reason(
    expression: str, message: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        prediction_targets.evaluate("mass", expression, TABLE)
    assert str(caught.value) == message


def test_labels_follow_the_columns_unless_others_are_given() -> None:
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
def test_invalid_labels_are_refused(texts: list[str], message: str) -> None:
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
