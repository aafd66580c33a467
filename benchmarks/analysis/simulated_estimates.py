"""Accuracy and calibration of estimates of simulated galaxies of one split from another's labels.

The bank holds the labelled galaxies of the train split; the galaxies of the other splits are
estimated. Nothing is fitted to them: k and the calibration come from the bank alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.scoring.accuracy_measures import area_under_curve, nmad, r2
from galsearch.analysis.bank.labelled_bank import LabelledBank, stored_galaxies
from galsearch.analysis.bank.property_labels import Labels, read_labels
from galsearch.analysis.calibration.number_estimate import NumberCalibration
from galsearch.analysis.calibration.property_estimator import Columns, PropertyEstimator
from galsearch.core.arrays import BoolArray, Float64Array
from galsearch.core.modality import DIRECTIONS
from galsearch.core.progress import no_stage_progress
from galsearch.dataset import split_of
from galsearch.index.search.galaxy_index import GalaxyIndex

N_HELD_OUT = 5000
N_PIT_BINS = 10


def measure_estimates(
    index: GalaxyIndex, properties: Sequence[str], splits: Sequence[str], k: int | None = None
) -> dict[str, Any]:
    """Measures of every property in every direction, by property and direction.

    Parameters
    ----------
    index
        An index of simulated galaxies, with their true properties in its catalogue.
    properties
        Columns of its catalogue.
    splits
        Splits whose galaxies are estimated; none of them is `train`.
    k
        Number of neighbours; None for the choice of the estimator.
    """
    split = split_of(index.ids)
    out: dict[str, Any] = {}
    for name in properties:
        labels = read_labels(index, name)
        train = labels.among(index.ids[split == "train"])
        tested = labels.among(index.ids[np.isin(split, splits)])
        out[name] = {
            f"{using} to {among}": _measured(index, train, tested, using, among, k)
            for using, among in DIRECTIONS
        }
    return out


def _measured(
    index: GalaxyIndex, train: Labels, tested: Labels, using: Any, among: Any, k: int | None
) -> dict[str, Any]:
    bank = LabelledBank(index, train.target_ids, among, train.name)
    estimator = PropertyEstimator(
        bank, train, using, k=k, n_held_out=N_HELD_OUT, seed=0, report=no_stage_progress
    )
    tested = tested.among(index.stored(using).ids)
    galaxies = stored_galaxies(index, tested.target_ids, using)
    found = bank.neighbours(galaxies, using, estimator.k)
    columns, facts = estimator.columns(found), estimator.facts
    out = {
        "n_bank": facts.n_labelled,
        "n_calibrated": facts.n_held_out,
        "n_tested": len(tested),
        "k": facts.k,
        "outside_bank": float(columns[f"{train.name}_outside_bank"].mean()),
    }
    if isinstance(estimator.calibration, NumberCalibration):
        pit = estimator.calibration.pit(found, tested.values)
        return out | number_measures(train.name, columns, tested.values, pit)
    return out | class_measures(train.name, columns, np.array(train.classes), tested.values)


def number_measures(
    name: str, columns: Columns, true: Float64Array, pit: Float64Array
) -> dict[str, Any]:
    """Accuracy, coverage and PIT of the estimates of a number."""
    value = columns[name]
    inside = {
        level: (columns[f"{name}_low_{level}"] <= true) & (true <= columns[f"{name}_high_{level}"])
        for level in (68, 95)
    }
    widths = {
        level: np.median(columns[f"{name}_high_{level}"] - columns[f"{name}_low_{level}"])
        for level in (68, 95)
    }
    counts = np.histogram(pit, bins=N_PIT_BINS, range=(0, 1))[0]
    return {
        "r2": r2(true, value),
        "nmad": nmad(value - true),
        **{f"coverage_{level}": float(some.mean()) for level, some in inside.items()},
        **{f"median_width_{level}": float(width) for level, width in widths.items()},
        "pit": (counts / len(pit)).tolist(),
        "pit_largest_deviation": uniform_deviation(pit),
        "coverage_68_by_agreement": by_quartile(columns[f"{name}_agreement"], inside[68]),
    }


def class_measures(
    name: str, columns: Columns, classes: npt.NDArray[Any], true: Float64Array
) -> dict[str, Any]:
    """Accuracy and calibration of the estimates of a class."""
    codes = true.astype(np.int64)
    rows = np.arange(len(codes))
    probability = np.stack([columns[f"{name}_probability_{one}"] for one in classes], axis=1)
    right = columns[name] == classes[codes]
    in_set = [classes[code] in names.split("|") for code, names in zip(
        codes, columns[f"{name}_set_95"], strict=True)]  # fmt: skip
    largest = probability.max(axis=1)
    return {
        "accuracy": float(right.mean()),
        "mean_probability": float(largest.mean()),
        "calibration_error": expected_calibration_error(largest, right),
        "log_loss": float(-np.log(probability[rows, codes]).mean()),
        "set_coverage": float(np.mean(in_set)),
        "mean_set_size": float(
            np.mean([names.count("|") + bool(names) for names in columns[f"{name}_set_95"]])
        ),
        "auc_of_probability": area_under_curve(right.astype(float), largest),
    }


def uniform_deviation(pit: Float64Array) -> float:
    """The largest difference between the distribution of values and a uniform one on 0 to 1."""
    ordered = np.sort(pit)
    steps = np.arange(len(pit) + 1) / len(pit)
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))


def expected_calibration_error(probability: Float64Array, right: BoolArray) -> float:
    """Mean difference, over ten bins of equal numbers, of the mean probability and the share that
    is right.
    """
    order = np.array_split(np.argsort(probability), min(10, len(probability)))
    return float(np.mean([abs(probability[some].mean() - right[some].mean()) for some in order]))


def by_quartile(score: Float64Array, inside: BoolArray) -> list[float]:
    """The share inside the interval for each quarter of the galaxies in order of a score."""
    return [float(inside[some].mean()) for some in np.array_split(np.argsort(score), 4)]
