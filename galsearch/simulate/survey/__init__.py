"""A simulated survey: chunks of galaxies written in the formats of the real surveys."""
