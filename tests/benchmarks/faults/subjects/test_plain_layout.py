"""The plain layout answers queries, and has nothing to verify."""

from pathlib import Path

from benchmarks.faults.subjects.plain_layout import (
    answers_of_plain_layout,
    verify_nothing,
    write_plain_layout,
)
from benchmarks.faults.subjects.small_survey import embedded_ids


def test_a_galaxy_is_its_own_nearest_neighbour(tmp_path: Path) -> None:
    ids, similarity, _ = answers_of_plain_layout(write_plain_layout(tmp_path, slice(0, 100)))
    assert [row[0] for row in ids] == embedded_ids()[[20, 40, 60]].tolist()
    assert all(abs(row[0] - 1) < 1e-5 for row in similarity)
    assert verify_nothing(tmp_path) == 1
