"""Spectral energy distributions of simulated galaxies, from stars and gas."""
