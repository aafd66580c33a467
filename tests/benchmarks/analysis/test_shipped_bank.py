"""The benchmark of the shipped bank, on the galaxies of the demonstration."""

import json
from pathlib import Path

import pytest

from benchmarks.analysis import shipped_bank
from galsearch.analysis.bank.simulated_bank import PROPERTIES
from tests.conftest import Demonstration


def test_every_property_is_measured_in_every_direction(
    demonstration: Demonstration,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(shipped_bank, "N_HELD_OUT", 200)
    embeddings = str(demonstration.home / "demo" / "embeddings")
    out = tmp_path / "bank.json"
    monkeypatch.setattr("sys.argv", ["shipped_bank", embeddings, "--out", str(out)])
    assert shipped_bank.main() == 0
    results = json.loads(out.read_text())
    assert results["n_tested"] == 24
    assert set(results["estimates"]) == set(PROPERTIES)
    for name, directions in results["estimates"].items():
        assert len(directions) == 4
        measures = directions["spectrum to spectrum"]
        assert measures["n_bank"] == 8600
        assert ("accuracy" in measures) == (name == "morphology")
    assert results["estimates"]["z"]["spectrum to spectrum"]["r2"] > 0.9
    assert "| `ssfr` | image to spectrum |" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["shipped_bank", str(tmp_path)])
    assert shipped_bank.main() == 1
