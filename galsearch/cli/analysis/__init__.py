"""Commands that analyse galaxies: estimate, outliers, map and explain."""
