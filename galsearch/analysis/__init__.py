"""Analysis of galaxies through their neighbours: estimates of properties, outliers, and maps."""

from galsearch.analysis.embedding_map import EmbeddingMap, embedding_map, stored_map
from galsearch.analysis.estimate import Estimates, estimate, iterate_estimates
from galsearch.analysis.estimation import Estimation, Method
from galsearch.analysis.outliers import Outliers, outliers
from galsearch.analysis.pair_similarity import Similarity

__all__ = [
    "EmbeddingMap",
    "Estimates",
    "Estimation",
    "Method",
    "Outliers",
    "Similarity",
    "embedding_map",
    "estimate",
    "iterate_estimates",
    "outliers",
    "stored_map",
]
