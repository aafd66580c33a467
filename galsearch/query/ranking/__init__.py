"""Which of the most similar galaxies a result holds: both modalities, groups, diversity, pages."""
