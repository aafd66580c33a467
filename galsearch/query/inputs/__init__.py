"""Inputs of a query: stored galaxies, positions, names, own files, examples and vectors."""
