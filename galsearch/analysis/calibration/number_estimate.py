"""Estimates of a number from neighbours: a value and calibrated intervals.

The value is the weighted median of the neighbours' labels. Held-out galaxies of the bank, whose
labels are known, show by how many local spreads (distances from the median to the weighted 16 and
84 per cent quantiles) a true value lies off the median. Intervals are quantiles of these scores
times the local spreads (conformal prediction with a scaled score, Lei et al. 2018; the two sides
are scaled separately).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.analysis.bank.labelled_bank import BankNeighbours
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.conformal import interval_limits, probability_integral_transform
from galsearch.analysis.calibration.neighbour_distribution import (
    neighbour_weights,
    weighted_quantiles,
)
from galsearch.core.arrays import Float64Array

COVERAGES = {68: 0.6827, 95: 0.9545}
"""Probabilities of the intervals, by the number in their column names: 1 and 2 sigma of a normal
distribution."""
_LEVELS = (0.15865, 0.5, 0.84135)
_SMALLEST_SPREAD = 0.1
"""Smallest local spread, as a fraction of its median over held-out galaxies: a few neighbours that
agree by chance do not make an interval of no width."""


@dataclass(frozen=True, eq=False)
class NumberEstimates:
    """The numbers that neighbours suggest for some galaxies."""

    value: Float64Array
    """(n,) weighted median of the neighbours; NaN where there are none."""
    low: dict[int, Float64Array]
    high: dict[int, Float64Array]
    """Limits of the intervals, (n,) each, by the keys of `COVERAGES`."""
    spread: Float64Array
    """(n,) half the distance of the neighbours' 16 and 84 per cent quantiles."""


class NumberCalibration:
    """The calibration of one number, made from held-out galaxies of the bank.

    Parameters
    ----------
    labels
        Labels of the bank.
    held_out
        Neighbours of the held-out galaxies, among the others.
    true_values : (n,)
        Labels of the held-out galaxies.
    """

    def __init__(self, labels: Labels, held_out: BankNeighbours, true_values: Float64Array) -> None:
        self._labels = labels
        quantiles = _quantiles(labels, held_out)
        spreads = (quantiles[:, 2] - quantiles[:, 0]) / 2
        self._floor = _SMALLEST_SPREAD * float(np.nanmedian(spreads))
        self.scores: Float64Array = np.sort(self._scores(quantiles, true_values))
        """(n,) scores of the held-out galaxies, ascending."""
        self.spreads: Float64Array = np.sort(spreads)
        """(n,) local spreads of the held-out galaxies, ascending."""
        spread = np.quantile(labels.values, _LEVELS)
        self._bank_spread = float(spread[2] - spread[0]) / 2
        self._range = float(labels.values.min()), float(labels.values.max())

    def estimate(self, found: BankNeighbours) -> NumberEstimates:
        """The estimates from the neighbours of some galaxies.

        No interval reaches beyond the labels of the bank.
        """
        quantiles = _quantiles(self._labels, found)
        below, above = self._sides(quantiles)
        low, high = {}, {}
        for name, coverage in COVERAGES.items():
            limits = interval_limits(self.scores, coverage)
            low[name], high[name] = (
                np.clip(quantiles[:, 1] + _scaled(limit, below, above), *self._range)
                for limit in limits
            )
        return NumberEstimates(quantiles[:, 1], low, high, (quantiles[:, 2] - quantiles[:, 0]) / 2)

    def agreement(self, spread: Float64Array) -> Float64Array:
        """(n,) 1 where all neighbours have one label, 0 where they differ as the bank does."""
        if self._bank_spread == 0:
            return np.ones_like(spread)
        return np.asarray(np.clip(1 - spread / self._bank_spread, 0, 1))

    def pit(self, found: BankNeighbours, true_values: Float64Array) -> Float64Array:
        """(n,) probability integral transform of true values: uniform where calibrated."""
        scores = self._scores(_quantiles(self._labels, found), true_values)
        return probability_integral_transform(self.scores, scores)

    def _sides(self, quantiles: Float64Array) -> tuple[Float64Array, Float64Array]:
        """(n,) local spreads below and above the median."""
        below, above = quantiles[:, 1] - quantiles[:, 0], quantiles[:, 2] - quantiles[:, 1]
        floor = max(self._floor, float(np.finfo(np.float64).tiny))
        return np.hypot(below, floor), np.hypot(above, floor)

    def _scores(self, quantiles: Float64Array, true_values: Float64Array) -> Float64Array:
        """(n,) distances of true values from the median, in local spreads."""
        below, above = self._sides(quantiles)
        error = true_values - quantiles[:, 1]
        return np.asarray(error / np.where(error < 0, below, above))


def _quantiles(labels: Labels, found: BankNeighbours) -> Float64Array:
    return weighted_quantiles(found.values(labels), neighbour_weights(found.similarity), _LEVELS)


def _scaled(limit: float, below: Float64Array, above: Float64Array) -> npt.NDArray[np.floating]:
    return np.asarray(limit * (below if limit < 0 else above))
