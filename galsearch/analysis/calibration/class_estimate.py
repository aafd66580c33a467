"""Estimates of a class from neighbours: probabilities, and a set of classes.

The probability of a class is a mixture of its weight among the neighbours and its frequency in the
bank. Held-out galaxies of the bank, whose classes are known, determine the fraction of the mixture
(by the largest likelihood) and the probability below which a class is left out of the set.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.analysis.bank.labelled_bank import BankNeighbours
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.conformal import share_at_least
from galsearch.analysis.calibration.neighbour_distribution import class_shares, neighbour_weights
from galsearch.core.arrays import BoolArray, Float64Array

SET_COVERAGE = 0.95
"""Probability with which the set of classes holds the true class."""
_MIXTURES = np.concatenate([[0.002, 0.005], np.arange(0.01, 1.0, 0.01), [1.0]])
"""Fractions of the bank's frequencies in the mixture that are compared. None is 0: a class without
a neighbour is not impossible."""


@dataclass(frozen=True, eq=False)
class ClassEstimates:
    """The classes that neighbours suggest for some galaxies."""

    probability: Float64Array
    """(n, classes) probabilities, which sum to 1."""
    in_set: BoolArray
    """(n, classes) True for the classes of the set that holds the true one with a probability of
    at least `SET_COVERAGE`."""
    agreement: Float64Array
    """(n,) 1 where all neighbours have one class, 0 where they differ as the bank does."""


class ClassCalibration:
    """The calibration of one property with classes, made from held-out galaxies of the bank.

    Parameters
    ----------
    labels
        Labels of the bank; `labels.classes` is not None.
    held_out
        Neighbours of the held-out galaxies, among the others.
    true_values : (n,)
        Numbers of the classes of the held-out galaxies.
    """

    def __init__(self, labels: Labels, held_out: BankNeighbours, true_values: Float64Array) -> None:
        self._labels = labels
        self.classes = labels.classes or ()
        counts = np.bincount(labels.values.astype(np.int64), minlength=len(self.classes))
        self.frequencies: Float64Array = counts / counts.sum()
        """(classes,) frequencies of the classes in the bank."""
        shares, true = self._shares(held_out), true_values.astype(np.int64)
        rows = np.arange(len(true))
        likelihood = [
            np.log((1 - part) * shares[rows, true] + part * self.frequencies[true]).sum()
            for part in _MIXTURES
        ]
        self.mixture = float(_MIXTURES[int(np.argmax(likelihood))])
        """Fraction of the bank's frequencies in the probabilities."""
        probability = self._mixed(shares)
        self._scores: Float64Array = np.sort(1 - probability[rows, true])
        self.disagreements: Float64Array = np.sort(1 - self._agreement(shares))
        """(n,) one minus the agreement of the neighbours of the held-out galaxies, ascending."""

    def estimate(self, found: BankNeighbours) -> ClassEstimates:
        """The estimates from the neighbours of some galaxies."""
        shares = self._shares(found)
        probability = self._mixed(shares)
        in_set = share_at_least(self._scores, 1 - probability) > 1 - SET_COVERAGE
        return ClassEstimates(probability, in_set, self._agreement(shares))

    def _shares(self, found: BankNeighbours) -> Float64Array:
        weights = neighbour_weights(found.similarity)
        return class_shares(found.values(self._labels), weights, len(self.classes))

    def _mixed(self, shares: Float64Array) -> Float64Array:
        """(n, classes) probabilities from the shares of the classes among neighbours."""
        return (1 - self.mixture) * shares + self.mixture * self.frequencies

    def _agreement(self, shares: Float64Array) -> Float64Array:
        """(n,) one minus the chance that two neighbours differ, relative to that in the bank."""
        in_bank = 1 - float((self.frequencies**2).sum())
        if in_bank == 0:
            return np.ones(len(shares))
        return np.asarray(np.clip(1 - (1 - (shares**2).sum(axis=1)) / in_bank, 0, 1))
