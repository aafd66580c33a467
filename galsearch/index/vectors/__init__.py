"""Vectors and catalogue records on disk: memory maps, how vectors are encoded, PCA."""
