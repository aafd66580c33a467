"""The vectors and catalogue records of an index on disk: memory maps, encodings and PCA."""
