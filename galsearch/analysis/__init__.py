"""Analysis of galaxies: estimates from neighbours, outliers, maps, and explanations."""

from galsearch.analysis.embedding_map import EmbeddingMap, embedding_map, stored_map
from galsearch.analysis.estimate import Estimates, estimate, iterate_estimates
from galsearch.analysis.estimation import Estimation, Method
from galsearch.analysis.explanation.explain import Explanation, explain
from galsearch.analysis.outliers import Outliers, outliers
from galsearch.analysis.pair_similarity import Similarity

__all__ = [
    "EmbeddingMap",
    "Estimates",
    "Estimation",
    "Explanation",
    "Method",
    "Outliers",
    "Similarity",
    "embedding_map",
    "estimate",
    "explain",
    "iterate_estimates",
    "outliers",
    "stored_map",
]
