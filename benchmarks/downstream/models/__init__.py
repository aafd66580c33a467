"""Models that predict properties of galaxies: from embeddings, and trained on pixels."""
