"""Constants of the index that tests of queries read."""

N, N_SPECTRA = 1200, 1100
"""Number of galaxies, and of those that have a spectrum."""
