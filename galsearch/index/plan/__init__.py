"""Recipes of indexes, the plans that follow from them, and the cost model of the search."""
