"""Cross-modal similarity search for galaxies."""
