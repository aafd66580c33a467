"""Prediction of redshift, properties and shapes of galaxies from embeddings, beside baselines."""
