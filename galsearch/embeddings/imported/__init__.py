"""Embeddings made by other models, imported from tables of ids and vectors."""
