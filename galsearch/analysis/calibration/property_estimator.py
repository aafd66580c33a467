"""The estimator of one property: a labelled bank, its calibration, and the columns of results."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.analysis.bank.labelled_bank import (
    FEWEST_LABELS,
    BankNeighbours,
    LabelledBank,
    joined_neighbours,
    stored_galaxies,
)
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.class_estimate import ClassCalibration
from galsearch.analysis.calibration.conformal import share_at_least
from galsearch.analysis.calibration.number_estimate import COVERAGES, NumberCalibration
from galsearch.core.arrays import Float64Array
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.progress import StageProgress

K_CHOICES = (8, 16, 32, 64)
"""Numbers of neighbours that are compared where the user names none."""
OUTSIDE_BELOW = 0.01
"""A galaxy is outside the bank where at most this share of the bank's own galaxies are as far from
the others as it is from the bank."""
UNRELIABLE_BELOW = 0.036
"""Reliability of an estimate up to which it is called unreliable. So are 5 per cent of the right
redshifts of simulated spectra of the validation split (`benchmarks.analysis.unreliable_flag`)."""
_CHOOSING_SHARE = 5
"""One held-out galaxy in this many chooses k; the others calibrate."""
_BATCH_SIZE = 1024

Columns = dict[str, npt.NDArray[Any]]
"""Columns of results by name, each with one value for each galaxy."""


@dataclass(frozen=True)
class EstimatorFacts:
    """Numbers about the estimator of a property, for reports."""

    property: str
    n_labelled: int
    """Number of galaxies of the bank that have a value and a vector."""
    n_missing: int
    """Number of galaxies of the bank's catalogue without a value, which are left out."""
    n_held_out: int
    """Number of galaxies of the bank that calibrated the estimates."""
    k: int
    """Number of neighbours."""
    k_requested: int | None = None
    """Number of neighbours that was requested, where the bank has fewer; otherwise None."""

    def __str__(self) -> str:
        requested = "" if self.k_requested is None else f" ({self.k_requested:,} were requested)"
        return (
            f"{self.property}: {self.k:,} neighbours{requested} among {self.n_labelled:,} "
            f"labelled galaxies ({self.n_missing:,} without a value left out), calibrated with "
            f"{self.n_held_out:,} of them"
        )


