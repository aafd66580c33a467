"""Questions and answers: which galaxies are like this one."""

from galsearch.query.engine import SearchEngine, open_index
from galsearch.query.neighbours import Neighbours

__all__ = ["Neighbours", "SearchEngine", "open_index"]
