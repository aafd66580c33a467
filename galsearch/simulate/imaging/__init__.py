"""Images of simulated galaxies: bars, rings, spiral arms and exposures."""
