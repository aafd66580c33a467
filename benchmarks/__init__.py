"""Measurements of speed, recall and realism; run from the root of the repository."""
