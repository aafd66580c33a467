"""The realism benchmarks at toy size, on real files and a toy survey."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.measure_realism import Sizes, measure
from benchmarks.realism.report.realism_report import write_report
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey

SAMPLES = ("NEARBY", "BGS_BRIGHT", "LRG")


class ToySurvey(SimulatedSurvey):
    """A survey in memory: noise, with a step at 4000 A and a round galaxy."""

    def spectra(self, rows: np.ndarray) -> Iterator[tuple[int, Spectrum]]:
        grid = DESI_WAVELENGTH_ANGSTROM
        for row in rows:
            rng = np.random.default_rng(int(row))
            step = np.where(grid > 4000 * (1 + self.truth["true_z"][row]), 0.6, 0.3)
            flux = step + rng.normal(0, 0.3, grid.size)
            yield int(row), Spectrum(grid, flux, np.full(grid.size, 1 / 0.09))

    def cutout(self, row: int) -> np.ndarray:
        y, x = np.mgrid[:152, :152] - 75.5
        noise = np.random.default_rng(row).normal(0, 0.003, (3, 152, 152))
        return (np.exp(-np.hypot(x, y) / 6) + noise).astype(np.float32)


@pytest.fixture
def toy(tmp_path: Path) -> ToySurvey:
    rng = np.random.default_rng(0)
    n = 150
    sample = np.array(SAMPLES)[np.arange(n) % 3]
    z = np.where(sample == "LRG", rng.uniform(0.4, 0.8, n), rng.uniform(0.02, 0.29, n))
    mag = np.choose(
        np.arange(n) % 3, [rng.uniform(15, 17.5, n), rng.uniform(17, 19.5, n), np.full(n, 21.0)]
    )
    truth = {
        "target_id": np.arange(1, n + 1), "sample": sample, "true_z": z, "ebv": np.zeros(n),
        "mag_g": mag + rng.normal(1, 0.2, n), "mag_r": mag, "mag_z": mag - rng.normal(0.7, 0.1, n),
        "r_eff_arcsec": rng.lognormal(0.8, 0.3, n), "axis_ratio": rng.uniform(0.3, 1, n),
        "snr": np.full(n, 9.0),
    }  # fmt: skip
    record = {"simulator_version": 0, "seed": 0, "n": n}
    (tmp_path / "simulation.json").write_text(json.dumps(record))
    return ToySurvey(tmp_path, truth, np.zeros(n, np.int64))


@pytest.mark.timeout(600)
def test_the_report_is_made_at_toy_size(toy: ToySurvey, real: Path, tmp_path: Path) -> None:
    sizes = Sizes(
        colours=60, spectra_per_real=2, images=3, spectra=12, sdss=300, repeats=1, folds=2
    )
    results, pictures = measure(toy, real, sizes, 1)
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
        assert f"({figure})" in page
        assert (tmp_path / "out" / figure).stat().st_size > 10_000
