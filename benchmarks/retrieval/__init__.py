"""Benchmark of cross-modal retrieval: how often an image finds its own spectrum, and vice versa."""
