"""Benchmarks of the index: recall, speed, filters, growth and comparisons with other engines."""
