"""A simulated survey in memory, made without the simulator."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.realism.samples.simulated_survey import SimulatedSurvey
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum

SAMPLES = ("NEARBY", "BGS_BRIGHT", "LRG")


class SyntheticSurvey(SimulatedSurvey):
    """A survey in memory: spectra of noise with a step at 4000 A, and round galaxies."""

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


def synthetic_survey(root: Path) -> SyntheticSurvey:
    """150 galaxies of three samples, and the record of the survey in `root`."""
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
    (root / "simulation.json").write_text(json.dumps(record))
    return SyntheticSurvey(root, truth, np.zeros(n, np.int64))
