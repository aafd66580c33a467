"""The cases of promised recall, with few galaxies."""

from pathlib import Path

import pytest

from benchmarks.promised_recall import promise_cases
from benchmarks.promised_recall.promise_cases import Case, measure_grown, table


def test_every_case_has_a_row_that_says_whether_the_promise_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promise_cases, "N_GROWN", 300)
    monkeypatch.setattr(promise_cases, "N_QUERIES", 20)
    case = Case(tmp_path, 300, 1)
    measure_grown(case, "int8")
    text = table({"cases": case.entries})
    assert text.splitlines()[2:] == [
        "| int8: grown | lists | 1.000 +- 0.000 | 1.000 +- 0.000 | yes |",
        "| int8: grown | exact | 1.000 +- 0.000 | 1.000 +- 0.000 | yes |",
        "| int8: grown, compacted | lists | 1.000 +- 0.000 | 1.000 +- 0.000 | yes |",
    ]
    case.entries[0]["fractions"] = [0.5, 0.6, 0.7]
    assert promise_cases.table({"cases": case.entries}).splitlines()[2].endswith("| NO |")
