"""Benchmarks of the encoders: throughput of embedding."""
