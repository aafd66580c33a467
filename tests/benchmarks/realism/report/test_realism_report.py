"""The page of the realism report shows the classifiers, the noise and every figure."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.report import realism_report
from benchmarks.realism.report.realism_report import page, write_report


def plane(sigma: float) -> dict[str, Any]:
    return {"sigma": sigma, "along_x": [0.25, 0, 0, 0], "along_y": [0.5, 0, 0, 0]}


@pytest.fixture
def results() -> dict[str, Any]:
    return {
        "survey": {"simulator_version": 4, "seed": 2, "n": 12_000},
        "measured": "2026-01-01",
        "classifiers": {
            "spectra": {
                "n_real": 40,
                "n_simulated": 80,
                "auc": 0.654321,
                "auc_error": 0.02,
                "auc_falls_without": {"OII": 0.1, "Ha": 0.001},
                "medians": {"OII": [1.0, 2.0], "Ha": [0.0, 0.0]},
            }
        },
        "noise": {
            "images real": {"cutout": [plane(0.01), plane(0.02), plane(0.03)]},
            "images simulated": [[plane(s), plane(s), plane(s)] for s in (0.01, 0.05, 0.02)],
        },
    }


def test_the_page_shows_every_figure_of_the_results(results: dict[str, Any]) -> None:
    text = page(results, {"noise.png": "Noise of pixels"})
    assert "Simulator version 4, seed 2, 12,000 galaxies, measured 2026-01-01" in text
    # A feature whose removal changes the AUC by .002 or less is not named.
    assert "| spectra | 40 | 80 | 0.654 ± 0.020 | OII (+0.100; 1.00 / 2.00) |" in text
    assert "| cutout | r | 0.02000 | 0.25, 0.50 |" in text
    assert "| simulated, median of 3 | g | 0.02000 | 0.25, 0.50 |" in text
    assert "## Noise of pixels\n\n![Noise of pixels](noise.png)" in text


def test_the_stored_results_have_four_digits(
    results: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realism_report, "draw_figures", lambda *_: {"a.png": "A"})
    write_report(results, [], tmp_path)
    stored = json.loads((tmp_path / "realism.json").read_text())
    assert stored["classifiers"]["spectra"]["auc"] == 0.6543
    assert stored["survey"] == results["survey"]
    assert (tmp_path / "README.md").read_text() == page(results, {"a.png": "A"})
