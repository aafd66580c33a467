"""Searching an open index: candidates from inverted lists, re-ranked by stored vectors."""
