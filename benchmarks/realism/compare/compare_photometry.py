"""Classifiers that distinguish simulated from real galaxies by colours, sizes and redshifts, in
samples matched in magnitude.
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.compare.two_sample import two_sample_test
from benchmarks.realism.samples.photometric_samples import draw_targets, sdss_galaxies
from benchmarks.realism.samples.simulated_survey import SimulatedSurvey
from galsearch.core.arrays import Float64Array

Table = dict[str, Float64Array]

_FEATURES = ["mag", "gr", "rz", "log_reff"]
_SDSS_FEATURES = ["r", "z", "gr", "rz"]
_COLOURS = ["r", "gr", "rz"]


def compare_photometry(
    simulated: SimulatedSurvey, real: Path, *, n: int, n_sdss: int, folds: int, seed: int
) -> dict[str, Any]:
    """Photometry of the simulated and real galaxies, matched in magnitude, and the results of
    classifiers that distinguish them.

    BGS (r < 20) and LRG (18 < z < 21): each simulated galaxy is matched with one random draw of the
    real mixtures at its own magnitude, so the magnitudes agree by construction. SDSS: both samples
    at 15 < r < 17.6 and 0.012 < z < 0.3, with equal counts in bins of r. The control compares draws
    of the mixtures with SDSS galaxies of the same magnitudes, that is two real samples. The
    simulator draws from the same mixtures, and from one that was fitted to these SDSS galaxies: the
    comparison measures how closely galaxies made by physics match the photometry that was drawn for
    them.
    """
    rng = np.random.default_rng(seed)
    table = catalogue(simulated)
    samples, classifiers = {}, {}
    for kind, chosen, magnitude in (
        ("bgs", simulated.sample("BGS_BRIGHT", "BGS_FAINT") & (table["r"] < 20), "r"),
        ("lrg", simulated.sample("LRG") & (table["zmag"] > 18) & (table["zmag"] < 21), "zmag"),
    ):
        rows = rng.permutation(np.flatnonzero(chosen))[:n]
        simulated_sample = {key: table[key][rows] for key in ("gr", "rz", "log_reff", "e")}
        simulated_sample["mag"] = table[magnitude][rows]
        real_sample = draw_targets(real, kind, simulated_sample["mag"], seed) | {
            "mag": simulated_sample["mag"]
        }
        samples[kind] = _as_lists(simulated_sample, real_sample)
        classifiers[f"photometry {kind}"] = _classify(
            simulated_sample, real_sample, _FEATURES, folds, seed
        )
        classifiers[f"photometry {kind} with ellipticity"] = _classify(
            simulated_sample, real_sample, [*_FEATURES, "e"], folds, seed
        )
    galaxies = sdss_galaxies(real, n_sdss)
    simulated_sample, real_sample = _match_sdss(simulated, table, galaxies, rng)
    samples["sdss"] = _as_lists(simulated_sample, real_sample)
    classifiers["photometry and redshift sdss"] = _classify(
        simulated_sample, real_sample, _SDSS_FEATURES, folds, seed
    )
    classifiers["photometry sdss"] = _classify(simulated_sample, real_sample, _COLOURS, folds, seed)
    bright = _select(galaxies)
    drawn = draw_targets(real, "bgs", bright["r"], seed) | {"r": bright["r"]}
    classifiers["control: real mixtures for real sdss"] = _classify(
        drawn, bright, _COLOURS, folds, seed
    )
    return {"samples": samples, "classifiers": classifiers}


def catalogue(simulated: SimulatedSurvey) -> Table:
    """Magnitudes, colours, sizes and redshifts of all simulated galaxies, without the Milky Way's
    dust.

    Colours carry the noise of DR9 at its median depth (5 sigma for an exponential galaxy of
    0.45 arcsec at g = 24.0, r = 23.4, z = 22.5: Dey et al. 2019, AJ 157, 168).
    """
    mags = simulated.magnitudes()
    rng = np.random.default_rng(0)
    seen = {}
    for band, depth in (("g", 24.0), ("r", 23.4), ("z", 22.5)):
        flux = 10 ** (-0.4 * (mags[band] - 22.5))
        error = np.hypot(0.2 * 10 ** (-0.4 * (depth - 22.5)), 0.005 * flux)
        noisy = np.maximum(flux + rng.normal(0, 1, flux.size) * error, 0.2 * flux)
        seen[band] = 22.5 - 2.5 * np.log10(noisy)
    axis_ratio = simulated.truth["axis_ratio"]
    return {
        "r": mags["r"],
        "zmag": mags["z"],
        "gr": seen["g"] - seen["r"],
        "rz": seen["r"] - seen["z"],
        "z": simulated.truth["true_z"],
        "log_reff": np.log10(simulated.truth["r_eff_arcsec"]),
        "e": (1 - axis_ratio) / (1 + axis_ratio),
    }


def _match_sdss(
    simulated: SimulatedSurvey, table: Table, real_sample: Table, rng: np.random.Generator
) -> tuple[Table, Table]:
    """The simulated and the real SDSS sample at 15 < r < 17.6 and 0.012 < z < 0.3, thinned to equal
    counts in bins of r.
    """
    own = simulated.sample("NEARBY", "BGS_BRIGHT")
    samples = [_select({key: table[key][own] for key in _SDSS_FEATURES}), _select(real_sample)]
    bins = [np.floor((sample["r"] - 15) / 0.2).astype(int) for sample in samples]
    counts = np.minimum(*(np.bincount(b, minlength=13) for b in bins))
    thinned = []
    for sample, b in zip(samples, bins, strict=True):
        rows = [rng.permutation(np.flatnonzero(b == i))[:count] for i, count in enumerate(counts)]
        thinned.append({key: values[np.concatenate(rows)] for key, values in sample.items()})
    return thinned[0], thinned[1]


def _select(sample: Table) -> Table:
    keep = (sample["r"] > 15) & (sample["r"] < 17.6) & (sample["z"] > 0.012) & (sample["z"] < 0.3)
    return {key: sample[key][keep] for key in _SDSS_FEATURES}


def _classify(
    simulated_sample: Table, real_sample: Table, names: list[str], folds: int, seed: int
) -> dict[str, Any]:
    columns = [
        np.stack([table[name] for name in names], axis=1)
        for table in (simulated_sample, real_sample)
    ]
    return two_sample_test(columns[0], columns[1], names, seed=seed, folds=folds)


def _as_lists(simulated_sample: Table, real_sample: Table) -> dict[str, dict[str, list[float]]]:
    return {
        who: {key: np.round(values, 4).tolist() for key, values in table.items()}
        for who, table in (("simulated", simulated_sample), ("real", real_sample))
    }
