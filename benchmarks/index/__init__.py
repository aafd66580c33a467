"""Benchmarks of the index: recall, speed, filters, scaling, and comparisons with other engines."""
