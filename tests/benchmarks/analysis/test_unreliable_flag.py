"""The rates of the flag `unreliable`, and the threshold that the validation split gives."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.analysis import unreliable_flag
from benchmarks.analysis.unreliable_flag import (
    RESULTS,
    calibrated_threshold,
    flag_rates,
    real_rates,
    simulated_rates,
    table,
)
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.property_estimator import UNRELIABLE_BELOW
from galsearch.core.modality import Modality


def labels(name: str, values: list[float], classes: tuple[str, ...] | None = None) -> Labels:
    return Labels(name, np.arange(len(values)) + 1, np.array(values), classes, 0)


def test_the_threshold_flags_five_per_cent_of_right_redshifts() -> None:
    true = labels("z", [0.1] * 101 + [0.5] * 50)
    columns = {"z": np.full(151, 0.1), "z_reliability": np.linspace(0, 1, 151)}
    columns["z_reliability"][:101] = np.linspace(0, 1, 101)
    assert calibrated_threshold(true, columns) == pytest.approx(0.05)


def test_rates_of_a_flag() -> None:
    flag = np.array([True, True, False, True, False, False, False])
    wrong = np.array([True, True, True, False, False, False, False])
    assert flag_rates(flag, wrong) == {
        "n_wrong": 3,
        "n_right": 4,
        "wrong_flagged": pytest.approx(2 / 3),
        "right_flagged": 0.25,
        "auc": pytest.approx((2 / 3 + 0.75) / 2),
    }


def test_errors_of_numbers_and_classes() -> None:
    flag = np.array([True, False, False])
    columns = {"age": np.array([1.0, 2.0, 4.0]), "age_unreliable": flag}
    found = simulated_rates("age", labels("age", [2.0, 2.0, 5.0]), columns)
    assert found == {"n": 3, "flagged": 1 / 3, "error_flagged": 1, "error": 0.5}
    columns = {"kind": np.array(["a", "a", "b"], object), "kind_unreliable": flag}
    found = simulated_rates("kind", labels("kind", [1, 0, 0], ("a", "b")), columns)
    assert (found["error_flagged"], found["error"], found["auc"]) == (1, 0.5, 0.75)


def test_rates_of_real_spectra() -> None:
    low = UNRELIABLE_BELOW
    sample = {"true": [0.1, 0.2], "neighbours": [0.1, 0.9], "reliability": [2 * low, low]}
    found = real_rates({"SDSS": sample, "DESI": sample})
    assert [one["group"] for one in found] == ["SDSS", "SDSS", "DESI EDR", "DESI EDR", "all", "all"]
    assert all(one["auc"] == 1 for one in found)


def test_the_stored_results_are_those_of_the_threshold_in_use() -> None:
    stored = json.loads((RESULTS / "unreliable_flag.json").read_text("utf-8"))
    assert stored["threshold"] == UNRELIABLE_BELOW
    assert stored["calibrated_threshold"] == pytest.approx(UNRELIABLE_BELOW, abs=0.0005)
    scores = json.loads((RESULTS / "analysis.json").read_text("utf-8"))
    assert real_rates(scores["real"]["samples"]) == stored["real"]
    assert "| all | spectrum to spectrum | 0.05 (1 + z) |" in table(stored)


def test_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    z = {"z": unreliable_flag.PROPERTIES["z"]}
    monkeypatch.setattr(unreliable_flag, "PROPERTIES", z)
    monkeypatch.setattr(unreliable_flag, "DIRECTIONS", ((Modality.SPECTRUM, Modality.SPECTRUM),))
    monkeypatch.setattr(unreliable_flag, "N_HELD_OUT", 200)
    out = tmp_path / "flag.json"
    monkeypatch.setattr("sys.argv", ["unreliable_flag", "--out", str(out)])
    assert unreliable_flag.main() == 0
    assert set(json.loads(out.read_text())["simulated"]) == {"z"}
    assert "threshold from the validation split: 0.0" in capsys.readouterr().out
