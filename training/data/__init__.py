"""Training data: prepared galaxies in memory-mapped rows."""
