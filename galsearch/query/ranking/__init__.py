"""Selection among the most similar galaxies: both modalities, groups, diversity and pages."""
