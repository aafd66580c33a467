"""Benchmark of predicting redshift, physical properties and shapes of galaxies from embeddings,
compared with trained baselines.
"""
