"""Scores on validation galaxies: recall of pairs, reconstruction, and labels by neighbours."""
