"""Scores of encoders on validation galaxies: recall of pairs, reconstruction of spectra, and labels
predicted by neighbours.
"""
