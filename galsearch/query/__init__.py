"""Queries of an open index: the galaxies most similar to a galaxy or to a vector."""

from galsearch.query.engine import SearchEngine, open_index
from galsearch.query.id_list import read_ids
from galsearch.query.neighbours import Neighbours
from galsearch.query.neighbours_batch import NeighboursBatch
from galsearch.query.query import Query

__all__ = ["Neighbours", "NeighboursBatch", "Query", "SearchEngine", "open_index", "read_ids"]
