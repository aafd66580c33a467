"""Queries of an open index: the galaxies most similar to a galaxy or to a vector."""

from galsearch.query.bulk.queried_table import QueriedTable
from galsearch.query.engine import SearchEngine
from galsearch.query.inputs.id_list import read_ids
from galsearch.query.opening.open_index import open_index
from galsearch.query.query import Query
from galsearch.query.results.neighbours import Neighbours
from galsearch.query.results.neighbours_batch import NeighboursBatch

__all__ = [
    "Neighbours",
    "NeighboursBatch",
    "QueriedTable",
    "Query",
    "SearchEngine",
    "open_index",
    "read_ids",
]
