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

from benchmarks.realism import photometric_samples as photometry
from benchmarks.realism import sim_to_real, spectra
from benchmarks.realism.measure_realism import Sizes, measure
from benchmarks.realism.realism_report import write_report
from benchmarks.realism.simulated import Simulated
from benchmarks.realism.template_redshifts import AGREES, template_redshifts
from benchmarks.realism.two_sample import tell_apart

SAMPLES = ("NEARBY", "BGS_BRIGHT", "LRG")


class ToySurvey(Simulated):
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


@pytest.mark.timeout(600)
def test_like_samples_are_told_apart_by_chance_and_others_by_what_differs() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 300, 3))
    alike = tell_apart(one, other, ["a", "b", "c"], seed=1)
    assert abs(alike["auc"] - 0.5) < 3 * alike["auc_error"] + 0.03
    other[:, 1] += 2.0
    apart = tell_apart(one, other, ["a", "b", "c"], seed=1)
    assert apart["auc"] > 0.85
    assert next(iter(apart["auc_falls_without"])) == "b"


def test_draws_of_the_real_mixtures_keep_the_magnitudes_they_were_asked_for(real: Path) -> None:
    bright, faint = (photometry.draw_targets(real, "bgs", np.full(500, m), 1) for m in (16.0, 19.5))
    assert np.median(bright["log_reff"]) > np.median(faint["log_reff"]) + 0.2
    assert 0.4 < np.median(faint["rz"]) < 0.9


def test_lines_of_real_spectra_lie_where_the_grid_says(real: Path) -> None:
    flux, good, z = spectra.real_spectra(real)
    for row in (36, 37):  # the two with the strongest lines
        near = np.abs(spectra.GRID_ANGSTROM - 6564.6 * (1 + z[row])) < 200
        peak = spectra.GRID_ANGSTROM[near][np.where(good[row], flux[row], 0)[near].argmax()]
        assert peak / (1 + z[row]) == pytest.approx(6564.6, abs=3)


def test_a_fit_of_templates_finds_the_redshifts_of_bright_real_galaxies(real: Path) -> None:
    flux, good, z = spectra.real_spectra(real)
    rows = [36, 37, 47]  # two with lines, one without
    found = template_redshifts(spectra.GRID_ANGSTROM, flux[rows], good[rows], real)
    assert np.abs((found - z[rows]) / (1 + z[rows])).max() < AGREES


def test_neighbours_that_share_votes_have_an_r2_of_nearly_one_and_others_none() -> None:
    rng = np.random.default_rng(3)
    votes = rng.uniform(size=200)
    by_vote = -np.abs(votes[:, None] - votes[None])
    assert sim_to_real._r2(by_vote, votes, 5) > 0.98
    assert sim_to_real._r2(rng.normal(size=(200, 200)), votes, 5) < 0.1
