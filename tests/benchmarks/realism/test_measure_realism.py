"""The whole realism benchmark on real files and a small synthetic survey."""

import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.measure_realism import Sizes, measure
from benchmarks.realism.report.realism_report import write_report
from tests.benchmarks.realism.synthetic_survey import synthetic_survey


@pytest.mark.timeout(600)
def test_the_report_is_made_from_a_small_survey(real: Path, tmp_path: Path) -> None:
    sizes = Sizes(
        colours=60, spectra_per_real=2, images=3, spectra=12, sdss=300, repeats=1, folds=2
    )
    results, pictures = measure(synthetic_survey(tmp_path), real, sizes, 1)
    write_report(results, pictures, tmp_path / "out")
    stored = json.loads((tmp_path / "out" / "realism.json").read_text())
    assert set(stored["classifiers"]) == {
        "photometry bgs", "photometry bgs with ellipticity", "photometry lrg",
        "photometry lrg with ellipticity", "photometry and redshift sdss", "photometry sdss",
        "control: real mixtures for real sdss", "lines and break sdss", "spectra",
        "spectra, noise and pixels alone", "spectra whose redshift a fit confirms",
        "those, noise and pixels alone", "those, emission lines alike",
    }  # fmt: skip
    assert all(0 <= entry["auc"] <= 1 for entry in stored["classifiers"].values())
    page = (tmp_path / "out" / "README.md").read_text()
    for figure in ("colours.png", "sdss.png", "noise.png", "lines.png", "spectra.png",
                   "signal_to_noise.png", "thumbnails.png", "samples.png"):  # fmt: skip
        # Real images are not in the repository, so their figure is named and not linked.
        assert (f"`{figure}`" if figure == "thumbnails.png" else f"({figure})") in page
        assert (tmp_path / "out" / figure).stat().st_size > 10_000
