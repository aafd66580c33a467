"""The published figures agree with each other and stand in the table with their source."""

import numpy as np
import pytest

from benchmarks.downstream.published_results import BY_PROPERTY, README, ROWS, table


def test_figures_by_property_have_the_mean_of_the_readme() -> None:
    means = {(row.model, row.reads): row.properties for row in ROWS if row.how == "k-NN"}
    for model, values in BY_PROPERTY.items():
        assert np.mean(values) == pytest.approx(means[model], abs=0.0051)


def test_the_table_has_one_row_for_each_figure_with_its_source() -> None:
    lines = table().splitlines()
    heading, rows = lines[0], lines[2 : 2 + len(ROWS)]
    assert {line.count("|") for line in lines[: 2 + len(ROWS)]} == {heading.count("|")}
    assert all(line.endswith(f"| {README} |") for line in rows)
    assert rows[0] == (
        "| aligned (AstroCLIP) | image | k-NN | 0.79 | 0.74* | 0.27* | 0.44* | 0.44* | 0.47 "
        f"| {README} |"
    )
    assert rows[3] == f"| ResNet18 | image | supervised | 0.77 |  |  |  |  | 0.43 | {README} |"
    assert lines[-1].startswith("* recalled from the paper, not verified")
