"""Benchmark of the recall that an index promises and keeps for rare and new kinds of galaxies."""
