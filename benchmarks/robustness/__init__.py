"""Benchmark of robustness: what happens to an embedding when the data differ from the training."""
