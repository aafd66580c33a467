"""Threshold and rates of the flag `unreliable` of estimates from neighbours.

    python -m benchmarks.analysis.unreliable_flag --out unreliable_flag.json

The bank is the train split of the shipped bank of simulated galaxies. A redshift is right within
0.05 (1 + z). The threshold is the reliability up to which 5 per cent of the right redshifts of the
validation split are flagged, from spectra and their neighbours among spectra. The rates are those
of the test split, and of the real spectra whose scores `python -m benchmarks.analysis` stored;
neither takes part in the choice of the threshold.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.analysis.real_flags import GROUPS, TOLERANCES
from galsearch.analysis.bank.labelled_bank import LabelledBank, stored_galaxies
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.bank.simulated_bank import PROPERTIES, simulated_bank, simulated_labels
from galsearch.analysis.calibration.property_estimator import (
    UNRELIABLE_BELOW,
    Columns,
    PropertyEstimator,
)
from galsearch.analysis.estimation import N_HELD_OUT
from galsearch.core.arrays import BoolArray, Float64Array
from galsearch.core.modality import DIRECTIONS
from galsearch.core.progress import no_stage_progress
from galsearch.dataset import split_of
from galsearch.files.atomic import write_json
from galsearch.index.search.galaxy_index import GalaxyIndex

FALSE_ALARMS = 0.05
"""Share of right redshifts of the validation split that are flagged."""
RESULTS = Path(__file__).parents[1] / "results" / "analysis"
_CALIBRATED = "spectrum to spectrum"


def measure(index: GalaxyIndex, stored: dict[str, Any], *, k: int | None = None) -> dict[str, Any]:
    """The threshold from simulated galaxies of the validation split, and rates of all others.

    Parameters
    ----------
    index
        The shipped bank, or an index with the same columns.
    stored
        Results of `python -m benchmarks.analysis`, with redshifts of real spectra.
    k
        Number of neighbours; None for the choice of the estimator.
    """
    rates: dict[str, Any] = {}
    threshold = float("nan")
    for name in PROPERTIES:
        rates[name] = {}
        for using, among in DIRECTIONS:
            direction = f"{using} to {among}"
            parts = _estimated(index, simulated_labels(name), using, among, k)
            if name == "z" and direction == _CALIBRATED:
                threshold = calibrated_threshold(*parts["validation"])
            rates[name][direction] = {
                split: simulated_rates(name, *part) for split, part in parts.items()
            }
    return {
        "fingerprint": index.manifest.fingerprint,
        "false_alarms": FALSE_ALARMS,
        "calibrated_threshold": threshold,
        "threshold": UNRELIABLE_BELOW,
        "simulated": rates,
        "real": real_rates(stored["real"]["samples"]),
    }


def _estimated(
    index: GalaxyIndex, labels: Labels, using: Any, among: Any, k: int | None
) -> dict[str, tuple[Labels, Columns]]:
    """True labels and estimates of the galaxies of the validation and test splits."""
    split = split_of(index.ids)
    train = labels.among(index.ids[split == "train"])
    bank = LabelledBank(index, train.target_ids, among, train.name)
    estimator = PropertyEstimator(
        bank, train, using, k=k, n_held_out=N_HELD_OUT, seed=0, report=no_stage_progress
    )
    out = {}
    for name in ("validation", "test"):
        some = labels.among(index.ids[split == name]).among(index.stored(using).ids)
        galaxies = stored_galaxies(index, some.target_ids, using)
        out[name] = some, estimator.columns(bank.neighbours(galaxies, using, estimator.k))
    return out


def calibrated_threshold(true: Labels, columns: Columns) -> float:
    """The reliability up to which `FALSE_ALARMS` of the right redshifts are flagged."""
    right = redshift_error(columns["z"], true.values) <= TOLERANCES[0]
    return float(np.quantile(columns["z_reliability"][right], FALSE_ALARMS))


def redshift_error(z: Float64Array, true: Float64Array) -> Float64Array:
    """(n,) absolute errors of redshifts, divided by 1 + z."""
    return np.asarray(np.abs(z - true) / (1 + true))


def simulated_rates(name: str, true: Labels, columns: Columns) -> dict[str, Any]:
    """Rates of the flag for one property, and the errors with and without it.

    The error of a number is the median absolute one, that of a class the share that is wrong.
    """
    flag = columns[f"{name}_unreliable"]
    out: dict[str, Any] = {"n": len(flag), "flagged": float(flag.mean())}
    if true.classes is not None:
        wrong = columns[name] != np.array(true.classes, object)[true.values.astype(np.int64)]
        out |= {"error_flagged": float(wrong[flag].mean()), "error": float(wrong[~flag].mean())}
        return out | flag_rates(flag, wrong)
    error = np.abs(columns[name] - true.values)
    out |= {
        "error_flagged": float(np.median(error[flag])),
        "error": float(np.median(error[~flag])),
    }
    if name == "z":
        out |= flag_rates(flag, redshift_error(columns[name], true.values) > TOLERANCES[0])
    return out


def flag_rates(flag: BoolArray, wrong: BoolArray) -> dict[str, Any]:
    """Numbers of wrong and right estimates, the shares of them with the flag, and its AUC.

    The area under the ROC curve of a yes or no is the mean of the share of the wrong that have the
    flag, and the share of the right that have not.
    """
    of_wrong, of_right = float(flag[wrong].mean()), float(flag[~wrong].mean())
    return {
        "n_wrong": int(wrong.sum()),
        "n_right": int((~wrong).sum()),
        "wrong_flagged": of_wrong,
        "right_flagged": of_right,
        "auc": (of_wrong + 1 - of_right) / 2,
    }


def real_rates(samples: dict[str, dict[str, list[float]]]) -> list[dict[str, Any]]:
    """Rates of the flag for groups of real spectra and tolerances."""
    out = []
    for group, belongs in GROUPS.items():
        chosen = [sample for name, sample in samples.items() if belongs(name)]
        joined = {key: np.concatenate([one[key] for one in chosen]) for key in chosen[0]}
        flag = joined["reliability"] <= UNRELIABLE_BELOW
        error = redshift_error(joined["neighbours"], joined["true"])
        out += [
            {"group": group, "tolerance": limit} | flag_rates(flag, error > limit)
            for limit in TOLERANCES
        ]
    return out


def table(results: dict[str, Any]) -> str:
    """Markdown tables of the rates of redshifts, and of the errors of all properties."""
    lines = [
        "| redshifts | neighbours | right within | wrong: flagged | right: flagged | AUC |",
        "|---|---|---|---|---|---|",
    ]
    for direction, splits in results["simulated"]["z"].items():
        one = {"tolerance": TOLERANCES[0]} | splits["test"]
        lines.append(f"| simulated, test split | {direction} | {_rates(one)} |")
    lines += [f"| {one['group']} | {_CALIBRATED} | {_rates(one)} |" for one in results["real"]]
    lines += [
        "",
        "| property | neighbours | tested | flagged | error of the flagged | of the others |",
        "|---|---|---|---|---|---|",
    ]
    for name, directions in results["simulated"].items():
        for direction, splits in directions.items():
            one = splits["test"]
            lines.append(
                f"| `{name}` | {direction} | {one['n']:,} | {one['flagged']:.1%} | "
                f"{one['error_flagged']:.3g} | {one['error']:.3g} |"
            )
    return "\n".join(lines)


def _rates(one: dict[str, Any]) -> str:
    return (
        f"{one['tolerance']} (1 + z) | {one['wrong_flagged']:.0%} of {one['n_wrong']} | "
        f"{one['right_flagged']:.0%} of {one['n_right']} | {one['auc']:.2f}"
    )


def main() -> int:
    """Measure the flag; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis.unreliable_flag")
    add = parser.add_argument
    add("--results", type=Path, default=RESULTS / "analysis.json", help="scores of real spectra")
    add("--out", type=Path, default=RESULTS / "unreliable_flag.json")
    options = parser.parse_args()
    results = measure(simulated_bank(), json.loads(options.results.read_text("utf-8")))
    write_json(options.out, results, indent=None)
    print(f"threshold from the validation split: {results['calibrated_threshold']:.4f}\n")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
