"""Colours, sizes and redshifts of both samples, made alike in magnitude, and told apart."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.photometric_samples import draw_targets, sdss_galaxies
from benchmarks.realism.simulated import Simulated
from benchmarks.realism.two_sample import tell_apart
from galsearch.core.arrays import Float64Array

Table = dict[str, Float64Array]

_FEATURES = ["mag", "gr", "rz", "log_reff"]
_SDSS_FEATURES = ["r", "z", "gr", "rz"]
_COLOURS = ["r", "gr", "rz"]


def compare_photometry(
    simulated: Simulated, real: Path, *, n: int, n_sdss: int, folds: int, seed: int
) -> dict[str, Any]:
    """Samples and classifiers.

    BGS (r < 20) and LRG (18 < z < 21): each simulated galaxy faces one real draw of its own
    magnitude, so the magnitudes agree by construction. SDSS: see `_like_sdss`. The control tells
    draws of the mixtures from SDSS galaxies of their magnitudes: how far two real samples differ.
    The simulator draws from the same mixtures, and from one that was fitted to these SDSS galaxies:
    what is told is how near galaxies made by physics come to what was drawn for them.
    """
    rng = np.random.default_rng(seed)
    table = catalogue(simulated)
    samples, apart = {}, {}
    for kind, chosen, magnitude in (
        ("bgs", simulated.sample("BGS_BRIGHT", "BGS_FAINT") & (table["r"] < 20), "r"),
        ("lrg", simulated.sample("LRG") & (table["zmag"] > 18) & (table["zmag"] < 21), "zmag"),
    ):
        rows = rng.permutation(np.flatnonzero(chosen))[:n]
        mine = {key: table[key][rows] for key in ("gr", "rz", "log_reff", "e")}
        mine["mag"] = table[magnitude][rows]
        theirs = draw_targets(real, kind, mine["mag"], seed) | {"mag": mine["mag"]}
        samples[kind] = _as_lists(mine, theirs)
        apart[f"photometry {kind}"] = _apart(mine, theirs, _FEATURES, folds, seed)
        apart[f"photometry {kind} with ellipticity"] = _apart(
            mine, theirs, [*_FEATURES, "e"], folds, seed
        )
    galaxies = sdss_galaxies(real, n_sdss)
    mine, theirs = _like_sdss(simulated, table, galaxies, rng)
    samples["sdss"] = _as_lists(mine, theirs)
    apart["photometry and redshift sdss"] = _apart(mine, theirs, _SDSS_FEATURES, folds, seed)
    apart["photometry sdss"] = _apart(mine, theirs, _COLOURS, folds, seed)
    bright = _inside(galaxies)
    drawn = draw_targets(real, "bgs", bright["r"], seed) | {"r": bright["r"]}
    apart["control: real mixtures for real sdss"] = _apart(drawn, bright, _COLOURS, folds, seed)
    return {"samples": samples, "classifiers": apart}


def catalogue(simulated: Simulated) -> Table:
    """What a catalogue would say of each simulated galaxy, without the Milky Way's dust.

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


def _like_sdss(
    simulated: Simulated, table: Table, theirs: Table, rng: np.random.Generator
) -> tuple[Table, Table]:
    """15 < r < 17.6 and 0.012 < z < 0.3 in both, thinned until the counts in r agree."""
    own = simulated.sample("NEARBY", "BGS_BRIGHT")
    samples = [_inside({key: table[key][own] for key in _SDSS_FEATURES}), _inside(theirs)]
    bins = [np.floor((sample["r"] - 15) / 0.2).astype(int) for sample in samples]
    counts = np.minimum(*(np.bincount(b, minlength=13) for b in bins))
    thinned = []
    for sample, b in zip(samples, bins, strict=True):
        rows = [rng.permutation(np.flatnonzero(b == i))[:count] for i, count in enumerate(counts)]
        thinned.append({key: values[np.concatenate(rows)] for key, values in sample.items()})
    return thinned[0], thinned[1]


def _inside(sample: Table) -> Table:
    keep = (sample["r"] > 15) & (sample["r"] < 17.6) & (sample["z"] > 0.012) & (sample["z"] < 0.3)
    return {key: sample[key][keep] for key in _SDSS_FEATURES}


def _apart(mine: Table, theirs: Table, names: list[str], folds: int, seed: int) -> dict[str, Any]:
    columns = [np.stack([table[name] for name in names], axis=1) for table in (mine, theirs)]
    return tell_apart(columns[0], columns[1], names, seed=seed, folds=folds)


def _as_lists(mine: Table, theirs: Table) -> dict[str, dict[str, list[float]]]:
    return {
        who: {key: np.round(values, 4).tolist() for key, values in table.items()}
        for who, table in (("simulated", mine), ("real", theirs))
    }
