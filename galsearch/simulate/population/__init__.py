"""The population of simulated galaxies: luminosities, colours, masses and shapes."""
