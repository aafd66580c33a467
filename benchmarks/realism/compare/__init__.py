"""Comparisons of simulated with real samples by classifiers that try to distinguish them."""
