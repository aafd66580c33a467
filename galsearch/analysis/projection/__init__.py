"""Projection of embeddings to two dimensions: fit, placement of further galaxies, quality."""