class PropertyEstimator:
    """The estimator of one property from labelled neighbours; read-only once made.

    Parameters
    ----------
    bank
        The labelled galaxies.
    labels
        Their labels.
    using
        Modality of the vectors of query galaxies.
    k
        Number of neighbours, at most those that a galaxy of the bank has; None for the number of
        `K_CHOICES` with the smallest error for held-out galaxies.
    n_held_out
        Number of galaxies of the bank, drawn at random, that calibrate. Each is compared with all
        others, as a query galaxy is.
    report
        Called with the number of held-out galaxies that have been compared.

    Raises
    ------
    MissingModalityError, QueryError
        Where too few labelled galaxies have a vector of the modality `using`.
    """

    def __init__(
        self,
        bank: LabelledBank,
        labels: Labels,
        using: Modality,
        *,
        k: int | None,
        n_held_out: int,
        seed: int,
        report: StageProgress,
    ) -> None:
        self.bank, self.using, self._labels = bank, using, labels
        rows = _held_out_rows(bank, labels, using, n_held_out, seed)
        # A galaxy of the bank is no neighbour of its own.
        most = len(bank) - 1
        choices = [c for c in K_CHOICES if c <= most] if k is None else [min(k, most)]
        found = self._compare_held_out(rows, max(choices), report)
        true = labels.values[rows]
        n_choosing = len(rows) // _CHOOSING_SHARE if len(choices) > 1 else 0
        if n_choosing:
            part = slice(0, n_choosing)
            errors = [self._error(found.part(part).nearest(c), true[part]) for c in choices]
            choices = [choices[int(np.argmin(errors))]]
        self.k = choices[0]
        calibrating = found.part(slice(n_choosing, None)).nearest(self.k)
        kind = NumberCalibration if labels.classes is None else ClassCalibration
        self.calibration = kind(labels, calibrating, true[n_choosing:])
        self._distances: Float64Array = np.sort(calibrating.distance)
        self.facts = EstimatorFacts(
            labels.name,
            len(bank),
            labels.n_missing,
            len(calibrating.similarity),
            self.k,
            k if k is not None and k > self.k else None,
        )

    def columns(self, found: BankNeighbours) -> Columns:
        """The columns of the estimates of some galaxies from their `k` labelled neighbours."""
        name = self._labels.name
        if isinstance(self.calibration, NumberCalibration):
            columns = _number_columns(name, self.calibration, found)
        else:
            columns = _class_columns(name, self.calibration, found)
        distance_p = share_at_least(self._distances, found.distance)
        columns[f"{name}_bank_p"] = distance_p
        columns[f"{name}_outside_bank"] = distance_p <= OUTSIDE_BELOW
        reliability = np.minimum(distance_p, columns[f"{name}_agreement_p"])
        columns[f"{name}_reliability"] = reliability
        columns[f"{name}_unreliable"] = reliability <= UNRELIABLE_BELOW
        return columns

    def _compare_held_out(self, rows: Any, k: int, report: StageProgress) -> BankNeighbours:
        parts = []
        for start in range(0, len(rows), _BATCH_SIZE):
            ids = self._labels.target_ids[rows[start : start + _BATCH_SIZE]]
            galaxies = stored_galaxies(self.bank.index, ids, self.using)
            parts.append(self.bank.neighbours(galaxies, self.using, k))
            report(start + len(ids), len(rows))
        return joined_neighbours(parts)

    def _error(self, found: BankNeighbours, true: Float64Array) -> float:
        """The mean absolute error of numbers, or minus the mean log probability of classes."""
        if self._labels.classes is None:
            value = NumberCalibration(self._labels, found, true).estimate(found).value
            return float(np.abs(value - true).mean())
        shares = ClassCalibration(self._labels, found, true).estimate(found).probability
        return float(-np.log(shares[np.arange(len(true)), true.astype(np.int64)]).mean())


def _held_out_rows(
    bank: LabelledBank, labels: Labels, using: Modality, n_held_out: int, seed: int
) -> Any:
    """(n,) rows of the labels of the galaxies that calibrate, in random order."""
    rows = np.flatnonzero(bank.index.stored(using).rows_of(labels.target_ids) >= 0)
    if len(rows) < FEWEST_LABELS:
        raise QueryError(
            f"property {labels.name!r}: {len(rows):,} labelled galaxies of index "
            f"'{bank.index.manifest.recipe.name}' have a vector of the modality {using}, with "
            f"which estimates are calibrated; expected at least {FEWEST_LABELS}."
        )
    generator = np.random.default_rng(seed)
    return generator.permutation(rows)[:n_held_out]


def _number_columns(name: str, calibration: NumberCalibration, found: BankNeighbours) -> Columns:
    estimates = calibration.estimate(found)
    columns = {name: estimates.value}
    for coverage in COVERAGES:
        columns[f"{name}_low_{coverage}"] = estimates.low[coverage]
        columns[f"{name}_high_{coverage}"] = estimates.high[coverage]
    columns[f"{name}_agreement"] = calibration.agreement(estimates.spread)
    columns[f"{name}_agreement_p"] = share_at_least(calibration.spreads, estimates.spread)
    return columns


def _class_columns(name: str, calibration: ClassCalibration, found: BankNeighbours) -> Columns:
    estimates = calibration.estimate(found)
    classes = np.array(calibration.classes, object)
    best = estimates.probability.argmax(axis=1)
    columns: Columns = {name: classes[best]}
    columns[f"{name}_set_95"] = np.array(
        ["|".join(classes[some]) for some in estimates.in_set], object
    )
    for number, one in enumerate(classes):
        columns[f"{name}_probability_{one}"] = estimates.probability[:, number]
    columns[f"{name}_agreement"] = estimates.agreement
    columns[f"{name}_agreement_p"] = share_at_least(
        calibration.disagreements, 1 - estimates.agreement
    )
    return columns
