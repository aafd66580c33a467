"""Measures of estimates agree with their definitions, and the bank is the train split."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.analysis.simulated_estimates import (
    by_quartile,
    class_measures,
    expected_calibration_error,
    measure_estimates,
    number_measures,
    uniform_deviation,
)
from galsearch.dataset import split_of
from galsearch.index import IndexRecipe, build_index
from galsearch.query import open_index
from tests.conftest import Sky


def test_the_train_split_is_the_bank(make_sky: Callable[..., Sky], tmp_path: Path) -> None:
    n = 700
    sky = make_sky(n, seed=4)
    embeddings = sky.write(tmp_path / "sky")
    table = pq.read_table(embeddings / "catalogue.parquet")
    table = table.append_column("mass", pa.array(sky.image[:, 0]))
    table = table.append_column("kind", pa.array(np.where(sky.image[:, 1] > 0, "a", "b")))
    pq.write_table(table, embeddings / "catalogue.parquet")
    build_index(
        IndexRecipe(name="b", n_tuning_queries=50), embeddings=embeddings, out=tmp_path / "i"
    )
    found = measure_estimates(open_index(tmp_path / "i").index, ["mass", "kind"], ["test"], k=8)
    split = split_of(sky.ids)
    assert set(found) == {"mass", "kind"}
    one = found["mass"]["image to spectrum"]
    assert one["n_bank"] == (split == "train").sum()
    assert one["n_tested"] == (split == "test").sum()
    assert sum(one["pit"]) == pytest.approx(1)
    assert 0 <= found["kind"]["image to image"]["accuracy"] <= 1


def test_measures_of_a_number() -> None:
    true = np.arange(100.0)
    columns = {"x": true + 1, "x_agreement": np.linspace(0, 1, 100)}
    for level, half in ((68, 0.5), (95, 2.0)):
        columns |= {f"x_low_{level}": true + 1 - half, f"x_high_{level}": true + 1 + half}
    found = number_measures("x", columns, true, (true + 0.5) / 100)
    assert (found["coverage_68"], found["coverage_95"]) == (0, 1)
    assert (found["median_width_68"], found["median_width_95"]) == (1, 4)
    assert found["pit"] == [0.1] * 10
    assert found["pit_largest_deviation"] == pytest.approx(0.005)


def test_measures_of_a_class() -> None:
    columns = {
        "x": np.array(["a", "a", "b"], object),
        "x_set_95": np.array(["a", "a|b", ""], object),
        "x_probability_a": np.array([0.9, 0.6, 0.2]),
        "x_probability_b": np.array([0.1, 0.4, 0.8]),
    }
    found = class_measures("x", columns, np.array(["a", "b"]), np.array([0.0, 1.0, 1.0]))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["set_coverage"] == pytest.approx(2 / 3)
    assert found["mean_set_size"] == pytest.approx(1)
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8]).mean())


def test_small_measures() -> None:
    assert uniform_deviation(np.array([0.25, 0.75])) == pytest.approx(0.25)
    right = np.tile([True, False], 50)
    assert expected_calibration_error(np.full(100, 0.5), right) == pytest.approx(0)
    assert by_quartile(np.arange(8.0), np.arange(8) < 4) == [1, 1, 0, 0]
