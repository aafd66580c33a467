"""Benchmarks of what queries find."""
