"""The table of LanceDB answers queries, where LanceDB is installed."""

from pathlib import Path

import pytest

from benchmarks.faults.subjects import lance_layout
from benchmarks.faults.subjects.small_survey import embedded_ids


def test_a_machine_without_lancedb_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert lance_layout.why_without_lancedb() == (
        "LanceDB is left out: pip install 'galsearch[lance]' adds it."
    )


@pytest.mark.slow
def test_a_galaxy_is_its_own_nearest_neighbour(tmp_path: Path) -> None:
    reason = lance_layout.why_without_lancedb()
    if reason:
        pytest.skip(reason)
    out = lance_layout.write_lance_layout(tmp_path / "lance", slice(0, 100))
    answers = lance_layout.answers_of_lance_layout(out)
    assert [ids[0] for ids, _, _ in answers] == embedded_ids()[[20, 40, 60]].tolist()
    assert all(abs(distances[0]) < 1e-5 for _, distances, _ in answers)
