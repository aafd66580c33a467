"""Benchmarks of estimates and outliers: coverage, flags of real spectra, exchanged pairs."""
