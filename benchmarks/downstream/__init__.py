"""What embeddings know of galaxies: redshift, properties and shapes, beside trained baselines."""
