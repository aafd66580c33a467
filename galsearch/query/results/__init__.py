"""Results of queries: the neighbours of one query, and those of many queries in arrays."""

from galsearch.query.results.neighbours import Neighbours
from galsearch.query.results.neighbours_batch import NeighboursBatch

__all__ = ["Neighbours", "NeighboursBatch"]
