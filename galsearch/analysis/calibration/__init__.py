"""Estimates from labelled neighbours, calibrated with held-out galaxies."""
