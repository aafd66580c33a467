"""All measurements of the realism benchmark, which compare simulated with real galaxies."""

import datetime
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.compare.compare_lines import compare_lines
from benchmarks.realism.compare.compare_photometry import compare_photometry
from benchmarks.realism.compare.compare_spectra import compare_spectra
from benchmarks.realism.report.thumbnails import Pictures, pictures
from benchmarks.realism.samples import line_widths, noise_statistics
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey
from galsearch.core.arrays import Float64Array


@dataclass(frozen=True)
class Sizes:
    """Numbers of objects in the samples of the realism benchmark, and of repeats and folds of the
    cross-validation.
    """

    galaxies: int = 12000
    colours: int = 3000
    spectra_per_real: int = 12
    images: int = 100
    spectra: int = 300
    sdss: int = 10000
    repeats: int = 4
    folds: int = 5


def measure(
    simulated: SimulatedSurvey, real: Path, sizes: Sizes, seed: int
) -> tuple[dict[str, Any], list[Pictures]]:
    """Results of all comparisons of a simulated survey with real samples, as plain numbers for
    `realism.json`, and thumbnails.
    """
    colours = compare_photometry(
        simulated, real, n=sizes.colours, n_sdss=sizes.sdss, folds=sizes.folds, seed=seed
    )
    how: dict[str, Any] = {
        "per_real": sizes.spectra_per_real,
        "repeats": sizes.repeats,
        "folds": sizes.folds,
        "seed": seed,
    }
    shapes = compare_spectra(simulated, real, **how)
    widths = compare_lines(simulated, real, **how)
    results = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "survey": json.loads((simulated.root / "simulation.json").read_text(encoding="utf-8")),
        "sizes": asdict(sizes),
        "seed": seed,
        "classifiers": {
            **colours.pop("classifiers"),
            **widths["classifiers"],
            **shapes.pop("classifiers"),
        },
        "photometry": colours["samples"],
        "spectra": shapes,
        **_noise_and_lines(simulated, real, sizes, seed),
        "signal_to_noise": {
            str(name): simulated.truth["snr"][simulated.sample(str(name))].tolist()
            for name in np.unique(simulated.truth["sample"])
        },
    }
    return results, pictures(simulated, real, seed)


def _noise_and_lines(
    simulated: SimulatedSurvey, real: Path, sizes: Sizes, seed: int
) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng([seed, 5])
    faint = rng.permutation(np.flatnonzero(simulated.truth["mag_r"] > 18.5))[: sizes.images]
    close = np.flatnonzero(simulated.truth["true_z"] < 0.25)
    rows = np.sort(rng.permutation(close)[: sizes.spectra])
    found: list[dict[str, float]] = []
    ivar: dict[str, list[Float64Array]] = {"BGS": [], "LRG": []}
    for row, one in simulated.spectra(rows):
        z, snr = float(simulated.truth["true_z"][row]), float(simulated.truth["snr"][row])
        ivar["BGS"].append(noise_statistics.binned_ivar(one.ivar))
        if snr > 3:
            found.append(
                {"z": z, **line_widths.widths(one.wavelength_angstrom, one.flux, one.good, z)}
            )
    chosen = np.sort(rng.permutation(np.flatnonzero(simulated.sample("LRG")))[: sizes.spectra // 3])
    ivar["LRG"] = [noise_statistics.binned_ivar(one.ivar) for _, one in simulated.spectra(chosen)]
    return {
        "noise": {
            "images simulated": [
                noise_statistics.image_noise(simulated.cutout(int(row))) for row in faint
            ],
            "images real": noise_statistics.real_image_noise(real),
            "ivar real": noise_statistics.real_ivar(real),
            "ivar simulated": {
                kind: np.nanpercentile(rows_of, [16, 50, 84], axis=0).tolist()
                for kind, rows_of in ivar.items()
                if rows_of
            },
        },
        "lines": {"simulated": found, "real": line_widths.real_widths(real)},
    }
