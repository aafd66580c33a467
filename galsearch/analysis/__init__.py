"""Analysis of galaxies through their neighbours: estimates of properties, and outliers."""

from galsearch.analysis.estimate import Estimates, estimate, iterate_estimates
from galsearch.analysis.estimation import Estimation, Method
from galsearch.analysis.outliers import Outliers, outliers
from galsearch.analysis.pair_similarity import Similarity

__all__ = [
    "Estimates",
    "Estimation",
    "Method",
    "Outliers",
    "Similarity",
    "estimate",
    "iterate_estimates",
    "outliers",
]
